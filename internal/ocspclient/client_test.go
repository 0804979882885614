// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspclient_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/ocspclient"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/testca"
)

// the world of these tests: one certificate, a request about it, and a good
// response.
var (
	leaf       = testca.New().Intermediate().Leaf()
	request, _ = ocspwire.Request(leaf.Cert, leaf.Issuer.Cert, crypto.SHA256)
	response   = leaf.Staple()
)

func answering(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body)
	}
}

func failing(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) }
}

func status(s ocspwire.ResponseStatus) http.HandlerFunc {
	return answering(ocspwire.ResponseType, ocspwire.ErrorResponse(s))
}

// ask asks one server that answers with a handler.
func ask(t *testing.T, c ocspclient.Client, handler http.Handler) ([]byte, []ocspclient.Attempt, error) {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	return c.Ask(context.Background(), []string{server.URL}, request)
}

// TestBrokenServers: every way in which a server fails gives one line, which says
// what is wrong and what to do.
func TestBrokenServers(t *testing.T) {
	for _, row := range []struct {
		name string
		get  bool
		want string // in the error
		http.Handler
	}{
		{"HTML page", false, `page of type "text/html; charset=utf-8" instead of an OCSP response: is this URL a responder's?`, answering("text/html; charset=utf-8", []byte("<html>"))},
		{"JSON", false, `of type "application/json", not application/ocsp-response: is this URL a responder's?`, answering("application/json", []byte("{}"))},
		{"text called a response", false, "but is no OCSPResponse in DER", answering(ocspwire.ResponseType, []byte("Service Unavailable"))},
		{"PEM of a response", false, "but is no OCSPResponse in DER", answering(ocspwire.ResponseType, pem.EncodeToMemory(&pem.Block{Type: "OCSP RESPONSE", Bytes: response}))},
		{"half a response", false, "but is no OCSPResponse in DER", answering(ocspwire.ResponseType, response[:len(response)/2])},
		{"a response and more", false, "but is no OCSPResponse in DER", answering(ocspwire.ResponseType, append(bytes.Clone(response), 0))},
		{"response of another type", false, `OCSP response of type "application/octet-stream", which clients refuse`, answering("application/octet-stream", response)},
		{"empty", false, "the answer is empty", answering(ocspwire.ResponseType, nil)},
		{"oversized", false, "more than 64 KiB", answering(ocspwire.ResponseType, make([]byte, 1<<20))},
		{"breaks off", false, "broke off after", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", ocspwire.ResponseType)
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write(response[:20])
		})},
		{"400", false, "HTTP status 400 Bad Request: the server does not take OCSP requests by POST: try --get", failing(400)},
		{"401", false, "HTTP status 401 Unauthorized: a server in front wants credentials", failing(401)},
		{"403", false, "HTTP status 403 Forbidden: a server in front wants credentials", failing(403)},
		{"404 to POST", false, "HTTP status 404 Not Found: check the path of the URL, or try --get", failing(404)},
		{"404 to GET", true, "HTTP status 404 Not Found: check the path of the URL, or try POST, without --get", failing(404)},
		{"405 to POST", false, "does not take POST: try --get", failing(405)},
		{"405 to GET", true, "does not take GET: try POST, without --get", failing(405)},
		{"415", false, "HTTP status 415", failing(415)},
		{"500", false, "HTTP status 500 Internal Server Error: look at the responder's log", failing(500)},
		{"502", false, "HTTP status 502 Bad Gateway: the responder behind that server may be down", failing(502)},
		{"503 with a response", false, "HTTP status 503", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(503)
			_, _ = w.Write(response)
		})},
		{"599", false, "HTTP status 599:", failing(599)},
		{"304", false, "HTTP status 304 Not Modified: it names no place to go", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) })},
		{"301", false, "/elsewhere by GET, which drops the request: name that with --url", http.RedirectHandler("/elsewhere", http.StatusMovedPermanently)},
		{"301 to another host", true, "redirected to another host, http://other.example/x, which is not followed", http.RedirectHandler("http://other.example/x", http.StatusMovedPermanently)},
		{"308 to another host", false, "redirected to another host, http://localhost:1/, which is not followed", http.RedirectHandler("http://localhost:1/", http.StatusPermanentRedirect)},
		{"a circle", false, "more than 3 redirects", http.RedirectHandler("/", http.StatusTemporaryRedirect)},
		{"malformedRequest", false, "the responder answers malformedRequest: it does not understand", status(ocspwire.MalformedRequest)},
		{"internalError", false, "the responder answers internalError: something in it failed", status(ocspwire.InternalError)},
		{"tryLater", false, "the responder answers tryLater: it cannot answer now", status(ocspwire.TryLater)},
		{"sigRequired", false, "the responder answers sigRequired: it wants signed requests", status(ocspwire.SigRequired)},
		{"unauthorized", false, "the responder answers unauthorized: it does not serve the CA of this certificate, or knows that CA by SHA-1 only: try --hash sha1", status(ocspwire.Unauthorized)},
		{"status 4", false, "the responder answers status 4: RFC 6960 defines no such status", status(4)},
		{"the connection closes", false, "EOF", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })},
	} {
		t.Run(row.name, func(t *testing.T) {
			der, attempts, err := ask(t, ocspclient.Client{Get: row.get}, row.Handler)
			if der != nil || err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%d bytes, error %v, want %q", len(der), err, row.want)
			}
			if len(attempts) != 1 || attempts[0].Error == "" || !strings.HasSuffix(err.Error(), attempts[0].Error) {
				t.Errorf("attempts %+v", attempts)
			}
			if n := len(attempts[0].Redirects); n > 4 {
				t.Errorf("%d redirects", n)
			}
		})
	}
}

// TestUnreachable: connections that come to nothing, in one line each.
func TestUnreachable(t *testing.T) {
	listening := func(serve func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go serve(conn)
			}
		}()
		return l.Addr().String()
	}
	done := make(chan struct{})
	silent := listening(func(conn net.Conn) { <-done; conn.Close() })
	chatty := listening(func(conn net.Conn) {
		_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.2\r\n")
		_, _ = io.Copy(io.Discard, conn)
		conn.Close()
	})
	trickling := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", ocspwire.ResponseType)
		_, _ = w.Write(response[:10])
		_ = http.NewResponseController(w).Flush()
		<-done
	}))
	defer trickling.Close()
	defer close(done)
	private := httptest.NewUnstartedServer(answering(ocspwire.ResponseType, response))
	private.Config.ErrorLog = log.New(io.Discard, "", 0)
	private.StartTLS()
	defer private.Close()
	plain := httptest.NewServer(answering(ocspwire.ResponseType, response))
	defer plain.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, row := range []struct{ name, url, want string }{
		{"nothing listens", gone.URL, "is the responder running there?"},
		{"silence", "http://" + silent, "no whole answer within 200ms: is the responder overloaded"},
		{"a trickle", trickling.URL, "no whole answer within 200ms: is the responder overloaded"},
		{"another protocol", "http://" + chatty, "does not speak HTTP"},
		{"a private CA", private.URL, "use http, which is enough for signed answers, or name the root in SSL_CERT_FILE"},
		{"https to plain http", strings.Replace(plain.URL, "http:", "https:", 1), "plain HTTP: write the URL with http://"},
		{"ldap", "ldap://directory/", "neither http nor https"},
		{"a user name", "http://user:secret@127.0.0.1/", "holds a user name"},
		{"a query", plain.URL + "/?a=b", "a query or a fragment"},
		{"no host", "http:///ocsp", "names no host"},
		{"no URL", "http://[", "not a URL"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var client ocspclient.Client
			if strings.Contains(row.want, "200ms") {
				client.Timeout = 200 * time.Millisecond
			}
			_, attempts, err := client.Ask(context.Background(), []string{row.url}, request)
			if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") || len(attempts) != 1 {
				t.Errorf("%v, want %q", err, row.want)
			}
			if client.Timeout > 0 && attempts[0].Milliseconds > 5000 { // half of the default
				t.Errorf("it took %.0f ms", attempts[0].Milliseconds)
			}
		})
	}
}

// TestInOrder: the next responder is asked when one fails, and no other.
func TestInOrder(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		if r.URL.Path == "/good" || r.URL.Path == "/unasked" {
			answering(ocspwire.ResponseType, response)(w, r)
			return
		}
		status(ocspwire.TryLater)(w, r)
	}))
	defer server.Close()
	der, attempts, err := ocspclient.Client{}.Ask(context.Background(), []string{server.URL + "/later", "ldap://x/", server.URL + "/good", server.URL + "/unasked"}, request)
	if err != nil || !bytes.Equal(der, response) || fmt.Sprint(asked) != "[/later /good]" || len(attempts) != 3 {
		t.Fatalf("%v, %v, %+v", err, asked, attempts)
	}
	last := attempts[2]
	if attempts[0].Error == "" || attempts[1].Error == "" || last.Error != "" || last.Bytes != len(response) || last.HTTPStatus != 200 || last.ContentType != ocspwire.ResponseType {
		t.Errorf("%+v", attempts)
	}
	_, attempts, err = ocspclient.Client{}.Ask(context.Background(), []string{server.URL + "/a", server.URL + "/b"}, request)
	if lines := strings.Split(fmt.Sprint(err), "\n"); len(lines) != 2 || len(attempts) != 2 || !strings.Contains(lines[1], "/b: the responder answers tryLater") {
		t.Errorf("%v", err)
	}
	if _, _, err := (ocspclient.Client{}).Ask(context.Background(), nil, request); err == nil {
		t.Error("nobody was asked, and that is no error")
	}
}

// TestCanceled: an interrupted question ends, and no other responder is asked.
func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		cancel()
		<-done
	}))
	defer server.Close()
	defer close(done)
	_, attempts, err := ocspclient.Client{}.Ask(ctx, []string{server.URL, server.URL + "/b"}, request)
	if !errors.Is(err, context.Canceled) || len(attempts) != 1 {
		t.Errorf("%v, %+v", err, attempts)
	}
}

// TestRequests: what responders receive by POST and by GET, and that a redirect on
// the same host keeps it.
func TestRequests(t *testing.T) {
	for _, get := range []bool{false, true} {
		t.Run(fmt.Sprintf("get %t", get), func(t *testing.T) {
			der, attempts, err := ask(t, ocspclient.Client{Get: get}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.URL.Path, "/moved") {
					http.Redirect(w, r, "/moved"+r.URL.EscapedPath(), http.StatusPermanentRedirect)
					return
				}
				body, _ := io.ReadAll(r.Body)
				fits := r.Method == "POST" && bytes.Equal(body, request) && r.Header.Get("Content-Type") == ocspwire.RequestType
				if get {
					fits = r.Method == "GET" && r.URL.EscapedPath() == "/moved"+ocspwire.GetURL("", request) && len(body) == 0
				}
				if !fits || r.Header.Get("Accept") != ocspwire.ResponseType {
					http.Error(w, "another request", http.StatusBadRequest)
					return
				}
				answering(ocspwire.ResponseType, response)(w, r)
			}))
			if err != nil || !bytes.Equal(der, response) {
				t.Fatalf("%v, %+v", err, attempts)
			}
			if r := attempts[0].Redirects; len(r) != 1 || !r[0].Followed || r[0].HTTPStatus != 308 || !strings.Contains(r[0].Location, "/moved") {
				t.Errorf("redirects %+v", r)
			}
		})
	}
}

// TestClock: what a server shows of its time, also through a cache.
func TestClock(t *testing.T) {
	const date = "Sun, 01 Mar 2026 12:00:00 GMT"
	for _, row := range []struct {
		date, age string
		want      time.Time
	}{
		{date, "", testca.Now}, {date, "90", testca.Now.Add(90 * time.Second)}, {date, "-1", testca.Now}, {date, "soon", testca.Now},
		{"soon", "", time.Time{}}, {"", "90", time.Time{}},
	} {
		_, attempts, err := ask(t, ocspclient.Client{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Date"], w.Header()["Age"] = []string{row.date}, []string{row.age}
			answering(ocspwire.ResponseType, response)(w, r)
		}))
		if err != nil || !attempts[0].Clock.Equal(row.want) {
			t.Errorf("%q, %q: %s, %v", row.date, row.age, attempts[0].Clock, err)
		}
	}
}
