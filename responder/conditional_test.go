// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"crypto"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
)

// TestConditionalGet checks GET and HEAD against RFC 9110 §13.2.2.
func TestConditionalGet(t *testing.T) {
	t.Parallel()
	ca := newTestCA(t, "CA", newP256(t))
	server := httptest.NewServer(newResponder(t, ca, knownSource))
	t.Cleanup(server.Close)
	target := func(serial *big.Int) string {
		return base64.StdEncoding.EncodeToString(ask(t, ca.cert, serial, crypto.SHA256))
	}
	etag := make(map[*big.Int]string)
	for _, serial := range []*big.Int{goodSerial, revokedSerial} {
		resp, _ := exchange(t, server, "GET", target(serial), "", nil)
		etag[serial] = resp.Header.Get("ETag")
	}
	stamp := func(d time.Duration) string { return epoch.Add(d).UTC().Format(http.TimeFormat) }
	good, revoked := etag[goodSerial], etag[revokedSerial]
	const inm, ims = "If-None-Match", "If-Modified-Since"
	for _, row := range []struct {
		name   string
		serial *big.Int
		header []string
		want   int
	}{
		{"no condition", goodSerial, nil, http.StatusOK},
		{"same tag", goodSerial, []string{inm, good}, http.StatusNotModified},
		{"weak tag", goodSerial, []string{inm, "W/" + good}, http.StatusNotModified},
		{"tag among others", goodSerial, []string{inm, `"x", ` + good}, http.StatusNotModified},
		{"any tag", goodSerial, []string{inm, "*"}, http.StatusNotModified},
		{"other tag", goodSerial, []string{inm, `"x"`}, http.StatusOK},
		{"tag of another answer", revokedSerial, []string{inm, good}, http.StatusOK},
		{"tag of a revoked answer", revokedSerial, []string{inm, revoked}, http.StatusNotModified},
		{"date of the answer", goodSerial, []string{ims, stamp(0)}, http.StatusNotModified},
		{"later date", goodSerial, []string{ims, stamp(time.Minute)}, http.StatusNotModified},
		{"earlier date", goodSerial, []string{ims, stamp(-time.Second)}, http.StatusOK},
		{"no date", goodSerial, []string{ims, "yesterday"}, http.StatusOK},
		{"other tag and the date: the tag counts", goodSerial, []string{inm, `"x"`, ims, stamp(0)}, http.StatusOK},
		{"same tag and an earlier date: the tag counts", goodSerial, []string{inm, good, ims, stamp(-time.Hour)}, http.StatusNotModified},
		// Its holder may have a good answer of the same second.
		{"date of a revoked answer", revokedSerial, []string{ims, stamp(0)}, http.StatusOK},
		{"unknown has no tag", unknownSerial, []string{inm, "*"}, http.StatusOK},
		{"unknown has no date", unknownSerial, []string{ims, stamp(time.Minute)}, http.StatusOK},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			t.Run(row.name+"/"+method, func(t *testing.T) {
				resp, body := exchange(t, server, method, target(row.serial), "", nil, row.header...)
				if resp.StatusCode != row.want {
					t.Fatalf("HTTP %s, want %d", resp.Status, row.want)
				}
				if empty := method == "HEAD" || row.want == http.StatusNotModified; empty != (len(body) == 0) {
					t.Errorf("%d bytes of body", len(body))
				}
				if row.want == http.StatusOK && resp.Header.Get("Content-Type") != responseType {
					t.Errorf("Content-Type %q", resp.Header.Get("Content-Type"))
				}
				if n, err := strconv.Atoi(resp.Header.Get("Content-Length")); row.want == http.StatusOK && (err != nil || n < 200) {
					t.Errorf("Content-Length %q", resp.Header.Get("Content-Length"))
				}
				if row.serial == unknownSerial {
					if resp.Header.Get("ETag") != "" || resp.Header.Get("Cache-Control") != "no-store" {
						t.Errorf("headers are %v", resp.Header)
					}
					return
				}
				// RFC 9110 §15.4.5: a 304 has what a 200 would have had.
				if resp.Header.Get("ETag") != etag[row.serial] || resp.Header.Get("Cache-Control") == "" || resp.Header.Get("Expires") == "" {
					t.Errorf("headers are %v", resp.Header)
				}
			})
		}
	}
}

// TestDateOfAList: a source with past status times, such as a CRL, gives many
// answers the same date. A client with an older answer gets the newer one,
// which ends later.
func TestDateOfAList(t *testing.T) {
	t.Parallel()
	w := newReuseWorld(t, 0)
	w.status.ThisUpdate = epoch.Add(-time.Hour)
	server := httptest.NewServer(w.responder)
	t.Cleanup(server.Close)
	target := base64.StdEncoding.EncodeToString(w.request)
	first, _ := exchange(t, server, "GET", target, "", nil)
	w.after.Store(int64(6 * time.Minute))
	second, _ := exchange(t, server, "GET", target, "", nil, "If-Modified-Since", first.Header.Get("Last-Modified"))
	if second.StatusCode != http.StatusOK || second.Header.Get("Last-Modified") != first.Header.Get("Last-Modified") ||
		second.Header.Get("Expires") == first.Header.Get("Expires") {
		t.Errorf("HTTP %s with %v after %v", second.Status, second.Header, first.Header)
	}
	if third, _ := exchange(t, server, "GET", target, "", nil, "If-None-Match", second.Header.Get("ETag")); third.StatusCode != http.StatusNotModified {
		t.Errorf("HTTP %s for its tag", third.Status)
	}
}

// TestReusedCacheHeaders: a reused answer leaves a cache less time.
func TestReusedCacheHeaders(t *testing.T) {
	t.Parallel()
	w := newReuseWorld(t, 0)
	server := httptest.NewServer(w.responder)
	t.Cleanup(server.Close)
	target := base64.StdEncoding.EncodeToString(w.request)
	end := w.now().Truncate(time.Second).Add(DefaultValidity).UTC().Format(http.TimeFormat)
	first, _ := exchange(t, server, "GET", target, "", nil)
	for _, row := range []struct {
		after time.Duration
		want  string
	}{
		{0, "max-age=299, public, no-transform, must-revalidate"},
		{2 * time.Minute, "max-age=239, public, no-transform, must-revalidate"},
		{3 * time.Minute, "max-age=209, public, no-transform, must-revalidate"},
	} {
		w.after.Store(int64(row.after))
		resp, _ := exchange(t, server, "GET", target, "", nil, "If-None-Match", first.Header.Get("ETag"))
		if resp.StatusCode != http.StatusNotModified || resp.Header.Get("Cache-Control") != row.want || resp.Header.Get("Expires") != end {
			t.Errorf("after %s: HTTP %s, Cache-Control %q, Expires %q, want %q and %q", row.after, resp.Status,
				resp.Header.Get("Cache-Control"), resp.Header.Get("Expires"), row.want, end)
		}
	}
	if got := w.signatures.Load(); got != 1 {
		t.Errorf("%d signatures, want 1", got)
	}
}
