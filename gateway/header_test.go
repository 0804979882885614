// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/verifier"
)

func TestIdentityHeaders(t *testing.T) {
	headers, err := gateway.IdentityHeaders(newToken("sub", "alice, \u00e9 100%"))
	if err != nil {
		t.Fatal(err)
	}
	if headers[gateway.HeaderIssuer] != testIssuer || headers[gateway.HeaderIdentity] != testIssuer ||
		headers[gateway.HeaderSubject] != "alice%2C%20%C3%A9%20100%25" || headers[gateway.HeaderClaims] == "" {
		t.Errorf("got %v", headers)
	}
	// An adapter that sets all of them replaces the client's.
	want := []string{gateway.HeaderClaims, gateway.HeaderIdentity, gateway.HeaderIssuer, gateway.HeaderSubject, gateway.HeaderTokenID}
	without, err := gateway.IdentityHeaders(newToken("sub", ""))
	if err != nil || !slices.Equal(slices.Sorted(maps.Keys(without)), want) || without[gateway.HeaderSubject] != "" {
		t.Errorf("got %v, %v", without, err)
	}
	for name := range headers {
		if http.CanonicalHeaderKey(name) != name {
			t.Errorf("%s is not canonical", name)
		}
	}
	if headers, err := gateway.IdentityHeaders(verifier.Token{}); err == nil || headers != nil {
		t.Errorf("the zero Token has %v, %v", headers, err)
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
