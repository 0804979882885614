// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
)

// recorder is a RoundTripper that answers everything and records its requests.
type recorder struct {
	mu     sync.Mutex
	seen   []string // "URL token?"
	tokens []string
	// redirects maps a URL to where its answer redirects.
	redirects map[string]string
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	r.tokens = append(r.tokens, token)
	r.seen = append(r.seen, fmt.Sprint(req.URL, " ", ok))
	if req.Body != nil {
		io.Copy(io.Discard, req.Body)
		req.Body.Close()
	}
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}
	if to := r.redirects[req.URL.String()]; to != "" {
		resp.StatusCode = http.StatusTemporaryRedirect
		resp.Header.Set("Location", to)
	}
	return resp, nil
}

func newTransport(t testing.TB, iss *issuer.Issuer, base http.RoundTripper, audience string, origins ...string) *issuer.Transport {
	t.Helper()
	rt, err := issuer.NewTransport(issuer.TransportConfig{Issuer: iss, Base: base, Audience: audience, Origins: origins})
	if err != nil {
		t.Fatal(err)
	}
	return rt
}

// body records whether it has been closed.
type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error { b.closed = true; return nil }

func TestTransportSendsATokenThatVerifies(t *testing.T) {
	leaf := newParty(testca.P256)
	iss := newIssuer(t, leaf, fixed(t, leaf))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Header.Get("Authorization"))
	}))
	defer server.Close()
	client := &http.Client{Transport: newTransport(t, iss, nil, server.URL)}
	defer client.CloseIdleConnections()
	resp, err := client.Get(server.URL + "/path")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	raw, ok := strings.CutPrefix(string(text), "Bearer ")
	if !ok {
		t.Fatalf("Authorization was %q", text)
	}
	if _, claims := open(t, raw, leaf.Cert); claims["aud"] != server.URL {
		t.Errorf("aud is %v, want %s", claims["aud"], server.URL)
	}
	if resp.Request.Header.Get("Authorization") != "" {
		t.Error("the response tells the token")
	}
}

func TestTransportLeavesTheRequestAlone(t *testing.T) {
	leaf := newParty(testca.P256)
	rt := newTransport(t, newIssuer(t, leaf, fixed(t, leaf)), new(recorder), "https://orders.test")
	req, err := http.NewRequest(http.MethodPost, "https://orders.test/", &body{Reader: strings.NewReader("x")})
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "mine")
	if _, err := rt.RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	if got := req.Header.Get("Authorization"); got != "mine" {
		t.Errorf("the request was modified: Authorization is %q", got)
	}
	// A request made by hand may have a nil header.
	if _, err := rt.RoundTrip(&http.Request{Method: "GET", URL: req.URL}); err != nil {
		t.Fatal(err)
	}
}

func TestTransportReuses(t *testing.T) {
	leaf := newParty(testca.P256)
	renewed := newParty(testca.P384)
	for _, row := range []struct {
		name   string
		ttl    time.Duration
		change func(*testing.T, *issuer.Issuer, *source, *clock)
		reused bool
		reason stapled.Reason // why the second request is not sent
	}{
		{"at once", 0, func(*testing.T, *issuer.Issuer, *source, *clock) {}, true, ""},
		{"until a minute before exp", 0, func(_ *testing.T, _ *issuer.Issuer, _ *source, c *clock) { c.advance(239 * time.Second) }, true, ""},
		{"not from a minute before exp", 0, func(_ *testing.T, _ *issuer.Issuer, _ *source, c *clock) { c.advance(240 * time.Second) }, false, ""},
		{"short-lived, until four fifths", 10 * time.Second, func(_ *testing.T, _ *issuer.Issuer, _ *source, c *clock) { c.advance(7 * time.Second) }, true, ""},
		{"short-lived, not from four fifths", 10 * time.Second, func(_ *testing.T, _ *issuer.Issuer, _ *source, c *clock) { c.advance(8 * time.Second) }, false, ""},
		{"not after the clock was set back", 0, func(_ *testing.T, _ *issuer.Issuer, _ *source, c *clock) { c.advance(-time.Second) }, false, ""},
		{"not after a refresh", 0, func(t *testing.T, _ *issuer.Issuer, s *source, _ *clock) { s.staples = fixed(t, leaf) }, false, ""},
		{"not after a rotation", 0, func(t *testing.T, i *issuer.Issuer, _ *source, _ *clock) {
			if err := i.Rotate(identity(t, renewed), fixed(t, renewed)); err != nil {
				t.Fatal(err)
			}
		}, false, ""},
		{"not after a revocation", 0, func(_ *testing.T, _ *issuer.Issuer, s *source, _ *clock) { s.err = stapled.CertificateRevoked }, false, stapled.CertificateRevoked},
		{"not after the staple has ended", 0, func(_ *testing.T, _ *issuer.Issuer, _ *source, c *clock) { c.advance(10 * time.Minute) }, false, stapled.StapleStale},
	} {
		t.Run(row.name, func(t *testing.T) {
			clock, staples, base := newClock(), &source{staples: fixed(t, leaf)}, new(recorder)
			iss := newIssuer(t, leaf, staples, func(c *issuer.Config) { c.Now, c.TTL = clock.now, row.ttl })
			client := &http.Client{Transport: newTransport(t, iss, base, "https://orders.test")}
			get := func() error {
				resp, err := client.Get("https://orders.test/")
				if err == nil {
					resp.Body.Close()
				}
				return err
			}
			if err := get(); err != nil {
				t.Fatal(err)
			}
			row.change(t, iss, staples, clock)
			if err := get(); row.reason != "" {
				if !errors.Is(err, row.reason) || len(base.seen) != 1 {
					t.Fatalf("got error %v and %d requests, want %s and 1", err, len(base.seen), row.reason)
				}
				return
			} else if err != nil {
				t.Fatal(err)
			}
			if got := base.tokens[0] == base.tokens[1]; got != row.reused {
				t.Errorf("reused: %t, want %t", got, row.reused)
			}
		})
	}
}

// TestTransportHeedsTheStapleAge: verifiers that limit the age of a staple
// refuse a token before its exp, so the client must not send it then.
func TestTransportHeedsTheStapleAge(t *testing.T) {
	leaf := newParty(testca.P256)
	younger := lasting(testca.Now.Add(-10*time.Second), testca.Now.Add(9*time.Minute))
	for _, row := range []struct {
		name    string
		staples issuer.StaticStaples
	}{
		{"leaf's", issuer.StaticStaples{staple(t, leaf)}},
		{"leaf's is the older", issuer.StaticStaples{staple(t, leaf), staple(t, leaf.Issuer, younger)}},
		{"intermediate's is the older", issuer.StaticStaples{staple(t, leaf, younger), staple(t, leaf.Issuer)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			clock, base := newClock(), new(recorder)
			iss := newIssuer(t, leaf, row.staples, func(c *issuer.Config) {
				c.Now, c.MaxStapleAge = clock.now, time.Minute+10*time.Second
				below(c, leaf.Issuer.Issuer.Cert)
			})
			rt := newTransport(t, iss, base, "https://orders.test")
			for _, advance := range []time.Duration{0, 7 * time.Second, time.Second} {
				clock.advance(advance)
				req, err := http.NewRequest(http.MethodGet, "https://orders.test/", nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := rt.RoundTrip(req); err != nil {
					t.Fatal(err)
				}
			}
			if base.tokens[0] != base.tokens[1] || base.tokens[1] == base.tokens[2] {
				t.Error("the token was not replaced at four fifths of what its staples leave")
			}
		})
	}
}

func TestTransportSignsOnceForAll(t *testing.T) {
	leaf := newParty(testca.P256)
	staples := fixed(t, leaf)
	key := &counting{Signer: leaf.Key}
	entered, letGo := make(chan struct{}, 1), make(chan struct{})
	key.edit = func(b []byte) []byte {
		select {
		case entered <- struct{}{}:
		default:
		}
		<-letGo
		return b
	}
	leaf.Key = key
	base := new(recorder)
	rt := newTransport(t, newIssuer(t, leaf, staples), base, "https://orders.test")
	request := func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://orders.test/", nil)
		if err != nil {
			return err
		}
		_, err = rt.RoundTrip(req)
		return err
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := request(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	<-entered
	// A caller waiting for another's token stops when its own request ends.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantReason(t, request(ctx), stapled.Canceled)
	close(letGo)
	wg.Wait()
	if n := key.signed.Load(); n != 2 { // one of them proves the header
		t.Errorf("20 requests took %d signatures, want 2", n)
	}
	for _, token := range base.tokens {
		if token != base.tokens[0] || token == "" {
			t.Fatal("the requests had different tokens")
		}
	}
}
