// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// reasonCodes are the codes of RFC 5280 §5.3.1 for a revocation: 7 is not
// assigned, and removeFromCRL (8) undoes one.
var reasonCodes = []ocspstaple.CRLReason{0, 1, 2, 3, 4, 5, 6, 9, 10}

func reasonNames() []string {
	var names []string
	for _, code := range reasonCodes {
		names = append(names, code.String())
	}
	return names
}

// parseReason returns the code for a name, and the name as the RFC writes it.
func parseReason(name string) (ocspstaple.CRLReason, string, error) {
	for _, code := range reasonCodes {
		if strings.EqualFold(name, code.String()) {
			return code, code.String(), nil
		}
	}
	return 0, "", cli.Usagef("--reason %q must be one of %s (RFC 5280 §5.3.1)", name, strings.Join(reasonNames(), ", "))
}
