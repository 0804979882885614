// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
)

// published is a source that follows a server.
type published struct {
	*Source
	ca     *testca.Party
	server *httptest.Server

	mu sync.Mutex
	// requests are the headers of those that came. A client repeats one that gets
	// no answer, so two can come at once.
	requests []http.Header // guarded by mu
}

// came returns the headers of the requests so far.
func (p *published) came() []http.Header {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// serve starts a server, and returns a source without a list.
func serve(t *testing.T, edit func(*Config), handler func(p *published, w http.ResponseWriter, r *http.Request)) *published {
	t.Helper()
	p := &published{ca: testca.New()}
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.requests = append(p.requests, r.Header)
		p.mu.Unlock()
		handler(p, w, r)
	}))
	t.Cleanup(p.server.Close)
	cfg := Config{Issuer: p.ca.Cert, URL: p.server.URL + "/ca.crl", Now: func() time.Time { return testca.Now.Add(10 * time.Minute) }}
	if edit != nil {
		edit(&cfg)
	}
	var err error
	if p.Source, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *published) want(t *testing.T, serial int64, want responder.Code) {
	t.Helper()
	(&followed{Source: p.Source}).want(t, serial, want)
}

// TestDownloadFaults: whatever a server does, an error says what it was, and the
// current list stays in use.
func TestDownloadFaults(t *testing.T) {
	small := func(c *Config) { c.MaxSize = 4096 }
	impatient := func(c *Config) { c.Timeout = 50 * time.Millisecond }
	body := func(kind, text string) func(*published, http.ResponseWriter, *http.Request) {
		return func(_ *published, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			io.WriteString(w, text)
		}
	}
	redirect := func(to string) func(*published, http.ResponseWriter, *http.Request) {
		return func(_ *published, w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	for _, row := range []struct {
		name string
		edit func(*Config)
		then func(*published, http.ResponseWriter, *http.Request) // after a first list
		says string
	}{
		{"down", nil, func(_ *published, w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		{"status 503", nil, func(_ *published, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, "HTTP status 503 Service Unavailable"},
		{"status 404", nil, func(_ *published, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, "HTTP status 404 Not Found"},
		{"status 204", nil, func(_ *published, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, "HTTP status 204"},
		{"status 206", nil, func(_ *published, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(206) }, "HTTP status 206"},
		{"status 304 that was not asked for", nil, func(_ *published, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, "HTTP status 304"},
		{"slow to begin", impatient, func(_ *published, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "no complete answer within 50ms"},
		{"slow to end", impatient, func(_ *published, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Write([]byte{0x30})
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "no complete answer within 50ms"},
		{"HTML", nil, body("text/html", "<html><p>log in"), "HTML"},
		{"empty", nil, body("application/pkix-crl", ""), "is empty"},
		{"truncated", nil, func(p *published, w http.ResponseWriter, _ *http.Request) {
			w.Write(sign(t, p.ca, listOf(2, 5))[:100])
		}, "truncated"},
		{"breaks off", nil, func(p *published, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Write([]byte{0x30})
		}, "broke off"},
		{"signed by somebody else", nil, func(p *published, w http.ResponseWriter, _ *http.Request) {
			w.Write(sign(t, testca.New(testca.WithKey(testca.Key(testca.P256, "somebody"))), listOf(2)))
		}, "signed by somebody else"},
		{"of another CA", nil, func(p *published, w http.ResponseWriter, _ *http.Request) {
			w.Write(sign(t, testca.New(testca.Named("Other")), listOf(2)))
		}, "of another CA"},
		{"back in time", nil, func(p *published, w http.ResponseWriter, _ *http.Request) { w.Write(sign(t, p.ca, listOf(0))) }, "goes back"},
		{"past nextUpdate", nil, func(p *published, w http.ResponseWriter, _ *http.Request) {
			l := listOf(2)
			l.NextUpdate = testca.Now.Add(9 * time.Minute)
			w.Write(sign(t, p.ca, l))
		}, "ended at"},
		{"1 GB announced", nil, func(_ *published, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000000000")
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "more than 67108864 bytes"},
		{"too much, not announced", small, func(_ *published, w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil { // until the source has enough
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		}, "more than 4096 bytes"},
		{"content encoding", nil, func(_ *published, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
		}, "content encoding"},
		{"redirect for ever", nil, redirect("/again"), "more than 3 redirects"},
		{"redirect to another host", nil, redirect("http://169.254.169.254/ca.crl"), "another host, 169.254.169.254"},
		{"redirect to another name of the host", nil, redirect("http://localhost/ca.crl"), "another host, localhost"},
		{"redirect to another scheme", nil, redirect("ftp://127.0.0.1/ca.crl"), "from http to ftp"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := serve(t, row.edit, func(p *published, w http.ResponseWriter, r *http.Request) {
				if len(p.came()) > 1 {
					row.then(p, w, r)
					return
				}
				w.Write(sign(t, p.ca, listOf(1, 5)))
			})
			if err := p.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			err := p.Refresh(t.Context())
			wantError(t, err, row.says)
			wantError(t, err, p.server.URL)
			p.want(t, 5, responder.Revoked)
			p.want(t, 6, responder.Good)
			if snap := p.Snapshot(); snap.Number.Int64() != 1 || snap.LastError == nil || snap.Usable != nil {
				t.Errorf("snapshot %+v", snap)
			}
		})
	}
}

// TestGigabyte: a server sends 1 GB of zeros, and does not say so. The source
// reads little more than the limit, and holds no more than a few times the limit.
func TestGigabyte(t *testing.T) {
	for _, limit := range []int64{1 << 20, DefaultMaxSize} {
		var sent int64
		done := make(chan struct{})
		p := serve(t, func(c *Config) { c.MaxSize = limit }, func(_ *published, w http.ResponseWriter, r *http.Request) {
			defer close(done)
			for block := make([]byte, 64<<10); sent < 1e9; {
				n, err := w.Write(block)
				if sent += int64(n); err != nil {
					return
				}
			}
		})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		wantError(t, p.Refresh(t.Context()), fmt.Sprintf("more than %d bytes: raise the limit", limit))
		runtime.ReadMemStats(&after)
		// All allocations together: buffers double, and the race detector copies what they
		// were before.
		if took := int64(after.TotalAlloc - before.TotalAlloc); took > 10*limit+8<<20 {
			t.Errorf("limit %d: it took %d bytes of memory", limit, took)
		}
		// The rest is what the kernel buffers.
		if <-done; sent > limit+64<<20 {
			t.Errorf("limit %d: %d bytes were sent", limit, sent)
		}
	}
}

func TestServerIsNotThere(t *testing.T) {
	p := serve(t, nil, nil)
	p.server.Close()
	wantError(t, p.Refresh(t.Context()), "connect")
	var refused *refusal
	if err := p.Snapshot().LastError; errors.As(err, &refused) {
		t.Errorf("a refusal: %v", err)
	}
}

func TestRefreshIsCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := serve(t, nil, func(_ *published, _ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if err := p.Refresh(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestRedirectOnTheHost(t *testing.T) {
	p := serve(t, nil, func(p *published, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ca.crl" {
			http.Redirect(w, r, "/1.0/crl", http.StatusFound)
			return
		}
		w.Write(sign(t, p.ca, listOf(1, 5)))
	})
	if err := p.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.want(t, 5, responder.Revoked)
}

func TestRedirectFromHTTPSToHTTP(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer secure.Close()
	wantError(t, overTLS(t, secure, true), "from https to http")
}

// TestRoots: an https server needs a certificate of a configured root.
func TestRoots(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	wantError(t, overTLS(t, secure, true), "HTTP status 404")
	wantError(t, overTLS(t, secure, false), "certificate")
}

// overTLS asks a server for a list.
func overTLS(t *testing.T, server *httptest.Server, trusted bool) error {
	t.Helper()
	cfg := Config{Issuer: testca.New().Cert, URL: server.URL, Roots: x509.NewCertPool()}
	if trusted {
		cfg.Roots.AddCert(server.Certificate())
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s.Refresh(t.Context())
}

// TestPasswordIsNotTold: a URL may have one.
func TestPasswordIsNotTold(t *testing.T) {
	p := serve(t, nil, func(_ *published, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	for _, answers := range []string{"", "x"} {
		s, err := New(Config{Issuer: p.ca.Cert, URL: strings.Replace(p.server.URL, "//", "//me:secret@", 1) + answers})
		if err != nil {
			wantError(t, err, "malformed URL")
			if strings.Contains(err.Error(), "secret") {
				t.Error(err)
			}
			continue
		}
		if err := s.Refresh(t.Context()); err == nil || strings.Contains(err.Error(), "secret") {
			t.Error(err)
		}
	}
	if came := p.came(); len(came) != 1 || came[0].Get("Authorization") == "" {
		t.Errorf("requests %v", came)
	}
}
