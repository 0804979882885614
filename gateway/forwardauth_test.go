// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/verifier"
)

// local trusts proxies on this machine.
var local = gateway.FrontProxies{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

// aliases are the spellings in which a client forges the header of its subject.
var aliases = []string{"Stapled-Subject", "stapled-subject", "STAPLED-SUBJECT", "Stapled_Subject", "Stapled.Subject"}

func newForwardAuth(t *testing.T, cfg gateway.ForwardAuthConfig) *gateway.ForwardAuth {
	t.Helper()
	f, err := gateway.NewForwardAuth(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// routed gives the realm a policy: /orders for its client, /others for somebody
// else, and open routes.
func (r *realm) routed(t *testing.T) {
	t.Helper()
	v := r.verifier
	if err := r.gateway.SetRoutes([]gateway.Route{
		{Name: "preflight", Prefix: "/", Open: true, Preflight: true},
		{Name: "open", Path: "/open", Open: true},
		{Name: "orders", Prefix: "/orders", Verifier: v, Allow: []gateway.Rule{gateway.Issuer(testIssuer)}},
		{Name: "others", Prefix: "/others", Verifier: v, Allow: []gateway.Rule{gateway.Issuer("spiffe://test.example/other")}},
	}); err != nil {
		t.Fatal(err)
	}
}

// asked are the header lines in which a gateway in front describes a request,
// edited by lines that replace them.
func asked(lines ...string) []string {
	headers := []string{"X-Forwarded-Method: GET", "X-Forwarded-Proto: https", "X-Forwarded-Host: api.example", "X-Forwarded-Uri: /orders/7?a=b"}
	for _, line := range lines {
		name, _, _ := strings.Cut(line, ":")
		headers = slices.DeleteFunc(headers, func(h string) bool { return strings.HasPrefix(h, name+":") })
	}
	return slices.DeleteFunc(append(headers, lines...), func(h string) bool { return strings.HasSuffix(h, ":-") })
}

type caseRow struct {
	name   string
	lines  []string
	status int
	reason stapled.Reason
}

// cases are what every front must handle: the token and the rest of a request
// for /orders.
func (r *realm) cases() []caseRow {
	good := r.subject("alice")
	staple := func(edit func(*testca.Response)) string {
		return "Authorization: Bearer " + testca.NewToken(r.client, r.client.Staple(edit)).Compact()
	}
	auth := "Authorization: Bearer " + good
	rows := []caseRow{
		{"good", []string{auth}, 200, ""},
		{"scheme in another case", []string{"Authorization: bEARER " + good}, 200, ""},
		{"missing", nil, 401, stapled.CredentialsMissing},
		{"garbage", []string{"Authorization: Bearer garbage"}, 401, stapled.Malformed},
		{"another scheme", []string{"Authorization: Basic YTpi"}, 401, stapled.CredentialsMalformed},
		{"wrong audience", []string{"Authorization: Bearer " + r.client.Token(func(token *testca.Token) { token.Claims.Set("aud", "other") })}, 401, stapled.AudienceMismatch},
		{"stale", []string{staple(func(r *testca.Response) { r.Singles[0].NextUpdate = testca.Now.Add(-1) })}, 401, stapled.StapleStale},
		{"two Authorization headers", []string{auth, auth}, 401, stapled.CredentialsMalformed},
		{"comma-joined", []string{auth + ", Bearer " + good}, 401, stapled.CredentialsMalformed},
		{"no sub, and the client sends one", []string{"Authorization: Bearer " + r.client.Token(), "Stapled-Subject: evil"}, 200, ""},
	}
	// Last: what was learned of the revocation stays.
	return append(rows, caseRow{"revoked", []string{staple(func(r *testca.Response) { r.Singles[0].Status = testca.Revoked })}, 401, stapled.CertificateRevoked})
}

// checkAnswer checks an answer of forward-auth. Every header is complete on a
// 200, and a 401 is always the same.
func checkAnswer(t *testing.T, response string, status int) http.Header {
	t.Helper()
	head, body, _ := strings.Cut(response, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	header := http.Header{}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		header.Add(strings.TrimSuffix(name, ":"), value)
	}
	if want := fmt.Sprintf("HTTP/1.1 %d %s", status, http.StatusText(status)); lines[0] != want {
		t.Errorf("answered %q, want %d", lines[0], status)
	}
	if header.Get("Cache-Control") != "no-store" {
		t.Errorf("no Cache-Control: no-store in %q", response)
	}
	if status == 401 && response != refusal {
		t.Errorf("answered %q, want\n%q", response, refusal)
	}
	for _, name := range (gateway.IdentityHeaders{}).Names() {
		if values := header[name]; (status == 200) != (len(values) == 1) {
			t.Errorf("%s is %q in an answer with %d", name, values, status)
		}
	}
	if status == 200 && body != "" {
		t.Errorf("the body is %q", body)
	}
	return header
}

func TestForwardAuthCases(t *testing.T) {
	realm := newRealm(t)
	realm.routed(t)
	server := serve(t, newForwardAuth(t, gateway.ForwardAuthConfig{Gateway: realm.gateway, FrontProxies: local}))
	good := "Authorization: Bearer " + realm.subject("alice")
	forwarded := func(name, line string) caseRow {
		return caseRow{name, []string{good, line}, 403, stapled.ForwardedRejected}
	}
	rows := []caseRow{
		{"not allowed", []string{good, "X-Forwarded-Uri: /others"}, 403, stapled.PolicyDenied},
		{"no route", []string{good, "X-Forwarded-Uri: /"}, 403, stapled.RouteMissing},
		{"no route, no token", []string{"X-Forwarded-Uri: /"}, 403, stapled.RouteMissing},
		{"open", []string{"X-Forwarded-Uri: /open", "Stapled-Subject: evil"}, 200, ""},
		{"open, with a bad token", []string{"X-Forwarded-Uri: /open", "Authorization: Bearer x"}, 200, ""},
		{"preflight", []string{"X-Forwarded-Method: OPTIONS", "Origin: https://a.example", "Access-Control-Request-Method: PUT"}, 200, ""},
		{"OPTIONS without an origin", []string{"X-Forwarded-Method: OPTIONS", "Access-Control-Request-Method: PUT"}, 401, stapled.CredentialsMissing},
		{"preflight by another method", []string{"Origin: https://a.example", "Access-Control-Request-Method: PUT"}, 401, stapled.CredentialsMissing},
		{"path that is not canonical", []string{good, "X-Forwarded-Uri: /open/../orders"}, 403, stapled.PathRejected},
		{"websocket", []string{good, "X-Forwarded-Proto: wss"}, 200, ""},
		{"token in the query", []string{"X-Forwarded-Uri: /orders?access_token=" + realm.subject("alice")}, 401, stapled.CredentialsMissing},
		forwarded("no method", "X-Forwarded-Method:-"),
		forwarded("no scheme", "X-Forwarded-Proto:-"),
		forwarded("no host", "X-Forwarded-Host:-"),
		forwarded("no URI", "X-Forwarded-Uri:-"),
		forwarded("empty URI", "X-Forwarded-Uri: "),
		forwarded("two schemes in one", "X-Forwarded-Proto: https, http"),
		forwarded("two hosts in one", "X-Forwarded-Host: api.example, admin.example"),
		forwarded("two methods in one", "X-Forwarded-Method: GET, POST"),
		forwarded("an absolute URI", "X-Forwarded-Uri: http://api.example/orders"),
		forwarded("a fragment", "X-Forwarded-Uri: /orders#/open"),
		forwarded("a URI with a space", "X-Forwarded-Uri: /orders /open"),
		forwarded("another scheme", "X-Forwarded-Proto: ftp"),
		{"two methods", append(asked(good), "X-Forwarded-Method: GET"), 403, stapled.ForwardedRejected},
		{"two URIs", append(asked(good), "X-Forwarded-Uri: /open"), 403, stapled.ForwardedRejected},
		{"the same host twice", append(asked(good), "X-Forwarded-Host: api.example"), 403, stapled.ForwardedRejected},
		{"two schemes", append(asked(good), "X-Forwarded-Proto: https"), 403, stapled.ForwardedRejected},
	}
	for _, name := range aliases {
		row := caseRow{"forged " + name, []string{good, name + ": evil"}, 200, ""}
		if strings.ContainsAny(name, "_.") {
			row.status, row.reason = 403, stapled.ForwardedRejected
		}
		rows = append(rows, row)
	}
	for _, row := range append(rows, realm.cases()...) {
		t.Run(row.name, func(t *testing.T) {
			lines := row.lines
			if len(lines) < 4 {
				lines = asked(lines...)
			}
			// The question itself is for another method and path.
			response := exchange(t, server, strings.Replace(get(lines...), "GET /orders", "POST /open", 1))
			header := checkAnswer(t, response, row.status)
			for name, values := range header {
				if slices.Contains(values, "evil") {
					t.Errorf("the answer has %s: %q", name, values)
				}
			}
			e := realm.observer.last()
			if want := map[bool]string{true: "accepted", false: string(row.reason)}[row.reason == ""]; e != want {
				t.Errorf("observed %s, want %s", e, want)
			}
		})
	}
}

// The log says what was asked about, by whom.
func TestForwardAuthLog(t *testing.T) {
	realm := newRealm(t)
	realm.routed(t)
	server := serve(t, newForwardAuth(t, gateway.ForwardAuthConfig{Gateway: realm.gateway, FrontProxies: local}))
	exchange(t, server, get(asked("X-Forwarded-For: evil, 10.9.9.9, 192.0.2.7, 127.0.0.2", "X-Forwarded-Method: PUT", "Authorization: Bearer "+realm.subject("alice"))...))
	exchange(t, server, get(asked("X-Forwarded-For: 192.0.2.8")...))
	server.Close()
	for _, want := range []string{"route=orders remote=192.0.2.7 method=PUT path=/orders/7\n", "route=orders remote=192.0.2.8 method=GET path=/orders/7\n"} {
		if !strings.Contains(realm.log.String(), want) {
			t.Errorf("no %q in the log:\n%s", want, realm.log.String())
		}
	}
}

// Somebody who is not the gateway in front could describe another request.
func TestForwardAuthTrustsTheSocketOnly(t *testing.T) {
	realm := newRealm(t)
	realm.routed(t)
	f := newForwardAuth(t, gateway.ForwardAuthConfig{Gateway: realm.gateway, FrontProxies: local})
	for _, row := range []struct {
		remote string
		status int
	}{
		{"127.0.0.1:1", 200}, {"[::ffff:127.0.0.1]:1", 200}, {"192.0.2.1:1", 403}, {"[::1]:1", 403}, {"@", 403}, {"", 403},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = row.remote
		for _, line := range asked("X-Forwarded-Uri: /open", "X-Forwarded-For: 127.0.0.1") {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if w.Code != row.status {
			t.Errorf("from %q: %d, want %d", row.remote, w.Code, row.status)
		}
	}
}

// unreadable fails the test when somebody reads it.
type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestForwardAuthReadsNoBody(t *testing.T) {
	realm := newRealm(t)
	f := newForwardAuth(t, gateway.ForwardAuthConfig{Gateway: realm.gateway, FrontProxies: local})
	r := httptest.NewRequest("POST", "/", unreadable{t})
	r.RemoteAddr = "127.0.0.1:1"
	f.ServeHTTP(httptest.NewRecorder(), r)
}

// gatewayInFront copies some of the headers of the answer to the request that it
// passes on, the way that a gateway does.
type gatewayInFront struct {
	auth http.Handler
	// copyHeader is how it copies a header.
	copyHeader func(request, answer http.Header, name string)
}

// pass returns the headers that reach the upstream, or nil.
func (g gatewayInFront) pass(request http.Header) http.Header {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr, r.Header = "127.0.0.1:1", request.Clone()
	for _, line := range asked() {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	g.auth.ServeHTTP(w, r)
	if w.Code != 200 {
		return nil
	}
	for _, name := range (gateway.IdentityHeaders{}).Names() {
		g.copyHeader(request, w.Header(), name)
	}
	return request
}

// TestAdvisories replays two published flaws of a gateway in front.
//
// GHSA-7r4p-vjf4-gxv4: Caddy did not delete a header of the client that the
// answer lacks. Our answer has all of them.
//
// GHSA-f59h-q822-g45g: Caddy deleted the header, but not its alias with an
// underscore, which is the same variable for an upstream that speaks FastCGI.
// We refuse the alias.
func TestAdvisories(t *testing.T) {
	realm := newRealm(t)
	realm.routed(t)
	f := newForwardAuth(t, gateway.ForwardAuthConfig{Gateway: realm.gateway, FrontProxies: local})
	onlyIfPresent := func(request, answer http.Header, name string) {
		if _, ok := answer[name]; ok {
			request[name] = answer[name]
		}
	}
	deleting := func(request, answer http.Header, name string) {
		delete(request, name)
		onlyIfPresent(request, answer, name)
	}
	for _, row := range []struct {
		name       string
		copyHeader func(request, answer http.Header, name string)
		forged     string
		passes     bool
	}{
		{"GHSA-7r4p-vjf4-gxv4", onlyIfPresent, "Stapled-Subject", true},
		{"GHSA-f59h-q822-g45g", deleting, "Stapled_Subject", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			request := http.Header{row.forged: {"admin"}, "Authorization": {"Bearer " + realm.client.Token()}}
			got := gatewayInFront{f, row.copyHeader}.pass(request)
			if (got != nil) != row.passes {
				t.Fatalf("the upstream gets %v", got)
			}
			for name, values := range got {
				if slices.Contains(values, "admin") {
					t.Errorf("the upstream gets %s: %q", name, values)
				}
			}
			if row.passes && (!slices.Equal(got["Stapled-Subject"], []string{""}) || !slices.Equal(got["Stapled-Issuer"], []string{testIssuer})) {
				t.Errorf("the upstream gets %v", got)
			}
		})
	}
}

func TestNewForwardAuthRefuses(t *testing.T) {
	g := newGateway(t, gateway.Config{Verifier: verifyFunc(acceptAll)})
	network := func(prefix string) gateway.FrontProxies {
		addr, bits, _ := strings.Cut(prefix, "/")
		return gateway.FrontProxies{Networks: []netip.Prefix{netip.PrefixFrom(netip.MustParseAddr(addr), map[string]int{"0": 0, "8": 8, "104": 104, "99": 99}[bits])}}
	}
	for _, row := range []struct {
		name string
		cfg  gateway.ForwardAuthConfig
		err  string
	}{
		{"no gateway", gateway.ForwardAuthConfig{FrontProxies: local}, "Gateway is nil"},
		{"zero gateway", gateway.ForwardAuthConfig{Gateway: new(gateway.Gateway), FrontProxies: local}, "Gateway is nil"},
		{"nobody is trusted", gateway.ForwardAuthConfig{Gateway: g}, "trusts nobody"},
		{"everybody is trusted", gateway.ForwardAuthConfig{Gateway: g, FrontProxies: network("0.0.0.0/0")}, "trusts everybody"},
		{"an address with bits left over", gateway.ForwardAuthConfig{Gateway: g, FrontProxies: network("10.0.0.1/8")}, "write 10.0.0.0/8"},
		{"IPv4 as IPv6", gateway.ForwardAuthConfig{Gateway: g, FrontProxies: network("::ffff:10.0.0.0/104")}, "IPv4 range"},
		{"not a range", gateway.ForwardAuthConfig{Gateway: g, FrontProxies: network("10.0.0.0/99")}, "not valid"},
		{"RFC 7239", gateway.ForwardAuthConfig{Gateway: g, FrontProxies: gateway.FrontProxies{Networks: local.Networks, Forwarded: true}}, "Forwarded"},
		{"unknown format", gateway.ForwardAuthConfig{Gateway: g, FrontProxies: gateway.FrontProxies{UnixSockets: true, ClientCertificate: "x"}}, "rfc9440"},
		{"header names", gateway.ForwardAuthConfig{Gateway: g, FrontProxies: local, IdentityHeaders: gateway.IdentityHeaders{Subject: "Cookie"}}, "another meaning"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, err := gateway.NewForwardAuth(row.cfg)
			checkError(t, err, row.err)
			if f != nil {
				t.Error("a handler beside an error")
			}
		})
	}
}

// FuzzForwardAuth: whatever a request looks like, the answer is 200, 401 or 403,
// and 200 only with a token or at an open route, with all identity headers.
func FuzzForwardAuth(f *testing.F) {
	f.Add("GET", "https", "api.example", "/orders", "Bearer good.good.good", "Stapled_Subject", false)
	f.Add("OPTIONS", "http", "api.example:80", "/open?x", "", "Origin", false)
	f.Add("get", "wss", "[::1]", "/open/../orders", "Bearer a.b.c", "Access-Control-Request-Method", true)
	f.Add("", "", "", "", "", "", true)
	routes := []gateway.Route{
		{Name: "open", Prefix: "/open", Open: true},
		{Name: "orders", Prefix: "/orders", Hosts: []string{"api.example"}, Allow: []gateway.Rule{gateway.Anyone}, Verifier: verifyFunc(func(raw string) (verifier.Token, error) {
			if raw != "good.good.good" {
				return verifier.Token{}, errors.New("no")
			}
			return newToken("sub", ""), nil
		})},
	}
	g, err := gateway.New(gateway.Config{Routes: routes})
	if err != nil {
		f.Fatal(err)
	}
	auth, err := gateway.NewForwardAuth(gateway.ForwardAuthConfig{Gateway: g, FrontProxies: local})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, method, proto, host, uri, authorization, extra string, twice bool) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "127.0.0.1:1"
		r.Header = http.Header{"X-Forwarded-Method": {method}, "X-Forwarded-Proto": {proto}, "X-Forwarded-Host": {host}, "X-Forwarded-Uri": {uri}, "Authorization": {authorization}}
		r.Header[extra] = append(r.Header[extra], "evil")
		if twice {
			r.Header["X-Forwarded-Uri"] = append(r.Header["X-Forwarded-Uri"], uri)
		}
		sent := maps.Clone(r.Header)
		w := httptest.NewRecorder()
		auth.ServeHTTP(w, r)
		open := uri == "/open" || strings.HasPrefix(uri, "/open/") || strings.HasPrefix(uri, "/open?")
		switch {
		case w.Code == 401 || w.Code == 403:
		case w.Code != 200:
			t.Errorf("status %d", w.Code)
		case len(sent["X-Forwarded-Uri"]) != 1, !open && (!strings.EqualFold(authorization, "Bearer good.good.good") && strings.TrimSpace(authorization) == ""), strings.Contains(uri, ".."):
			t.Errorf("let in: %v", sent)
		default:
			for _, name := range (gateway.IdentityHeaders{}).Names() {
				if len(w.Header()[name]) != 1 || w.Header()[name][0] == "evil" {
					t.Errorf("%s is %q", name, w.Header()[name])
				}
			}
		}
	})
}
