// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/gateway"
)

// arrived is a request as the upstream gets it.
type arrived struct {
	host, uri, body string
	header, trailer http.Header
}

// upstream serves a service that records its requests and answers "done".
func upstream(t *testing.T) (*httptest.Server, <-chan arrived) {
	requests := make(chan arrived, 100)
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		requests <- arrived{r.Host, r.RequestURI, string(body), r.Header, r.Trailer}
		io.WriteString(w, "done")
	})), requests
}

const testIssuer = "spiffe://test.example/client"

// identity is what the upstream must receive for [realm.subject]("alice").
func identity(token string) http.Header {
	return http.Header{
		"Stapled-Issuer":    {testIssuer},
		"Stapled-Identity":  {testIssuer},
		"Stapled-Subject":   {"alice"},
		"Stapled-Token-Id":  {"c3RhcGxlZC10ZXN0LWp0aQ"},
		"Stapled-Claims":    {strings.Split(token, ".")[1]},
		"X-Forwarded-For":   {"127.0.0.1"},
		"X-Forwarded-Host":  {"gateway"},
		"X-Forwarded-Proto": {"http"},
	}
}

func TestProxyHeaders(t *testing.T) {
	realm := newRealm(t)
	service, requests := upstream(t)
	proxy := realm.proxy(t, service.URL, nil)
	token := realm.subject("alice")

	for _, row := range []struct {
		name  string
		lines []string
		kept  http.Header // besides identity
	}{
		{"nothing else", nil, nil},
		{"issuer set", []string{"Stapled-Issuer: evil"}, nil},
		{"every header set", []string{"Stapled-Issuer: evil", "Stapled-Identity: evil", "Stapled-Subject: evil", "Stapled-Token-Id: evil", "Stapled-Claims: e30"}, nil},
		{"set twice", []string{"Stapled-Subject: evil", "Stapled-Subject: evil"}, nil},
		{"a name not in use", []string{"Stapled-Admin: yes", "Stapled-: yes"}, nil},
		{"lower case", []string{"stapled-subject: evil"}, nil},
		{"upper case", []string{"STAPLED-SUBJECT: evil"}, nil},
		{"underscore", []string{"Stapled_Subject: evil"}, nil},
		{"underscores", []string{"stapled_token_id: evil", "STAPLED_TOKEN-ID: evil", "Stapled-Token_Id: evil"}, nil},
		{"other separators", []string{"Stapled.Subject: evil", "Stapled~Subject: evil", "Stapled'Subject: evil", "Stapled|Subject: evil", "Stapled!Subject: evil"}, nil},
		{"Connection lists ours", []string{"Connection: Stapled-Issuer, Stapled-Subject", "Connection: stapled-claims"}, nil},
		{"Connection lists ours, and they are set", []string{"Connection: Stapled-Subject", "Stapled-Subject: evil"}, nil},
		{"Connection lists the address", []string{"Connection: X-Forwarded-For, X-Forwarded-Proto"}, nil},
		{"Keep-Alive and others of the hop", []string{"Keep-Alive: timeout=5", "Proxy-Authorization: Basic YTpi", "Proxy-Connection: x"}, nil},
		{"upgrade that lists ours", []string{"Connection: Upgrade, Stapled-Subject", "Upgrade: WebSocket", "Stapled-Subject: evil"},
			http.Header{"Connection": {"Upgrade"}, "Upgrade": {"WebSocket"}}},
		{"upgrade to a protocol that carries requests", []string{"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "Http2-Settings: AAMAAABk"}, nil},
		{"upgrade to a choice", []string{"Connection: Upgrade", "Upgrade: websocket, h2c"}, nil},
		{"upgrades in two lines", []string{"Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c"},
			http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}},
		{"address claimed", []string{"X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1", "X-Real-Ip: 10.0.0.1"}, nil},
		{"host claimed", []string{"X-Forwarded-Host: evil", "X-Forwarded-Proto: https", "X-Forwarded-Port: 443", "X-Forwarded-Prefix: /evil"}, nil},
		{"address claimed with underscores", []string{"X_Forwarded_For: 10.0.0.1", "x-forwarded_host: evil", "X_Real_IP: 10.0.0.1"}, nil},
		{"neighbors are kept", []string{"Stapledriver: a", "X-Stapled-Subject: b", "Cookie: c=d", "X-Request-Id: e"},
			http.Header{"Stapledriver": {"a"}, "X-Stapled-Subject": {"b"}, "Cookie": {"c=d"}, "X-Request-Id": {"e"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			response := exchange(t, proxy, get(append(row.lines, "Authorization: Bearer "+token)...))
			if !strings.HasPrefix(response, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(response, "\r\n\r\ndone") {
				t.Fatalf("response: %q", response)
			}
			got := <-requests
			want := identity(token)
			maps.Copy(want, row.kept)
			if !reflect.DeepEqual(got.header, want) {
				t.Errorf("the upstream got the headers\n%v\nwant\n%v", got.header, want)
			}
			if got.host != service.Listener.Addr().String() || got.uri != "/orders?access_token=in.the.query" {
				t.Errorf("the upstream got host %q, URI %q", got.host, got.uri)
			}
		})
	}
}

func TestProxyTrailers(t *testing.T) {
	realm := newRealm(t)
	service, requests := upstream(t)
	proxy := realm.proxy(t, service.URL, nil)
	token := realm.subject("alice")
	for _, row := range []struct{ name, announced, sent string }{
		{"ours", "Trailer: Stapled-Subject\r\n", "Stapled-Subject: evil\r\n"},
		{"ours in other spellings", "Trailer: stapled_subject, STAPLED.ISSUER\r\n", "stapled_subject: evil\r\nSTAPLED.ISSUER: evil\r\n"},
		{"ours without announcement", "", "Stapled-Subject: evil\r\n"},
		{"the address", "Trailer: X-Forwarded-For, Forwarded\r\n", "X-Forwarded-For: 10.0.0.1\r\nForwarded: for=10.0.0.1\r\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			exchange(t, proxy, "POST / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nTE: trailers\r\nAuthorization: Bearer "+token+"\r\n"+
				row.announced+"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"+row.sent+"\r\n")
			got := <-requests
			if got.body != "hello" || len(got.trailer) != 0 {
				t.Errorf("the upstream got the body %q and the trailers %v", got.body, got.trailer)
			}
			want := identity(token)
			want["Te"] = []string{"trailers"}
			if !reflect.DeepEqual(got.header, want) {
				t.Errorf("the upstream got the headers\n%v\nwant\n%v", got.header, want)
			}
		})
	}
}

func TestProxyEncodesValues(t *testing.T) {
	realm := newRealm(t)
	service, requests := upstream(t)
	proxy := realm.proxy(t, service.URL, nil)
	for _, row := range []struct{ name, subject, header string }{
		{"plain", "alice@example.org", "alice@example.org"},
		{"URL", "https://a.example/x?y=z&u#v", "https://a.example/x?y=z&u#v"},
		{"line break", "a\r\nStapled-Issuer: evil", "a%0D%0AStapled-Issuer:%20evil"},
		{"line feed", "a\nb", "a%0Ab"},
		{"NUL and DEL", "a\x00b\x7f", "a%00b%7F"},
		{"tab and spaces at the ends", " \ta ", "%20%09a%20"},
		{"not ASCII", "Zoë", "Zo%C3%AB"},
		{"next line and line separator", "a\u0085b\u2028c", "a%C2%85b%E2%80%A8c"},
		{"looks encoded", "a%0Ab", "a%250Ab"},
		{"list", "alice,admin", "alice%2Cadmin"},
	} {
		t.Run(row.name, func(t *testing.T) {
			token := realm.subject(row.subject)
			response := exchange(t, proxy, get("Authorization: Bearer "+token))
			if !strings.HasPrefix(response, "HTTP/1.1 200 OK\r\n") {
				t.Fatalf("response: %q\n%s", response, realm.log.String())
			}
			got := <-requests
			want := identity(token)
			want["Stapled-Subject"] = []string{row.header}
			if !reflect.DeepEqual(got.header, want) {
				t.Errorf("the upstream got the headers\n%v\nwant\n%v", got.header, want)
			}
			if back, err := url.PathUnescape(got.header.Get("Stapled-Subject")); err != nil || back != row.subject {
				t.Errorf("decoded again it is %q, %v", back, err)
			}
			if claims, err := base64.RawURLEncoding.DecodeString(got.header.Get("Stapled-Claims")); err != nil || claims[0] != '{' {
				t.Errorf("claims: %q, %v", claims, err)
			}
		})
	}
}

func TestProxyWithoutSubject(t *testing.T) {
	realm := newRealm(t)
	service, requests := upstream(t)
	proxy := realm.proxy(t, service.URL, nil)
	exchange(t, proxy, get("Stapled-Subject: evil", "Authorization: Bearer "+realm.client.Token()))
	if got := <-requests; !reflect.DeepEqual(got.header["Stapled-Subject"], []string{""}) || got.header["Stapled-Issuer"][0] != testIssuer {
		t.Errorf("the upstream got the headers %v", got.header)
	}
}

func TestProxyForwardsTheTokenOnlyIfTold(t *testing.T) {
	realm := newRealm(t)
	service, requests := upstream(t)
	proxy := realm.proxy(t, service.URL, func(cfg *gateway.ProxyConfig) { cfg.UnsafeForwardAuthorization = true })
	token := realm.subject("alice")
	exchange(t, proxy, get("Authorization: Bearer "+token))
	want := identity(token)
	want["Authorization"] = []string{"Bearer " + token}
	if got := <-requests; !reflect.DeepEqual(got.header, want) {
		t.Errorf("the upstream got the headers\n%v\nwant\n%v", got.header, want)
	}
}
