// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package listenaddr

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ address, says, fixed string }{
		{"127.0.0.1:8080", "", ""},
		{"0.0.0.0:8080", "", ""},
		{"[::1]:8080", "", ""},
		{"localhost:8080", "", ""},
		{"127.0.0.1:0", "", "no fixed port"},
		{"", "is empty", "is empty"},
		{":8080", "write 127.0.0.1:8080, or 0.0.0.0:8080 for all interfaces", "for all interfaces"},
		{":0", "names no host", "names no host"},
		{":", "names no host", "names no host"},
		{"127.0.0.1", "is not HOST:PORT", "is not HOST:PORT"},
		{"127.0.0.1:", "the port is a number", "the port is a number"},
		{"127.0.0.1:http", "the port is a number", "the port is a number"},
		{"127.0.0.1:00", "the port is a number", "the port is a number"},
		{"127.0.0.1:65536", "the port is a number", "the port is a number"},
		{"127.0.0.1:-1", "the port is a number", "the port is a number"},
		{"::1:80", "is not HOST:PORT", "is not HOST:PORT"},
	} {
		for _, check := range []struct {
			name  string
			check func(string) error
			says  string
		}{{"Check", Check, row.says}, {"CheckFixed", CheckFixed, row.fixed}} {
			err := check.check(row.address)
			if (err == nil) != (check.says == "") || err != nil && !strings.Contains(err.Error(), check.says) {
				t.Errorf("%s(%q): got %v, want %q", check.name, row.address, err, check.says)
			}
		}
	}
}
