// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// exchange sends a request whose path is exactly target.
func exchange(t *testing.T, server *httptest.Server, method, target, contentType string, body []byte, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if target != "" {
		req.URL.Opaque = "//" + req.URL.Host + "/" + target
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, answer
}

// serialFor finds a serial whose request contains what in its base64.
func serialFor(t *testing.T, ca testCA, what string) *big.Int {
	t.Helper()
	for i := int64(1); i < 100000; i++ {
		serial := new(big.Int).Lsh(big.NewInt(i), 64)
		serial.Add(serial, big.NewInt(i*7919))
		if strings.Contains(base64.StdEncoding.EncodeToString(ask(t, ca.cert, serial, crypto.SHA1)), what) {
			return serial
		}
	}
	t.Fatalf("no request contains %q", what)
	return nil
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t, "CA", newP256(t))
	allGood := func(context.Context, *big.Int) (Status, error) { return Status{Code: Good}, nil }
	server := httptest.NewServer(newResponder(t, ca, allGood))
	t.Cleanup(server.Close)
	plain := ask(t, ca.cert, goodSerial, crypto.SHA256)
	b64 := base64.StdEncoding.EncodeToString
	slashes := b64(ask(t, ca.cert, serialFor(t, ca, "//"), crypto.SHA1))
	plus := b64(ask(t, ca.cert, serialFor(t, ca, "+"), crypto.SHA1))
	padded := b64(ask(t, ca.cert, serialFor(t, ca, "="), crypto.SHA1))

	const ok = http.StatusOK
	for _, row := range []struct {
		name, method, target, contentType string
		body                              []byte
		code                              int
		want                              ocsp.ResponseStatus
	}{
		{"POST", "POST", "", requestType, plain, ok, ocsp.Success},
		{"POST with a parameter of the type", "POST", "", requestType + "; charset=binary", plain, ok, ocsp.Success},
		{"POST of rubbish", "POST", "", requestType, []byte("rubbish"), ok, ocsp.Malformed},
		{"POST of nothing", "POST", "", requestType, nil, ok, ocsp.Malformed},
		{"POST of the largest size", "POST", "", requestType, make([]byte, MaxRequestSize), ok, ocsp.Malformed},
		{"POST of more", "POST", "", requestType, make([]byte, MaxRequestSize+1), http.StatusRequestEntityTooLarge, 0},
		{"POST of another type", "POST", "", "application/json", plain, http.StatusUnsupportedMediaType, 0},
		{"POST without a type", "POST", "", "", plain, http.StatusUnsupportedMediaType, 0},
		{"GET escaped", "GET", url.PathEscape(b64(plain)), "", nil, ok, ocsp.Success},
		{"GET fully escaped", "GET", url.QueryEscape(b64(plain)), "", nil, ok, ocsp.Success},
		{"GET raw", "GET", b64(plain), "", nil, ok, ocsp.Success},
		{"GET with two slashes", "GET", slashes, "", nil, ok, ocsp.Success},
		{"GET with two escaped slashes", "GET", url.QueryEscape(slashes), "", nil, ok, ocsp.Success},
		{"GET with a plus", "GET", plus, "", nil, ok, ocsp.Success},
		{"GET with an escaped plus", "GET", url.QueryEscape(plus), "", nil, ok, ocsp.Success},
		{"GET with padding", "GET", padded, "", nil, ok, ocsp.Success},
		{"GET with escaped padding", "GET", url.QueryEscape(padded), "", nil, ok, ocsp.Success},
		{"GET of nothing", "GET", "", "", nil, ok, ocsp.Malformed},
		{"GET of no base64", "GET", "index.html", "", nil, ok, ocsp.Malformed},
		{"GET with a line break", "GET", b64(plain)[:20] + "%0A" + b64(plain)[20:], "", nil, ok, ocsp.Malformed},
		{"GET with two leading slashes", "GET", "/" + b64(plain), "", nil, ok, ocsp.Success},
		{"GET with four leading slashes", "GET", "///" + url.QueryEscape(slashes), "", nil, ok, ocsp.Success},
		{"GET with an escaped leading slash", "GET", "%2F" + b64(plain), "", nil, ok, ocsp.Success},
		{"GET of slashes", "GET", "//", "", nil, ok, ocsp.Malformed},
		{"GET with a slash at the end", "GET", b64(plain) + "/", "", nil, ok, ocsp.Malformed},
		{"GET without padding", "GET", strings.TrimRight(padded, "="), "", nil, ok, ocsp.Success},
		{"GET with padding cut short", "GET", b64(append(plain, 0))[:len(b64(plain))+1], "", nil, ok, ocsp.Malformed},
		{"GET of more than the largest size", "GET", strings.Repeat("A", 2*MaxRequestSize), "", nil, http.StatusRequestURITooLong, 0},
		{"PUT", "PUT", "", requestType, plain, http.StatusMethodNotAllowed, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			resp, body := exchange(t, server, row.method, row.target, row.contentType, row.body)
			if resp.StatusCode != row.code {
				t.Fatalf("HTTP %s, want %d; %s", resp.Status, row.code, body)
			}
			if resp.StatusCode == http.StatusMethodNotAllowed && resp.Header.Get("Allow") != "GET, HEAD, POST" {
				t.Errorf("Allow is %q", resp.Header.Get("Allow"))
			}
			if row.code != ok || row.want != ocsp.Success {
				if got := resp.Header.Get("Cache-Control"); got != "no-store" {
					t.Errorf("Cache-Control of a failure is %q", got)
				}
			}
			if row.code != ok {
				return
			}
			if got := resp.Header.Get("Content-Type"); got != responseType {
				t.Errorf("Content-Type is %q", got)
			}
			answer, err := ocsp.ParseResponse(body, ca.cert)
			if re, isError := err.(ocsp.ResponseError); isError { // x/crypto returns it bare
				if re.Status != row.want {
					t.Errorf("got %s, want %s", re.Status, row.want)
				}
				return
			}
			if err != nil || row.want != ocsp.Success || answer.Status != ocsp.Good {
				t.Errorf("got %v, %v; want %s", answer, err, row.want)
			}
		})
	}
}

func TestCacheHeaders(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t, "CA", newP256(t))
	server := httptest.NewServer(newResponder(t, ca, knownSource))
	t.Cleanup(server.Close)
	now := epoch.Truncate(time.Second)
	get := func(serial *big.Int) *http.Response {
		resp, _ := exchange(t, server, "GET", base64.StdEncoding.EncodeToString(ask(t, ca.cert, serial, crypto.SHA256)), "", nil)
		return resp
	}
	for name, serial := range map[string]*big.Int{"good": goodSerial, "revoked": revokedSerial} {
		t.Run(name, func(t *testing.T) {
			h := get(serial).Header
			for field, want := range map[string]string{
				"Last-Modified": now.Format(http.TimeFormat),
				"Expires":       now.Add(DefaultValidity).Format(http.TimeFormat),
				// A fraction of the first second has passed, so not quite 300.
				"Cache-Control": "max-age=299, public, no-transform, must-revalidate",
			} {
				if got := h.Get(field); got != want {
					t.Errorf("%s is %q, want %q", field, got, want)
				}
			}
			if etag := h.Get("ETag"); len(etag) != 66 || etag[0] != '"' {
				t.Errorf("ETag is %q, want a SHA-256 in hexadecimal", etag)
			}
		})
	}
	t.Run("unknown is not kept", func(t *testing.T) {
		if h := get(unknownSerial).Header; h.Get("Cache-Control") != "no-store" || h.Get("ETag") != "" || h.Get("Expires") != "" {
			t.Errorf("headers are %v", h)
		}
	})
	t.Run("POST says nothing", func(t *testing.T) {
		resp, _ := exchange(t, server, "POST", "", requestType, ask(t, ca.cert, goodSerial, crypto.SHA256))
		for _, field := range []string{"Cache-Control", "Expires", "ETag", "Last-Modified"} {
			if got := resp.Header.Get(field); got != "" {
				t.Errorf("%s is %q", field, got)
			}
		}
	})
}

// TestMount shares a server as the package documentation says.
func TestMount(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t, "CA", newP256(t))
	ocspHandler := http.StripPrefix("/ocsp", newResponder(t, ca, knownSource))
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if p := req.URL.Path; p == "/ocsp" || strings.HasPrefix(p, "/ocsp/") {
			ocspHandler.ServeHTTP(w, req)
			return
		}
		mux.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	var query []byte
	for n := int64(0); !strings.Contains(base64.StdEncoding.EncodeToString(query), "//"); n++ {
		query = ask(t, ca.cert, big.NewInt(n<<20|0xfffff), crypto.SHA256)
	}
	for _, row := range []struct{ method, target, contentType string }{
		{"GET", "ocsp/" + base64.StdEncoding.EncodeToString(query), ""},
		{"GET", "ocsp//" + base64.StdEncoding.EncodeToString(query), ""},
		{"POST", "ocsp", requestType},
		{"POST", "ocsp/", requestType},
	} {
		resp, body := exchange(t, server, row.method, row.target, row.contentType, query)
		if answer, err := ocsp.ParseResponse(body, ca.cert); err != nil || answer.Status != ocsp.Unknown {
			t.Errorf("%s %s: HTTP %s, %v", row.method, row.target, resp.Status, err)
		}
	}
	if resp, _ := exchange(t, server, "GET", "ocsps", "", nil); resp.StatusCode != http.StatusTeapot {
		t.Errorf("HTTP %s from another handler", resp.Status)
	}
}
