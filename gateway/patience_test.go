// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/gateway"
)

// TestProxyTimeout: the clock runs while it is the upstream's turn, and stops
// when its answer begins.
func TestProxyTimeout(t *testing.T) {
	const limit = gateway.DefaultTimeout
	takeAll := func(r *http.Request) error { _, err := io.Copy(io.Discard, r.Body); return err }
	// pause is an upstream that is working, or one that hangs.
	pause := func(r *http.Request, d time.Duration) error {
		select {
		case <-time.After(d):
			return nil
		case <-r.Context().Done():
			return context.Cause(r.Context())
		}
	}
	answer := &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}
	for _, row := range []struct {
		name     string
		timeout  time.Duration
		upstream func(*http.Request) (*http.Response, error)
		client   func(*io.PipeWriter)
		status   int
		after    time.Duration
	}{
		{"answers in time", 0, func(r *http.Request) (*http.Response, error) {
			return answer, errors.Join(takeAll(r), pause(r, limit-1))
		}, nil, 200, limit - 1},
		{"silent by default", 0, func(r *http.Request) (*http.Response, error) {
			return nil, errors.Join(takeAll(r), pause(r, 24*time.Hour))
		}, nil, 504, limit},
		{"silent", time.Second, func(r *http.Request) (*http.Response, error) {
			return nil, errors.Join(takeAll(r), pause(r, 24*time.Hour))
		}, nil, 504, time.Second},
		{"silent, without limit", gateway.NoTimeout, func(r *http.Request) (*http.Response, error) {
			return answer, errors.Join(takeAll(r), pause(r, 24*time.Hour))
		}, nil, 200, 24 * time.Hour},
		{"takes the body slowly", 0, func(r *http.Request) (*http.Response, error) {
			for one := make([]byte, 1); ; {
				if _, err := r.Body.Read(one); err == io.EOF {
					return answer, nil
				}
				if err := pause(r, limit-1); err != nil {
					return nil, err
				}
			}
		}, nil, 200, 5 * (limit - 1)},
		{"stops within the body", 0, func(r *http.Request) (*http.Response, error) {
			r.Body.Read(make([]byte, 1))
			return nil, pause(r, 24*time.Hour)
		}, nil, 504, limit},
		{"takes nothing", 0, func(r *http.Request) (*http.Response, error) { return nil, pause(r, 24*time.Hour) }, nil, 504, limit},
		{"client is slow", 0, func(r *http.Request) (*http.Response, error) { return answer, takeAll(r) }, func(body *io.PipeWriter) {
			for range 3 {
				time.Sleep(10 * limit)
				io.WriteString(body, "x")
			}
			body.Close()
		}, 200, 30 * limit},
		{"client is slow, then the upstream is silent", 0, func(r *http.Request) (*http.Response, error) {
			return nil, errors.Join(takeAll(r), pause(r, 24*time.Hour))
		}, func(body *io.PipeWriter) { time.Sleep(10 * limit); body.Close() }, 504, 11 * limit},
		{"interim answers", 0, func(r *http.Request) (*http.Response, error) {
			for range 3 {
				if err := pause(r, limit-1); err != nil {
					return nil, err
				}
				httptrace.ContextClientTrace(r.Context()).Got1xxResponse(http.StatusProcessing, nil)
			}
			return answer, takeAll(r)
		}, nil, 200, 3 * (limit - 1)},
		{"one interim answer", 0, func(r *http.Request) (*http.Response, error) {
			pause(r, limit-1)
			httptrace.ContextClientTrace(r.Context()).Got1xxResponse(http.StatusProcessing, nil)
			return nil, pause(r, 24*time.Hour)
		}, nil, 504, 2*limit - 1},
		{"answer streams for hours", 0, func(r *http.Request) (*http.Response, error) {
			body, w := io.Pipe()
			go func() { w.CloseWithError(pause(r, 10*time.Hour)) }()
			return &http.Response{StatusCode: http.StatusOK, Body: body}, nil
		}, nil, 200, 10 * time.Hour},
		{"takes the body while it answers", 0, func(r *http.Request) (*http.Response, error) {
			body, w := io.Pipe()
			go func() {
				time.Sleep(time.Second)
				r.Body.Read(make([]byte, 1))
				w.CloseWithError(pause(r, 10*time.Hour))
			}()
			return &http.Response{StatusCode: http.StatusOK, Body: body}, nil
		}, nil, 200, 10*time.Hour + time.Second},
		{"answers a moment too late", 0, func(r *http.Request) (*http.Response, error) {
			time.Sleep(limit + 1) // does not look at its context
			return answer, nil
		}, nil, 504, limit + 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				realm := newRealm(t)
				proxy := realm.protected(t, gateway.ProxyConfig{Upstream: &url.URL{Scheme: "http", Host: "upstream.invalid"},
					Transport: roundTrip(row.upstream), Timeout: row.timeout,
				})
				var body io.Reader = strings.NewReader("hello")
				if row.client != nil {
					read, write := io.Pipe()
					go row.client(write)
					body = read
				}
				r := httptest.NewRequestWithContext(t.Context(), "POST", "/", body)
				r.Header.Set("Authorization", "Bearer "+realm.subject("alice"))
				w, start := httptest.NewRecorder(), time.Now()
				proxy.ServeHTTP(final{w}, r)
				if took := time.Since(start); w.Code != row.status || took != row.after {
					t.Errorf("status %d after %s, want %d after %s\n%s", w.Code, took, row.status, row.after, realm.log.String())
				}
			})
		})
	}
}

// A WebSocket that is silent for longer than the timeout stays open.
func TestProxyTimeoutSparesUpgrades(t *testing.T) {
	const timeout = 50 * time.Millisecond
	realm := newRealm(t)
	service := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, stream, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		<-time.After(4 * timeout) // the silence under test
		line, _ := stream.ReadString('\n')
		io.WriteString(conn, line)
	}))
	proxy := realm.proxy(t, service.URL, func(cfg *gateway.ProxyConfig) { cfg.Timeout = timeout })
	conn, err := net.Dial("tcp", proxy.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer "+
		realm.subject("alice")+"\r\n\r\n")
	readHead(conn)
	io.WriteString(conn, "hello\n")
	if echo, err := io.ReadAll(conn); err != nil || string(echo) != "hello\n" {
		t.Errorf("got %q, %v\n%s", echo, err, realm.log.String())
	}
}

// final is a client that does not record interim answers.
type final struct{ *httptest.ResponseRecorder }

// WriteHeader implements http.ResponseWriter.
func (f final) WriteHeader(status int) {
	if status >= 200 {
		f.ResponseRecorder.WriteHeader(status)
	}
}
