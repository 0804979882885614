// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
	"golang.org/x/crypto/ocsp"
)

const answerType = "application/ocsp-response"

// asking is a leaf whose certificate names these responders.
func asking(responders ...string) *testca.Party {
	return testca.New().Intermediate().Leaf(func(t *testca.Template) { t.OCSPServer = responders })
}

func fetch(ctx context.Context, cfg stapler.HTTPConfig, leaf *testca.Party) ([]byte, error) {
	f, err := stapler.NewHTTPFetcher(cfg)
	if err != nil {
		return nil, err
	}
	return f.Fetch(ctx, about(leaf))
}

func about(leaf *testca.Party) stapler.Request {
	return stapler.Request{Certificate: leaf.Cert, Issuer: leaf.Issuer.Cert}
}

// received is what a responder was asked.
type received struct {
	method, uri string
	header      http.Header
	body        []byte
}

// responder answers with these bytes, and records the last question.
func responder(t *testing.T, last *received, answer string) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*last = received{r.Method, r.RequestURI, r.Header, body}
		w.Header().Set("Content-Type", answerType)
		io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server
}

// query is the request in the path of a GET, or in the body of a POST.
func (r *received) query(t *testing.T, path string) []byte {
	t.Helper()
	if r.method == http.MethodPost {
		if r.uri != path && r.uri != "/" {
			t.Errorf("POST to %s, want %s", r.uri, path)
		}
		return r.body
	}
	segment, ok := strings.CutPrefix(r.uri, strings.TrimSuffix(path, "/")+"/")
	if !ok || strings.ContainsAny(segment, "+/=") {
		t.Errorf("GET %s: not %s and one segment in which all of base64 is escaped", r.uri, path)
	}
	text, err := url.PathUnescape(segment)
	if err != nil {
		t.Fatal(err)
	}
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestFetch(t *testing.T) {
	long := "/" + strings.Repeat("x", 200)
	for _, row := range []struct {
		name   string
		cfg    stapler.HTTPConfig
		path   string // of the responder
		method string
		hash   crypto.Hash
	}{
		{"default", stapler.HTTPConfig{}, "", "GET", crypto.SHA256},
		{"URL with a slash", stapler.HTTPConfig{}, "/", "GET", crypto.SHA256},
		{"URL with a path", stapler.HTTPConfig{}, "/ocsp", "GET", crypto.SHA256},
		{"URL with a path and a slash", stapler.HTTPConfig{}, "/ocsp/", "GET", crypto.SHA256},
		{"SHA-1", stapler.HTTPConfig{Hash: crypto.SHA1}, "", "GET", crypto.SHA1},
		{"POST asked for", stapler.HTTPConfig{Method: http.MethodPost}, "/ocsp", "POST", crypto.SHA256},
		{"POST because GET is too long", stapler.HTTPConfig{}, long, "POST", crypto.SHA256},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got received
			server := responder(t, &got, "answer")
			leaf := asking(server.URL + row.path)
			der, err := fetch(t.Context(), row.cfg, leaf)
			if err != nil {
				t.Fatal(err)
			}
			if string(der) != "answer" {
				t.Errorf("got %q", der)
			}
			want, err := ocsp.CreateRequest(leaf.Cert, leaf.Issuer.Cert, &ocsp.RequestOptions{Hash: row.hash})
			if err != nil {
				t.Fatal(err)
			}
			if query := got.query(t, row.path); got.method != row.method || !bytes.Equal(query, want) {
				t.Errorf("asked with %s and\n%x, want %s and\n%x", got.method, query, row.method, want)
			}
			if accept := got.header.Get("Accept"); accept != answerType {
				t.Errorf("Accept is %q", accept)
			}
			if contentType := got.header.Get("Content-Type"); row.method == "POST" && contentType != "application/ocsp-request" {
				t.Errorf("Content-Type is %q", contentType)
			}
			if cache := got.header.Get("Cache-Control"); cache != "" {
				t.Errorf("Cache-Control is %q without a need", cache)
			}
		})
	}
}

// TestGetIsForced: the length at which RFC 9919 switches to POST does not
// matter if the user has chosen the method.
func TestGetIsForced(t *testing.T) {
	var got received
	server := responder(t, &got, "answer")
	path := "/" + strings.Repeat("x", 300)
	if _, err := fetch(t.Context(), stapler.HTTPConfig{URL: server.URL + path, Method: http.MethodGet}, asking()); err != nil {
		t.Fatal(err)
	}
	if got.method != http.MethodGet || len(got.query(t, path)) == 0 {
		t.Errorf("asked with %s %s", got.method, got.uri)
	}
}

func TestRevalidationIsAsked(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		var got received
		server := responder(t, &got, "answer")
		f, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		req := about(asking(server.URL))
		req.Revalidate = true
		if _, err := f.Fetch(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		if cache := got.header.Get("Cache-Control"); cache != "no-cache" {
			t.Errorf("%s: Cache-Control is %q", method, cache)
		}
	}
}

func TestPostWhereGetIsDenied(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		posts  bool
	}{
		{"method not allowed", 405, true}, {"not found", 404, true}, {"bad request", 400, true},
		{"URI too long", 414, true}, {"not implemented", 501, true},
		{"forbidden", 403, false}, {"too many requests", 429, false}, {"down", 503, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					w.WriteHeader(row.status)
					return
				}
				w.Header().Set("Content-Type", answerType)
				w.Write([]byte("answer"))
			}))
			defer server.Close()
			leaf := asking(server.URL)
			_, err := fetch(t.Context(), stapler.HTTPConfig{}, leaf)
			if (err == nil) != row.posts {
				t.Errorf("error %v, want POST to be tried: %t", err, row.posts)
			}
			if _, err := fetch(t.Context(), stapler.HTTPConfig{Method: http.MethodGet}, leaf); err == nil {
				t.Error("POST was tried where GET was asked for")
			}
		})
	}
}

func TestWhomToAsk(t *testing.T) {
	for _, row := range []struct {
		name       string
		url        string // configured
		responders []string
		says       string
	}{
		{"certificate names nobody", "", nil, "configure its URL"},
		{"certificate names LDAP only", "", []string{"ldap://dir.test/o=x"}, "ldap://dir.test"},
		{"certificate names a file", "", []string{"file:///etc/passwd"}, "file:///etc/passwd"},
		{"certificate names no host", "", []string{"http:///ocsp"}, "http:///ocsp"},
	} {
		t.Run(row.name, func(t *testing.T) {
			der, err := fetch(t.Context(), stapler.HTTPConfig{URL: row.url}, asking(row.responders...))
			wantFetchError(t, der, err, row.says)
		})
	}

	var got received
	server := responder(t, &got, "answer")
	for _, row := range []struct {
		name       string
		url        string
		responders []string
	}{
		{"the first that can be asked", "", []string{"ldap://dir.test/o=x", server.URL}},
		{"the one configured", server.URL, []string{"http://127.0.0.1:1/"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := fetch(t.Context(), stapler.HTTPConfig{URL: row.url}, asking(row.responders...)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHTTPConfigRefused(t *testing.T) {
	for _, row := range []struct {
		name string
		cfg  stapler.HTTPConfig
		says string
	}{
		{"method", stapler.HTTPConfig{Method: "PUT"}, "GET or POST"},
		{"hash", stapler.HTTPConfig{Hash: crypto.MD5}, "SHA-256 or SHA-1"},
		{"scheme", stapler.HTTPConfig{URL: "ftp://ocsp.test"}, "http://host"},
		{"no scheme", stapler.HTTPConfig{URL: "ocsp.test"}, "http://host"},
		{"no host", stapler.HTTPConfig{URL: "http://"}, "http://host"},
		{"query", stapler.HTTPConfig{URL: "http://ocsp.test/?a=b"}, "http://host"},
		{"password", stapler.HTTPConfig{URL: "ftp://user:hunter2@ocsp.test"}, "user name"},
		{"password, and no URL", stapler.HTTPConfig{URL: "http://user:hunter2@ocsp test"}, "URL of the responder"},
		{"no URL", stapler.HTTPConfig{URL: "http://ocsp test"}, "URL of the responder"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, err := stapler.NewHTTPFetcher(row.cfg)
			if err == nil || f != nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v and error %v, which is to say %q", f, err, row.says)
			}
		})
	}
}

// TestRefreshOverHTTP: fetcher and stapler together, with real bytes.
func TestRefreshOverHTTP(t *testing.T) {
	leaf := testca.New().Intermediate().Leaf(testca.Valid(time.Now().Add(-time.Hour), time.Now().Add(time.Hour)))
	var last received
	server := responder(t, &last, string(answer(leaf, 0, 10*time.Minute)))
	f, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	s := newStapler(t, leaf, f)
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status := current(t, s).Status(); status != ocspstaple.Good {
		t.Errorf("status %s", status)
	}
	// The responder repeats its answer, so it is asked bypassing caches.
	if err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if cache := last.header.Get("Cache-Control"); cache != "no-cache" {
		t.Errorf("Cache-Control is %q", cache)
	}
}
