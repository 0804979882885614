// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/gateway"
)

// TestLoggable: whatever a client sends, a line stays short and has no token,
// and making it costs little.
func TestLoggable(t *testing.T) {
	token := strings.Repeat("a", 20) + "." + strings.Repeat("b", 20) + "." + strings.Repeat("c", 20)
	encoded := strings.NewReplacer("a", "%61", "c", "%63").Replace(token)
	// Each replacement of one would make work for the next.
	var many []string
	for range 500 {
		many = append(many, "t", "o")
	}
	for _, row := range []struct {
		name        string
		credentials []string
		path, want  string
	}{
		{"ordinary", []string{"Bearer " + token}, "/a", "/a"},
		{"the token", []string{"Bearer " + token}, "/a/" + token, "/a/[token]"},
		{"its payload", []string{"Bearer " + token}, "/a/" + strings.Repeat("b", 20), "/a/[token]"},
		{"encoded", []string{"Bearer " + token}, "/a/" + encoded, "/a/[token]"},
		{"one of two", []string{"Bearer x", "Bearer " + token}, "/a/" + token, "/a/[token]"},
		{"no scheme", []string{token}, "/a/" + token, "/a/[token]"},
		{"many credentials", many, "/tot", "/tot"},
		{"long", nil, "/" + strings.Repeat("x", 1000), "/" + strings.Repeat("x", 255) + "…"},
		{"very long", nil, "/" + strings.Repeat("x", 40000), "[40001 bytes]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := gateway.Request{Credentials: row.credentials, Target: gateway.Target{Path: row.path}}
			if got := r.LoggablePath(); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
