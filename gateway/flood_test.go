// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/loglimit"
)

var leftOut = regexp.MustCompile(`left_out=(\d+)`)

// TestFlood: repeatedly refused callers do not fill the disk. The log says how
// often it happened, the observer gets each event, and other reasons still get
// through.
func TestFlood(t *testing.T) {
	const requests = 5000
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		var observer outcomes
		g := newGateway(t, gateway.Config{Verifier: verifyFunc(acceptAll), Logger: log.logger(), Observer: &observer})
		h := g.Wrap(http.NotFoundHandler())
		for range requests {
			r := httptest.NewRequest("GET", "/"+strings.Repeat("x", 8000), nil)
			r.Header.Set("Authorization", "Basic YTpi")
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)) // another reason
		if n := strings.Count(log.String(), "\n"); n != loglimit.Burst+1 {
			t.Errorf("%d lines, want %d and one of another reason", n, loglimit.Burst)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		lines, left := strings.Count(log.String(), "reason=credentials_malformed"), 0
		for _, match := range leftOut.FindAllStringSubmatch(log.String(), -1) {
			n, err := strconv.Atoi(match[1])
			if err != nil {
				t.Fatal(err)
			}
			left += n
		}
		if lines != loglimit.Burst+1 || lines-1+left != requests { // one is the summary
			t.Errorf("%d lines and %d left out of %d", lines, left, requests)
		}
		if size := len(log.String()); size > 12*1000 {
			t.Errorf("the log has %d bytes", size)
		}
		if len(observer.list) != requests+1 {
			t.Errorf("the observer has %d of %d", len(observer.list), requests+1)
		}
	})
}

// A caller with a good token cannot do so either.
func TestProxyFlood(t *testing.T) {
	realm := newRealm(t)
	proxy := realm.proxy(t, "http://upstream.invalid", func(cfg *gateway.ProxyConfig) {
		cfg.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed })
	})
	method := strings.Repeat("M", 60_000)
	for range 3 * loglimit.Burst {
		auth := "Host: gateway\r\nConnection: close\r\nAuthorization: Bearer " + realm.subject("alice") + "\r\n\r\n"
		exchange(t, proxy, method+" /a|b HTTP/1.1\r\n"+auth)
		exchange(t, proxy, "GET /a HTTP/1.1\r\n"+auth)
	}
	proxy.Close()
	log := realm.log.String()
	for _, message := range []string{"request not forwarded", "upstream failed"} {
		if n := strings.Count(log, message); n != loglimit.Burst {
			t.Errorf("%d lines %q, want %d", n, message, loglimit.Burst)
		}
	}
	for line := range strings.Lines(log) {
		if len(line) > 2000 {
			t.Errorf("a line of %d bytes: %.100s", len(line), line)
		}
	}
}
