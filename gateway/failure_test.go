// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/gateway"
)

// refusedWith returns the whole answer to a request that got none from the
// upstream.
func refusedWith(status int, body string) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nCache-Control: no-store\r\nContent-Length: %d\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n%s\n",
		status, http.StatusText(status), len(body)+1, body)
}

var badGateway = refusedWith(502, "bad gateway")

// speaks serves TCP connections one at a time, with the test's function.
func speaks(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// readHead reads the head of a request.
func readHead(conn net.Conn) {
	var head []byte
	for one := make([]byte, 1); !strings.HasSuffix(string(head), "\r\n\r\n"); head = append(head, one...) {
		if _, err := conn.Read(one); err != nil {
			return
		}
	}
}

// untilClosed waits until the proxy closes the connection.
func untilClosed(conn net.Conn) { io.Copy(io.Discard, conn) }

func TestProxyUpstreamFails(t *testing.T) {
	fails := func(err error) http.RoundTripper {
		return roundTrip(func(*http.Request) (*http.Response, error) { return nil, err })
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, row := range []struct {
		name      string
		upstream  func(net.Conn) // or transport
		transport http.RoundTripper
		status    int
		logged    string
	}{
		{"closes without an answer", readHead, nil, 502, `level=ERROR msg="upstream failed"`},
		{"resets the connection", func(conn net.Conn) { readHead(conn); conn.(*net.TCPConn).SetLinger(0) }, nil, 502, `level=ERROR msg="upstream failed"`},
		{"answers with garbage", func(conn net.Conn) { readHead(conn); io.WriteString(conn, "220 mail.example ESMTP\r\n") }, nil, 502, `level=ERROR msg="upstream failed"`},
		{"ends within its header", func(conn net.Conn) { readHead(conn); io.WriteString(conn, "HTTP/1.1 200 OK\r\nA: b") }, nil, 502, `level=ERROR msg="upstream failed"`},
		{"is silent", untilClosed, nil, 504, `level=ERROR msg="upstream timed out" error="the upstream neither took`},
		{"is silent within its header", func(conn net.Conn) {
			readHead(conn)
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nA: b")
			untilClosed(conn)
		}, nil, 504, `level=ERROR msg="upstream timed out"`},
		{"is silent after an interim answer", func(conn net.Conn) {
			readHead(conn)
			io.WriteString(conn, "HTTP/1.1 100 Continue\r\n\r\n")
			untilClosed(conn)
		}, nil, 504, `level=ERROR msg="upstream timed out"`},
		{"connects too slowly", nil, fails(&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}), 504, `level=ERROR msg="upstream timed out" error="dial`},
		{"has no name", nil, fails(&net.DNSError{Err: "no such host", IsNotFound: true}), 502, `level=ERROR msg="upstream failed"`},
		{"canceled, but not by the client", nil, fails(context.Canceled), 502, `level=ERROR msg="upstream failed"`},
		{"error that names secrets", nil, roundTrip(func(r *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("internal address, %s", r.Header.Get("Authorization"))
		}), 502, `error="internal address, Bearer [token]"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			realm := newRealm(t)
			address := "upstream.invalid"
			if row.upstream != nil {
				address = speaks(t, row.upstream)
			}
			proxy := realm.proxy(t, "http://"+address, func(cfg *gateway.ProxyConfig) {
				cfg.Transport, cfg.UnsafeForwardAuthorization = row.transport, true
				if row.status == 504 {
					cfg.Timeout = 50 * time.Millisecond
				}
			})
			token := realm.subject("alice")
			want := refusedWith(row.status, strings.ToLower(http.StatusText(row.status)))
			got := exchange(t, proxy, get("Authorization: Bearer "+token))
			if got = strings.TrimPrefix(got, "HTTP/1.1 100 Continue\r\n\r\n"); got != want {
				t.Errorf("response:\n%q\nwant:\n%q", got, want)
			}
			proxy.Close()
			log := realm.log.String()
			if strings.Count(log, "\n") != 2 || !strings.Contains(log, row.logged) ||
				!strings.HasSuffix(log, " path=/orders\n") || strings.Contains(log, token) || strings.Contains(log, "in.the.query") {
				t.Errorf("log, want accepted and then %s:\n%s", row.logged, log)
			}
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		realm := newRealm(t)
		proxy := realm.proxy(t, gone.URL, nil)
		if got := exchange(t, proxy, get("Authorization: Bearer "+realm.subject("alice"))); got != badGateway {
			t.Errorf("response:\n%q\nwant:\n%q", got, badGateway)
		}
	})
}

// An upstream that neither answers nor reads: the body does not fit into the
// buffers in between.
func TestProxyUpstreamTakesNothing(t *testing.T) {
	realm := newRealm(t)
	address := speaks(t, func(conn net.Conn) {
		conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		readHead(conn)
		<-t.Context().Done()
	})
	proxy := realm.proxy(t, "http://"+address, func(cfg *gateway.ProxyConfig) { cfg.Timeout = 200 * time.Millisecond })
	r, err := http.NewRequestWithContext(t.Context(), "POST", proxy.URL, io.LimitReader(zeros{}, 1<<30))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+realm.subject("alice"))
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusGatewayTimeout || !strings.Contains(realm.log.String(), `msg="upstream timed out"`) {
		t.Errorf("status %d\n%s", response.StatusCode, realm.log.String())
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// The client's mistakes are its own fault, also in the log.
func TestProxyClientFails(t *testing.T) {
	const chunked = "Transfer-Encoding: chunked\r\n\r\n"
	for _, row := range []struct {
		name, body string
		end        bool // the client ends its side
		status     int
		logged     string
	}{
		{"no hexadecimal chunk length", chunked + "5\r\nhello\r\nxyz\r\n", false, 400, `level=INFO msg="request body is broken" error="invalid byte in chunk length"`},
		{"negative chunk length", chunked + "-1\r\nhello", false, 400, `msg="request body is broken"`},
		{"chunk longer than it says", chunked + "5\r\nhello!\r\n0\r\n\r\n", false, 400, `msg="request body is broken"`},
		{"chunk length too large", chunked + "fffffffffffffffff\r\nhello", false, 400, `msg="request body is broken"`},
		{"chunked body without an end", chunked + "5\r\nhello\r\n", true, 400, `msg="request body is broken" error="unexpected EOF"`},
		{"chunk without an end", chunked + "5\r\nhe", true, 400, `msg="request body is broken"`},
		{"body shorter than it says", "Content-Length: 9\r\n\r\nhello", true, 400, `msg="request body is broken" error="unexpected EOF"`},
		{"stalls in a chunk", chunked + "5\r\nhe", false, 408, `level=INFO msg="request body did not arrive in time"`},
		{"stalls in a body", "Content-Length: 9\r\n\r\nhello", false, 408, `msg="request body did not arrive in time"`},
		{"too large, by its length", "Content-Length: 2000\r\n\r\n" + strings.Repeat("x", 2000), false, 413, `level=INFO msg="request body is too large"`},
		{"too large, in chunks", chunked + "7d0\r\n" + strings.Repeat("x", 2000) + "\r\n0\r\n\r\n", false, 413, `level=INFO msg="request body is too large"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			realm := newRealm(t)
			complete := make(chan bool, 1)
			service := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, err := io.Copy(io.Discard, r.Body)
				complete <- err == nil
			}))
			u, err := url.Parse(service.URL)
			if err != nil {
				t.Fatal(err)
			}
			handler := realm.protected(t, gateway.ProxyConfig{Upstream: u})
			proxy := httptest.NewUnstartedServer(http.MaxBytesHandler(handler, 1000))
			if row.status == 408 {
				proxy.Config.ReadTimeout = 200 * time.Millisecond
			}
			proxy.Start()
			t.Cleanup(proxy.Close)

			conn, err := net.Dial("tcp", proxy.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			io.WriteString(conn, "POST /orders HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer "+realm.subject("alice")+"\r\n"+row.body)
			if row.end {
				conn.(*net.TCPConn).CloseWrite()
			}
			response, err := io.ReadAll(conn)
			// A server that closes with bytes unread resets the connection.
			if !strings.HasPrefix(string(response), "HTTP/1.1 "+strconv.Itoa(row.status)+" ") {
				t.Errorf("response: %q, %v; want status %d", response, err, row.status)
			}
			proxy.Close()
			if log := realm.log.String(); strings.Count(log, "\n") != 2 || !strings.Contains(log, row.logged) || strings.Contains(log, "level=ERROR") {
				t.Errorf("log, want accepted and then %s:\n%s", row.logged, log)
			}
			service.Close()
			select {
			case whole := <-complete:
				if whole {
					t.Error("the upstream took the body for complete")
				}
			default: // it never got that far
			}
		})
	}
}

// A client that leaves is not the upstream's failure either.
func TestProxyClientLeaves(t *testing.T) {
	realm := newRealm(t)
	arrived := make(chan struct{})
	left := make(chan struct{})
	proxy := realm.proxy(t, "http://upstream.invalid", func(cfg *gateway.ProxyConfig) {
		cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			close(arrived)
			<-r.Context().Done()
			close(left)
			return nil, errors.New("connection closed")
		})
	})
	conn, err := net.Dial("tcp", proxy.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, get("Authorization: Bearer "+realm.subject("alice")))
	<-arrived
	conn.Close()
	<-left
	proxy.Close()
	if log := realm.log.String(); !strings.Contains(log, `level=INFO msg="client left before the upstream answered"`) || strings.Contains(log, "level=ERROR") {
		t.Errorf("log:\n%s", log)
	}
}
