// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package statuspage_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/statuspage"
)

func TestPageShowsEverything(t *testing.T) {
	w := newWorld(t)
	w.anHour()
	f := facts()
	f.Reload.Failed, f.Reload.Error = noon.Add(-time.Hour), `gateway.yaml:7: routes: "ordres" is not known`
	f.Problems = []string{"anchor CN=Old ended at 2026-11-01T00:00:00Z"}
	answer := page(t, w.recorder, f, "/")
	if answer.Code != 200 || answer.Header().Get("Content-Type") != "text/html; charset=utf-8" || answer.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v", answer.Code, answer.Header())
	}
	html := answer.Body.String()
	for _, want := range []string{
		"v1.0.0 · up 3 d", "2026-11-28 12:00:20", // version, uptime, now
		"The last reload failed", "gateway.yaml:7: routes: &#34;ordres&#34; is not known", "2026-11-28 11:00:20", "2026-11-27 10:00:20",
		"Not ready", "CN=Old",
		"certificate_revoked", "no route matched", // decisions
		"https://nightly.internal", "next update", // issuers
		"billing.example.com", "/orders/*", "spiffe://example.org/ns/shop/sa/checkout when request.method", "claims: sub tenant", // policy
		"with the TLS client certificate", "open: no token needed", "CORS preflight",
		"CN=Partner Intermediate CA,O=Partner", "spiffe://partner.example", `<strong class="bad">in 12 d</strong>`, // anchors
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestPageOfAnIdleGateway(t *testing.T) {
	html := page(t, newWorld(t).recorder, statuspage.Facts{}, "/").Body.String()
	for _, want := range []string{"No token has been accepted yet.", "every route is open", "0 in the hour"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(html, "NaN") {
		t.Error("the page divides by zero")
	}
}

// Names come from certificates and files; none of them becomes markup.
func TestPageEscapes(t *testing.T) {
	const evil = `"><script>alert(1)</script><a href='`
	f := statuspage.Facts{
		Version: evil, Problems: []string{evil}, Reload: statuspage.Reload{Error: evil},
		Policy:  []statuspage.Policy{{Name: evil, Hosts: []string{evil}, Path: evil, Methods: []string{evil}, Audience: evil, Claims: []string{evil}, Callers: []string{evil}}},
		Anchors: []statuspage.Anchor{{Name: evil, Label: evil, Scope: []string{evil}}},
	}
	w := newWorld(t)
	w.refuse(evil, "token_expired", 1)
	html := page(t, w.recorder, f, "/").Body.String()
	if strings.Contains(html, "<script") || strings.Contains(html, "<a href='") {
		t.Error("a value became markup")
	}
	if n := strings.Count(html, "&lt;script&gt;"); n < 13 {
		t.Errorf("%d values are shown", n)
	}
}

// The page loads nothing, and its policy lets it use its own style only.
func TestPageNeedsNothingElse(t *testing.T) {
	w := newWorld(t)
	w.anHour()
	answer := page(t, w.recorder, facts(), "/")
	html, csp := answer.Body.String(), answer.Header().Get("Content-Security-Policy")
	styles := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindAllStringSubmatch(html, -1)
	if len(styles) != 1 {
		t.Fatalf("%d styles", len(styles))
	}
	digest := sha256.Sum256([]byte(styles[0][1]))
	if want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "';"; !strings.HasPrefix(csp, want) {
		t.Errorf("the policy is %q, want %q", csp, want)
	}
	for _, banned := range []string{"<script", " style=", "src=", "url(", "@import", "<link rel=\"stylesheet", "http-equiv"} {
		if strings.Contains(html, banned) {
			t.Errorf("the page has %q", banned)
		}
	}
	for _, link := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if !strings.HasPrefix(link[1], "/") && link[1] != "data:," {
			t.Errorf("the page names %q", link[1])
		}
	}
}

func TestJSON(t *testing.T) {
	for _, row := range []struct {
		name, target, accept string
		want                 string
	}{
		{"by parameter", "/?json", "", "application/json"},
		{"by Accept", "/", "text/plain, application/json;q=0.9", "application/json"},
		{"a browser", "/", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"},
		{"curl", "/", "*/*", "text/html; charset=utf-8"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.accept("orders", w.caller("https://orders.internal")())
			answer := page(t, w.recorder, facts(), row.target, func(r *http.Request) { r.Header.Set("Accept", row.accept) })
			if got := answer.Header().Get("Content-Type"); got != row.want {
				t.Fatalf("it is %q, want %q", got, row.want)
			}
			var s statuspage.Snapshot
			if err := json.Unmarshal(answer.Body.Bytes(), &s); (err == nil) != (row.want == "application/json") {
				t.Errorf("%v", err)
			} else if err == nil && (s.Version != "v1.0.0" || len(s.Policy) != 4 || len(s.Anchors) != 2 || len(s.Issuers) != 1 || s.Reload.Loaded.IsZero()) {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestWhatIsAnswered(t *testing.T) {
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9103}
	for _, row := range []struct {
		name, method, target, host string
		local                      net.Addr
		want                       int
	}{
		{"the page", "GET", "/", "127.0.0.1:9103", loopback, 200},
		{"its header", "HEAD", "/", "localhost:9103", loopback, 200},
		{"by IPv6", "GET", "/", "[::1]:9103", &net.TCPAddr{IP: net.IPv6loopback}, 200},
		{"without a port", "GET", "/", "localhost", loopback, 200},
		{"elsewhere by any name", "GET", "/", "status.internal", &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}, 200},
		{"a website that resolves to loopback", "GET", "/", "rebound.example:9103", loopback, 421},
		{"no host", "GET", "/", "", loopback, 421},
		{"another path", "GET", "/favicon.ico", "localhost", loopback, 404},
		{"a change", "POST", "/", "localhost", loopback, 405},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer := page(t, newWorld(t).recorder, facts(), row.target, func(r *http.Request) {
				r.Method, r.Host = row.method, row.host
				*r = *r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, row.local))
			})
			if answer.Code != row.want {
				t.Errorf("%d, want %d", answer.Code, row.want)
			}
			if shown := strings.Contains(answer.Body.String(), "Partner"); shown != (row.want == 200) {
				t.Errorf("the page is shown: %t", shown)
			}
		})
	}
}
