// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/verifier"
)

// grantFor returns the grant of a request with this token, at a gateway with
// this route.
func grantFor(t *testing.T, route gateway.Route, token verifier.Token) gateway.Grant {
	t.Helper()
	if !route.Open {
		route.Verifier, route.Allow = verifyFunc(func(string) (verifier.Token, error) { return token, nil }), []gateway.Rule{gateway.Anyone}
	}
	g := newGateway(t, gateway.Config{Routes: []gateway.Route{route}})
	grant, refusal := g.Decide(t.Context(), credentials("Bearer a.b.c"))
	if refusal != nil {
		t.Fatalf("refused: %+v", refusal)
	}
	return grant
}

func TestIdentityHeaders(t *testing.T) {
	closed, open := gateway.Route{Name: "closed", Prefix: "/"}, gateway.Route{Name: "open", Prefix: "/", Open: true}
	defaults := []string{gateway.HeaderClaims, gateway.HeaderIdentity, gateway.HeaderIssuer, gateway.HeaderSubject, gateway.HeaderTokenID}
	renamed := gateway.IdentityHeaders{Subject: "x-forwarded-user", WithoutClaims: true}
	for _, row := range []struct {
		name    string
		headers gateway.IdentityHeaders
		grant   gateway.Grant
		names   []string
		subject string
		issuer  string
		claims  bool
	}{
		{"default", gateway.IdentityHeaders{}, grantFor(t, closed, newToken("sub", "alice, \u00e9 100%")), defaults, "alice%2C%20%C3%A9%20100%25", testIssuer, true},
		{"no sub", gateway.IdentityHeaders{}, grantFor(t, closed, newToken("sub", "")), defaults, "", testIssuer, true},
		{"open route", gateway.IdentityHeaders{}, grantFor(t, open, verifier.Token{}), defaults, "", "", false},
		{"renamed, without claims", renamed, grantFor(t, closed, newToken("sub", "alice")),
			[]string{gateway.HeaderClaims, gateway.HeaderIdentity, gateway.HeaderIssuer, gateway.HeaderTokenID, "X-Forwarded-User"}, "alice", testIssuer, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			values, err := row.headers.Values(row.grant)
			if err != nil {
				t.Fatal(err)
			}
			if names := slices.Sorted(maps.Keys(values)); !slices.Equal(names, row.names) || !slices.Equal(slices.Sorted(slices.Values(row.headers.Names())), row.names) {
				t.Errorf("got the headers %v, want %v", names, row.names)
			}
			subject := values[http.CanonicalHeaderKey(cmp.Or(row.headers.Subject, gateway.HeaderSubject))]
			if subject != row.subject || values[gateway.HeaderIssuer] != row.issuer || values[gateway.HeaderIdentity] != row.issuer ||
				(values[gateway.HeaderClaims] != "") != row.claims {
				t.Errorf("got %v", values)
			}
		})
	}
	if values, err := (gateway.IdentityHeaders{}).Values(gateway.Grant{}); err == nil || values != nil {
		t.Errorf("the zero Grant has %v, %v", values, err)
	}
}

func TestIdentityHeadersCheck(t *testing.T) {
	for _, row := range []struct {
		name    string
		headers gateway.IdentityHeaders
		err     string
	}{
		{"default", gateway.IdentityHeaders{}, ""},
		{"as existing upstreams want it", gateway.IdentityHeaders{Subject: "X-Forwarded-User", Issuer: "Remote-User"}, ""},
		{"not a name", gateway.IdentityHeaders{Subject: "a b"}, "letters, digits and hyphens"},
		{"with an underscore", gateway.IdentityHeaders{Subject: "X_User"}, "letters, digits and hyphens"},
		{"the token's", gateway.IdentityHeaders{Subject: "authorization"}, "another meaning"},
		{"a proxy's", gateway.IdentityHeaders{Subject: "X-Forwarded-For"}, "another meaning"},
		{"a cookie", gateway.IdentityHeaders{Subject: "Cookie"}, "another meaning"},
		{"twice", gateway.IdentityHeaders{Subject: "X-User", Identity: "x-user"}, "used for two values"},
		{"a default twice", gateway.IdentityHeaders{Subject: "Stapled-Issuer"}, "used for two values"},
	} {
		t.Run(row.name, func(t *testing.T) { checkError(t, row.headers.Check(), row.err) })
	}
}

// checkError checks that an error is one line with this text, or that there is
// none.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err == nil:
	case err == nil || want == "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n"):
		t.Errorf("got %v, want one line with %q", err, want)
	}
}

func TestDecodeHeader(t *testing.T) {
	var all strings.Builder
	for c := range 256 {
		all.WriteByte(byte(c))
	}
	for _, value := range []string{"", "alice", testIssuer, "a,b", "100%", "%2C", "\r\nX: y", "\u00e9", all.String()} {
		encoded := gateway.EncodeHeader(value)
		if strings.ContainsFunc(encoded, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == ',' }) {
			t.Errorf("%q is written %q", value, encoded)
		}
		if decoded, err := gateway.DecodeHeader(encoded); err != nil || decoded != value {
			t.Errorf("%q comes back as %q, %v", value, decoded, err)
		}
	}
	for _, row := range []struct{ name, value string }{
		{"two values, joined", "alice,bob"},
		{"two values, joined with a space", "alice, bob"},
		{"decoded by somebody else", "100%"},
		{"half an escape", "%2"},
		{"lower-case hex", "%2c"},
		{"an escape that is not needed", "%61lice"},
		{"a space", "alice "},
		{"not ASCII", "\u00e9"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if decoded, err := gateway.DecodeHeader(row.value); err == nil || decoded != "" {
				t.Errorf("read as %q, %v", decoded, err)
			}
		})
	}
}
