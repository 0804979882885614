// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// crlReasons are the names and codes of RFC 5280 §5.3.1 for a revocation. Code
// 7 is not assigned, and removeFromCRL (8) undoes one.
var crlReasons = []struct {
	name string
	code int
}{
	{"unspecified", 0}, {"keyCompromise", 1}, {"cACompromise", 2}, {"affiliationChanged", 3},
	{"superseded", 4}, {"cessationOfOperation", 5}, {"certificateHold", 6},
	{"privilegeWithdrawn", 9}, {"aACompromise", 10},
}

func reasonNames() []string {
	var names []string
	for _, r := range crlReasons {
		names = append(names, r.name)
	}
	return names
}

func reasonName(code int) string {
	for _, r := range crlReasons {
		if r.code == code {
			return r.name
		}
	}
	return fmt.Sprintf("reason %d", code)
}

// parseReason returns the code of a name and the name as the RFC writes it.
func parseReason(name string) (int, string, error) {
	for _, r := range crlReasons {
		if strings.EqualFold(name, r.name) {
			return r.code, r.name, nil
		}
	}
	return 0, "", usagef("--reason %q is none of RFC 5280 §5.3.1: use one of %s", name, strings.Join(reasonNames(), ", "))
}
