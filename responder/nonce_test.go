// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"bytes"
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"
)

// withNonce adds a nonce extension with this extnValue to a request.
func withNonce(t testing.TB, req []byte, critical bool, value string) []byte {
	t.Helper()
	var outer, tbs cryptobyte.String
	if input := cryptobyte.String(req); !input.ReadASN1(&outer, cbasn1.SEQUENCE) || !outer.ReadASN1(&tbs, cbasn1.SEQUENCE) {
		t.Fatal("unreadable request")
	}
	return der(seq(seq(raw(tbs...), in(tag2, seq(extension(nonceOID, critical, value))))))
}

// nonceIn returns the extnValue of the nonce in a response, nil if there is none.
func nonceIn(t testing.TB, response []byte, ca testCA) []byte {
	t.Helper()
	resp, err := ocsp.ParseResponse(response, ca.cert)
	if err != nil {
		t.Fatal(err)
	}
	var tbs struct {
		ID, ProducedAt, Responses asn1.RawValue
		Extensions                []pkix.Extension `asn1:"optional,explicit,tag:1"`
	}
	if rest, err := asn1.Unmarshal(resp.TBSResponseData, &tbs); err != nil || len(rest) != 0 {
		t.Fatalf("response data with %d more bytes: %v", len(rest), err)
	}
	if len(tbs.Extensions) == 0 {
		return nil
	}
	if len(tbs.Extensions) > 1 || !tbs.Extensions[0].Id.Equal(nonceOID) || tbs.Extensions[0].Critical {
		t.Fatalf("response extensions %v", tbs.Extensions)
	}
	return tbs.Extensions[0].Value
}

func TestNonce(t *testing.T) {
	t.Parallel()
	octetString := func(n int) string { return string(der(octets(bytes.Repeat([]byte{7}, n)))) }
	for _, row := range []struct {
		name, value string
		answered    bool
	}{
		{"1 byte", octetString(1), true},
		{"16 bytes", octetString(16), true},
		{"32 bytes", octetString(32), true},
		{"128 bytes", octetString(128), true},
		{"0 bytes", octetString(0), false},
		{"129 bytes", octetString(129), false},
		{"bare bytes of RFC 2560", "nonsense", true},
		{"128 bare bytes", strings.Repeat("x", 128), true},
		{"129 bare bytes", strings.Repeat("x", 129), false},
		{"no bytes at all", "", false},
	} {
		for _, critical := range []bool{false, true} {
			name := row.name
			if critical {
				name += ", critical"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newReuseWorld(t, 0)
				w.responder.Respond(t.Context(), w.request) // this one may be held
				for range 2 {
					got := w.responder.Respond(t.Context(), withNonce(t, w.request, critical, row.value))
					if !row.answered {
						if !bytes.Equal(got, ocsp.MalformedRequestErrorResponse) {
							t.Errorf("got %x, want malformedRequest", got)
						}
						continue
					}
					if n := nonceIn(t, got, w.testCA); string(n) != row.value {
						t.Errorf("nonce %x came back for %x", n, row.value)
					}
				}
				if n := nonceIn(t, w.responder.Respond(t.Context(), w.request), w.testCA); n != nil {
					t.Errorf("nonce %x for somebody else", n)
				}
				want := int64(1)
				if row.answered {
					want = 3
				}
				if n := w.signatures.Load(); n != want || len(w.responder.current.answers.byKey) != 1 {
					t.Errorf("%d signatures, %d answers held; want %d and 1", n, len(w.responder.current.answers.byKey), want)
				}
			})
		}
	}
}

// TestNonceIsNotCached: such an answer is useless to anyone else.
func TestNonceIsNotCached(t *testing.T) {
	t.Parallel()
	w := newReuseWorld(t, 0)
	server := httptest.NewServer(w.responder)
	t.Cleanup(server.Close)
	req := withNonce(t, w.request, false, "\x04\x01n")
	for _, method := range []string{"GET", "POST"} {
		target, body := "", req
		if method == "GET" {
			target, body = base64.StdEncoding.EncodeToString(req), nil
		}
		resp, answer := exchange(t, server, method, target, requestType, body, "If-None-Match", "*")
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("ETag") != "" {
			t.Errorf("%s: HTTP %s with headers %v", method, resp.Status, resp.Header)
		}
		if nonceIn(t, answer, w.testCA) == nil {
			t.Errorf("%s: the nonce has not come back", method)
		}
	}
}

// TestOwnAnswersAreLimited: nonces and revalidation do not make the responder
// sign without limit. Beyond the limit a client gets the answer it would have
// got without them.
func TestOwnAnswersAreLimited(t *testing.T) {
	t.Parallel()
	const many = 1000
	for _, row := range []struct {
		name     string
		after    time.Duration
		signed   int64 // of the second many, besides that of the answer held
		critical bool
	}{
		{"at once", 0, 0, false},
		{"a second later", time.Second, ownAnswersPerSecond, false},
		{"a minute later", time.Minute, ownAnswersAtOnce, false},
		{"clock set back", -time.Hour, 0, false},
		{"critical", 0, 0, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newReuseWorld(t, 0)
			w.responder.Respond(t.Context(), w.request)
			req := withNonce(t, w.request, row.critical, "\x04\x01n")
			var last []byte
			flood := func() int64 {
				before := w.signatures.Load()
				for range many {
					last = w.responder.Respond(t.Context(), req)
				}
				return w.signatures.Load() - before
			}
			if got := flood(); got != ownAnswersAtOnce {
				t.Errorf("%d answers with a nonce at once, want %d", got, ownAnswersAtOnce)
			}
			w.after.Store(int64(row.after))
			got := flood()
			if row.after < 0 {
				got-- // the answer held is of the future, so one is made without a nonce
			}
			if got != row.signed {
				t.Errorf("%d answers with a nonce, want %d", got, row.signed)
			}
			if row.critical {
				if !bytes.Equal(last, ocsp.TryLaterErrorResponse) {
					t.Errorf("got %x, want tryLater", last)
				}
				return
			}
			if nonceIn(t, last, w.testCA) != nil {
				t.Error("a nonce came back beyond the limit")
			}
		})
	}
}

// TestRevalidation: a client that already has the stored answer gets a newer
// one, and so does everyone after it.
func TestRevalidation(t *testing.T) {
	t.Parallel()
	w := newReuseWorld(t, 0)
	server := httptest.NewServer(w.responder)
	t.Cleanup(server.Close)
	get := func(method string, header ...string) string {
		target, body := "", ask(t, w.cert, goodSerial, crypto.SHA256)
		if method == "GET" {
			target, body = base64.StdEncoding.EncodeToString(body), nil
		}
		resp, answer := exchange(t, server, method, target, requestType, body, header...)
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("HTTP %s", resp.Status)
		}
		return string(answer)
	}
	first := get("GET")
	for i, method := range []string{"GET", "POST"} {
		w.after.Store(int64(i+1) * int64(time.Minute))
		if get(method) != first {
			t.Fatal("the answer is not given again")
		}
		newer := get(method, "Cache-Control", "max-stale, No-Cache")
		if newer == first {
			t.Errorf("%s: no-cache gives the answer held", method)
		}
		if get(method) != newer {
			t.Errorf("%s: the newer answer is not held", method)
		}
		first = newer
	}
	for range 1000 {
		w.responder.respond(t.Context(), w.request, true)
	}
	if n := w.signatures.Load(); n > 3+ownAnswersAtOnce {
		t.Errorf("%d signatures", n)
	}
}
