// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
)

func TestTransportOrigins(t *testing.T) {
	for _, row := range []struct {
		name, audience string
		origins        []string
		url            string // none if the configuration is refused
		token          bool   // otherwise the request fails
	}{
		{"origin of the audience", "https://orders.test", nil, "https://orders.test/a?b", true},
		{"audience with a path", "https://orders.test/v1", nil, "https://orders.test/v2", true},
		{"default port written out", "https://orders.test:443", nil, "https://orders.test/", true},
		{"host in other case", "https://Orders.test", nil, "https://orders.TEST/", true},
		{"other host", "https://orders.test", nil, "https://billing.test/", false},
		{"other port", "https://orders.test", nil, "https://orders.test:8443/", false},
		{"other scheme", "https://orders.test", nil, "http://orders.test/", false},
		{"port 443 in the clear", "https://orders.test", nil, "http://orders.test:443/", false},
		{"host with a trailing dot", "https://orders.test", nil, "https://orders.test./", false},
		{"longer host", "https://orders.test", nil, "https://orders.test.evil.test/", false},
		{"subdomain", "https://orders.test", nil, "https://a.orders.test/", false},
		{"host as user", "https://orders.test", nil, "https://orders.test@evil.test/", false},
		{"user at the host", "https://orders.test", nil, "https://user@orders.test/", true},
		{"audience is a name", "orders", nil, "", false},
		{"audience is a URN", "urn:orders", nil, "", false},
		{"audience is a path", "/orders", nil, "", false},
		{"audience is no URL", "https://or ders", nil, "", false},
		{"audience is a name, origin given", "orders", []string{"https://orders.test"}, "https://orders.test/", true},
		{"second of two origins", "orders", []string{"https://a.test", "https://b.test"}, "https://b.test/", true},
		{"origins given replace the audience", "https://orders.test", []string{"https://b.test"}, "https://orders.test/", false},
		{"no origins given", "https://orders.test", []string{}, "", false},
		{"one bad origin of two", "orders", []string{"https://a.test", "b"}, "", false},
		{"in the clear", "http://orders.test", nil, "", false},
		{"in the clear to 127.0.0.1", "http://127.0.0.1:8080", nil, "http://127.0.0.1:8080/", true},
		{"in the clear to ::1", "http://[::1]:8080", nil, "http://[::1]:8080/", true},
		{"in the clear to localhost", "http://localhost:8080", nil, "http://localhost:8080/", true},
		{"in the clear to a name like localhost", "http://localhost.test", nil, "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			leaf := newParty(testca.P256)
			base := new(recorder)
			rt, err := issuer.NewTransport(issuer.TransportConfig{
				Issuer: newIssuer(t, leaf, fixed(t, leaf)), Base: base, Audience: row.audience, Origins: row.origins,
			})
			if row.url == "" {
				wantReason(t, err, stapled.ConfigInvalid)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			content := &body{Reader: strings.NewReader("x")}
			req, err := http.NewRequest(http.MethodPost, row.url, content)
			if err != nil {
				t.Fatal(err)
			}
			_, err = rt.RoundTrip(req)
			if !content.closed {
				t.Error("the body was not closed")
			}
			if row.token {
				if err != nil {
					t.Fatal(err)
				}
				if base.tokens[0] == "" {
					t.Error("sent without a token")
				}
				return
			}
			wantReason(t, err, stapled.ConfigInvalid)
			if len(base.seen) > 0 {
				t.Errorf("sent %s", base.seen)
			}
		})
	}
}

func TestTransportConfigRefused(t *testing.T) {
	leaf := newParty(testca.P256)
	iss := newIssuer(t, leaf, fixed(t, leaf))
	for _, row := range []struct {
		name string
		cfg  issuer.TransportConfig
		want stapled.Reason
	}{
		{"no issuer", issuer.TransportConfig{Audience: "https://orders.test"}, stapled.ConfigInvalid},
		{"no audience", issuer.TransportConfig{Issuer: iss}, stapled.ClaimsInvalid},
		{"no audience, an origin", issuer.TransportConfig{Issuer: iss, Origins: []string{"https://orders.test"}}, stapled.ClaimsInvalid},
	} {
		t.Run(row.name, func(t *testing.T) {
			rt, err := issuer.NewTransport(row.cfg)
			wantReason(t, err, row.want)
			if rt != nil {
				t.Error("a transport beside an error")
			}
		})
	}
	if _, err := issuer.NewTransport(issuer.TransportConfig{Issuer: iss, Audience: "http://orders.test", UnsafePlaintext: true}); err != nil {
		t.Errorf("in the clear, permitted: %v", err)
	}
}

func TestTransportRedirects(t *testing.T) {
	for _, row := range []struct {
		name      string
		redirects []string // the first is asked, each redirects to the next
		want      []bool   // whether it gets a token
	}{
		{"to the same origin", []string{"https://orders.test/a", "https://orders.test/b"}, []bool{true, true}},
		{"to another host", []string{"https://orders.test/a", "https://evil.test/"}, []bool{true, false}},
		{"to another port", []string{"https://orders.test/a", "https://orders.test:8443/"}, []bool{true, false}},
		{"to plaintext", []string{"https://orders.test/a", "http://orders.test/"}, []bool{true, false}},
		{"to another host and back", []string{"https://orders.test/a", "https://evil.test/", "https://orders.test/pay"}, []bool{true, false, false}},
		{"to another host, back and on", []string{"https://orders.test/a", "https://evil.test/", "https://orders.test/b", "https://orders.test/c"},
			[]bool{true, false, false, false}},
		{"to a second origin of ours", []string{"https://orders.test/a", "https://also.test/"}, []bool{true, true}},
	} {
		t.Run(row.name, func(t *testing.T) {
			leaf := newParty(testca.P256)
			base := &recorder{redirects: make(map[string]string)}
			for n, to := range row.redirects[1:] {
				base.redirects[row.redirects[n]] = to
			}
			rt := newTransport(t, newIssuer(t, leaf, fixed(t, leaf)), base, "https://orders.test",
				"https://orders.test", "https://also.test")
			resp, err := (&http.Client{Transport: rt}).Get(row.redirects[0])
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			var want []string
			for n, url := range row.redirects {
				want = append(want, fmt.Sprint(url, " ", row.want[n]))
			}
			if got := fmt.Sprint(base.seen); got != fmt.Sprint(want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}
