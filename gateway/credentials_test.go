// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"net/http"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
)

func TestTokenHeaderIsChecked(t *testing.T) {
	for _, row := range []struct{ name, want, err string }{
		{"", "Authorization", ""},
		{"authorization", "Authorization", ""},
		{"x-token", "X-Token", ""},
		{"X Token", "", "not the name of a header"},
		{"X:Token", "", "not the name of a header"},
		{"X_Token", "", "underscore"},
		{"Cookie", "", "another meaning"},
		{"host", "", "another meaning"},
		{"Connection", "", "another meaning"},
		{"Proxy-Authorization", "", "another meaning"},
		{"Stapled-Token", "", "itself sets or removes"},
		{"X-Forwarded-For", "", "itself sets or removes"},
		{"Client-Cert", "", "itself sets or removes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			g, err := gateway.New(gateway.Config{Verifier: verifyFunc(acceptAll), TokenHeader: row.name})
			checkError(t, err, row.err)
			if err == nil && g.TokenHeader() != row.want {
				t.Errorf("the header is %q, want %q", g.TokenHeader(), row.want)
			}
		})
	}
}

// A named header holds the token alone, and there is no other place.
func TestTokenHeader(t *testing.T) {
	for _, row := range []struct {
		name   string
		header http.Header
		reason stapled.Reason
	}{
		{"the token", http.Header{"X-Token": {"a.b.c"}}, ""},
		{"and something else in Authorization", http.Header{"X-Token": {"a.b.c"}, "Authorization": {"Basic x", "y"}}, ""},
		{"in Authorization alone", http.Header{"Authorization": {"Bearer a.b.c"}}, stapled.CredentialsMissing},
		{"with a scheme", http.Header{"X-Token": {"Bearer a.b.c"}}, stapled.CredentialsMalformed},
		{"two", http.Header{"X-Token": {"a.b.c", "a.b.c"}}, stapled.CredentialsMalformed},
		{"joined", http.Header{"X-Token": {"a.b.c,a.b.c"}}, stapled.CredentialsMalformed},
		{"empty", http.Header{"X-Token": {""}}, stapled.CredentialsMalformed},
		{"a tab", http.Header{"X-Token": {"a.b.c\tx"}}, stapled.CredentialsMalformed},
		{"an alias", http.Header{"X_token": {"a.b.c"}}, stapled.CredentialsMissing},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newGateway(t, gateway.Config{Verifier: verifyFunc(acceptAll), TokenHeader: "X-Token"})
			_, refusal := g.Decide(t.Context(), gateway.RequestOf(g, &http.Request{Header: row.header, URL: root}))
			if refusal == nil && row.reason != "" || refusal != nil && refusal.Reason != row.reason {
				t.Errorf("got %+v, want %q", refusal, row.reason)
			}
		})
	}
}
