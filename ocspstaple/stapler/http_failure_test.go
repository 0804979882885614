// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

func TestFetchFails(t *testing.T) {
	answer := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if contentType != "" {
				w.Header().Set("Content-Type", contentType)
			}
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/there" {
				http.Redirect(w, r, to, http.StatusTemporaryRedirect)
				return
			}
			answer(200, answerType, "answer")(w, r)
		}
	}
	for _, row := range []struct {
		name    string
		handler http.HandlerFunc
		cfg     stapler.HTTPConfig
		says    string // "" for success
	}{
		{"type with a parameter", answer(200, answerType+"; charset=binary", "answer"), stapler.HTTPConfig{}, ""},
		{"type in other case", answer(200, "Application/OCSP-Response", "answer"), stapler.HTTPConfig{}, ""},
		{"status 503", answer(503, "text/plain", "down"), stapler.HTTPConfig{}, "HTTP status 503 Service Unavailable"},
		{"status 204", answer(204, answerType, ""), stapler.HTTPConfig{}, "HTTP status 204"},
		{"status without a name", answer(599, answerType, "answer"), stapler.HTTPConfig{}, "HTTP status 599"},
		{"HTML with status 200", answer(200, "text/html", "<p>log in"), stapler.HTTPConfig{}, `"text/html"`},
		{"a request instead of a response", answer(200, "application/ocsp-request", "answer"), stapler.HTTPConfig{}, "application/ocsp-request"},
		{"empty answer", answer(200, answerType, ""), stapler.HTTPConfig{}, "empty"},
		{"64 KiB", answer(200, answerType, strings.Repeat("x", 64<<10)), stapler.HTTPConfig{}, ""},
		{"64 KiB and a byte", answer(200, answerType, strings.Repeat("x", 64<<10+1)), stapler.HTTPConfig{}, "more than 65536 bytes"},
		{"answer breaks off", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", answerType)
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "answer")
		}, stapler.HTTPConfig{}, "broke off"},
		{"redirect", redirect("/there"), stapler.HTTPConfig{}, ""},
		{"redirect of a POST", redirect("/there"), stapler.HTTPConfig{Method: http.MethodPost}, ""},
		{"redirect for ever", redirect("/again"), stapler.HTTPConfig{}, "more than 3 redirects"},
		{"redirect to another scheme", redirect("ftp://127.0.0.1/there"), stapler.HTTPConfig{}, "from http to ftp"},
		{"redirect to another host", redirect("http://169.254.169.254/there"), stapler.HTTPConfig{}, "another host, 169.254.169.254: configure"},
		{"redirect to another name of the host", redirect("http://localhost/there"), stapler.HTTPConfig{}, "another host, localhost"},
		{"redirect that drops the body", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/there", http.StatusFound) },
			stapler.HTTPConfig{Method: http.MethodPost}, "configure this URL"},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := httptest.NewServer(row.handler)
			defer server.Close()
			der, err := fetch(t.Context(), row.cfg, asking(server.URL))
			if row.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantFetchError(t, der, err, server.URL, row.says)
		})
	}
}

func wantFetchError(t *testing.T, der []byte, err error, says ...string) {
	t.Helper()
	if !errors.Is(err, stapled.FetchFailed) {
		t.Fatalf("got error %v, want %s", err, stapled.FetchFailed)
	}
	if der != nil {
		t.Error("an answer beside an error")
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
}

func TestRedirectFromHTTPSToHTTP(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusTemporaryRedirect))
	defer secure.Close()
	// The default client's policy, with the root of the test server.
	f, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{URL: secure.URL})
	if err != nil {
		t.Fatal(err)
	}
	stapler.TrustForTest(f, secure.Client().Transport)
	der, err := f.Fetch(t.Context(), about(asking()))
	wantFetchError(t, der, err, "from https to http")
}

func TestResponderIsNotThere(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	der, err := fetch(t.Context(), stapler.HTTPConfig{}, asking(server.URL))
	wantFetchError(t, der, err, server.URL, "connect")
}

func TestResponderHangs(t *testing.T) {
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	defer server.Close()
	defer close(stop)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	der, err := fetch(ctx, stapler.HTTPConfig{}, asking(server.URL))
	wantFetchError(t, der, err, server.URL)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v does not wrap the context's", err)
	}
}
