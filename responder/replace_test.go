// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// unchanging is a source that gives the same status for every serial, and says
// that it has not changed.
type unchanging Status

func (u unchanging) Status(context.Context, *big.Int) (Status, error) { return Status(u), nil }

func (u unchanging) Version(*big.Int) (uint64, bool) { return 1, true }

func answerOf(t testing.TB, r *Responder, ca testCA) *ocsp.Response {
	t.Helper()
	resp, err := ocsp.ParseResponse(r.Respond(t.Context(), ask(t, ca.cert, goodSerial, crypto.SHA256)), ca.cert)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// TestReplace: earlier answers are not reused.
func TestReplace(t *testing.T) {
	t.Parallel()
	ca, other := newTestCA(t, "CA", newP256(t)), newTestCA(t, "Other", newP256(t))
	good, revoked := unchanging{Code: Good}, unchanging{Code: Revoked, RevokedAt: revokedAt}
	delegateKey := newP256(t)
	delegate := sign(t, delegateTemplate(), ca.cert, delegateKey.Public(), ca.key)
	first := Authority{Certificate: ca.cert, Signer: ca.key, Source: good}
	r, err := New(Config{Authorities: []Authority{first}, Now: at(epoch)})
	if err != nil {
		t.Fatal(err)
	}
	replace := func(authorities ...Authority) {
		t.Helper()
		if err := r.Replace(authorities...); err != nil {
			t.Fatal(err)
		}
	}
	status := func(issuer testCA) ocsp.ResponseStatus {
		var re ocsp.ResponseError
		_, err := ocsp.ParseResponse(r.Respond(t.Context(), ask(t, issuer.cert, goodSerial, crypto.SHA256)), issuer.cert)
		if err != nil && !errors.As(err, &re) {
			t.Fatal(err)
		}
		return re.Status
	}

	before := answerOf(t, r, ca)
	if again := answerOf(t, r, ca); !bytes.Equal(again.Signature, before.Signature) {
		t.Fatal("answers are not reused: this test has lost its object")
	}
	replace(Authority{Certificate: ca.cert, Signer: delegateKey, SignerCertificate: delegate, Source: good})
	if resp := answerOf(t, r, ca); resp.Certificate == nil || !resp.Certificate.Equal(delegate) {
		t.Error("the new signer has not signed")
	}
	replace(Authority{Certificate: ca.cert, Signer: ca.key, Source: revoked})
	if resp := answerOf(t, r, ca); resp.Status != ocsp.Revoked || resp.Certificate != nil {
		t.Errorf("status %d, where the new source says revoked", resp.Status)
	}
	replace(Authority{Certificate: other.cert, Signer: other.key, Source: good})
	if mine, others := status(ca), status(other); mine != ocsp.Unauthorized || others != ocsp.Success {
		t.Errorf("after one CA took the place of another: %s and %s", mine, others)
	}
	replace(first, Authority{Certificate: other.cert, Signer: other.key, Source: good})
	if resp := answerOf(t, r, ca); resp.Status != ocsp.Good || bytes.Equal(resp.Signature, before.Signature) {
		t.Errorf("status %d; an answer from before counts: %t", resp.Status, bytes.Equal(resp.Signature, before.Signature))
	}
	if others := status(other); others != ocsp.Success {
		t.Errorf("the second CA: %s", others)
	}
}

// TestReplaceRefuses: after an error, the responder continues as before.
func TestReplaceRefuses(t *testing.T) {
	t.Parallel()
	w := newReuseWorld(t, 0)
	before := w.responder.Respond(t.Context(), w.request)
	ok := Authority{Certificate: w.cert, Signer: w.key, Source: unchanging{Code: Revoked, RevokedAt: revokedAt}}
	expired := newTestCA(t, "CA", newP256(t))
	for _, row := range []struct {
		name        string
		authorities []Authority
		want        string
	}{
		{"none", nil, "no authority"},
		{"one twice", []Authority{ok, ok}, "twice"},
		{"the second without a source", []Authority{ok, {Certificate: expired.cert, Signer: expired.key}}, "authority 1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := w.responder.Replace(row.authorities...); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want an error with %q", err, row.want)
			}
			if !bytes.Equal(w.responder.Respond(t.Context(), w.request), before) {
				t.Error("the answer is another one")
			}
		})
	}
	t.Run("expired by now", func(t *testing.T) {
		w.after.Store(int64(2 * 366 * 24 * time.Hour))
		another := Authority{Certificate: expired.cert, Signer: expired.key, Source: ok.Source}
		if err := w.responder.Replace(ok, another); err == nil || !strings.Contains(err.Error(), "not now") {
			t.Errorf("got %v, want an error", err)
		}
		if !bytes.Equal(w.responder.Respond(t.Context(), w.request), ocspwire.ErrorResponse(ocspwire.InternalError)) {
			t.Error("an expired signer signs")
		}
		// Its own expired signer must not keep another CA from a new one.
		if err := w.responder.Replace(ok); err != nil {
			t.Errorf("the expired signer in use already: %v", err)
		}
		if !bytes.Equal(w.responder.Respond(t.Context(), w.request), ocspwire.ErrorResponse(ocspwire.InternalError)) {
			t.Error("an expired signer signs after Replace")
		}
	})
}

// TestReplaceWhileAsking: an answer in flight is not stored.
func TestReplaceWhileAsking(t *testing.T) {
	t.Parallel()
	w := newReuseWorld(t, 0)
	w.asked = func() {
		if err := w.responder.Replace(Authority{
			Certificate: w.cert, Signer: w.key, Source: unchanging{Code: Revoked, RevokedAt: revokedAt},
		}); err != nil {
			t.Error(err)
		}
	}
	if resp := answerOf(t, w.responder, w.testCA); resp.Status != ocsp.Good {
		t.Errorf("status %d of the source that was asked", resp.Status)
	}
	if n := len(w.responder.current.answers.byKey); n != 0 {
		t.Errorf("%d answers are held, want none", n)
	}
	if resp := answerOf(t, w.responder, w.testCA); resp.Status != ocsp.Revoked {
		t.Errorf("status %d, want revoked", resp.Status)
	}
}

// TestReplaceIsVisibleAtOnce: with many concurrent requests, none that begins
// after Replace has returned is answered by an old source.
func TestReplaceIsVisibleAtOnce(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t, "CA", newP256(t))
	authority := func(st unchanging) Authority {
		return Authority{Certificate: ca.cert, Signer: ca.key, Source: st}
	}
	good, revoked := authority(unchanging{Code: Good}), authority(unchanging{Code: Revoked, RevokedAt: revokedAt})
	r, err := New(Config{Authorities: []Authority{good}, Now: at(epoch)})
	if err != nil {
		t.Fatal(err)
	}
	request := ask(t, ca.cert, goodSerial, crypto.SHA256)
	for range 50 {
		if err := r.Replace(good); err != nil {
			t.Fatal(err)
		}
		var replaced atomic.Bool
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for seen := 0; seen < 3; {
					late := replaced.Load()
					resp, err := ocsp.ParseResponse(r.Respond(t.Context(), request), ca.cert)
					if err != nil || late && resp.Status != ocsp.Revoked {
						t.Errorf("after the replacement: got %v, %v", resp, err)
						return
					}
					if late {
						seen++
					}
				}
			})
		}
		if err := r.Replace(revoked); err != nil {
			t.Error(err)
		}
		replaced.Store(true)
		wg.Wait()
	}
}

// TestDateOfTheReplaced: a date counts in seconds, so that it does not stand for
// an answer that others may have made in the same one.
func TestDateOfTheReplaced(t *testing.T) {
	t.Parallel()
	w := newReuseWorld(t, 0)
	server := httptest.NewServer(w.responder)
	t.Cleanup(server.Close)
	target := base64.StdEncoding.EncodeToString(w.request)
	get := func() (status int, date string) {
		resp, _ := exchange(t, server, "GET", target, "", nil, "If-Modified-Since", w.now().UTC().Format(http.TimeFormat))
		return resp.StatusCode, resp.Header.Get("Last-Modified")
	}
	if status, date := get(); status != http.StatusNotModified {
		t.Errorf("before: HTTP %d for an answer of %s", status, date)
	}
	if err := w.responder.Replace(Authority{Certificate: w.cert, Signer: w.key, Source: w}); err != nil {
		t.Fatal(err)
	}
	if status, date := get(); status != http.StatusOK {
		t.Errorf("in the second of the replacement: HTTP %d for an answer of %s", status, date)
	}
	w.after.Store(int64(6 * time.Minute)) // too old to be given again
	if status, date := get(); status != http.StatusNotModified {
		t.Errorf("later: HTTP %d for an answer of %s", status, date)
	}
}
