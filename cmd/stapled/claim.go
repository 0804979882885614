// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/stapledjwt/stapled/internal/cli"
)

// ownClaims are the claims that every token gets from its issuer, and how to
// influence them.
var ownClaims = map[string]string{
	"iss": "it comes from the certificate",
	"sub": "use --subject",
	"aud": "use --audience",
	"exp": "use --ttl",
	"iat": "it is the time of signing",
	"nbf": "it is the time of signing",
	"jti": "it is random",
}

// parseClaims reads NAME=VALUE.
func parseClaims(pairs []string) (map[string]any, error) {
	claims := make(map[string]any)
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, cli.Usagef("--claim %q is not NAME=VALUE", pair)
		}
		// Verifiers refuse names that differ only in case.
		if instead, own := ownClaims[strings.ToLower(name)]; own {
			return nil, cli.Usagef("--claim %s cannot be given: %s", name, instead)
		}
		if _, twice := claims[name]; twice {
			return nil, cli.Usagef("--claim %s is given twice: use an array, such as %s='[1,2]'", name, name)
		}
		var err error
		if claims[name], err = claimValue(value); err != nil {
			return nil, cli.Usagef("--claim %s=%s: %w", name, value, err)
		}
	}
	return claims, nil
}

// claimValue keeps JSON as written, so that a number loses no digits. A value
// that only starts like JSON is a mistake, not a string.
func claimValue(value string) (any, error) {
	raw := strings.TrimSpace(value)
	switch {
	case json.Valid([]byte(raw)) && raw != "null":
		return json.RawMessage(raw), nil
	case strings.HasPrefix(raw, "{"), strings.HasPrefix(raw, "["), strings.HasPrefix(raw, `"`):
		return nil, errors.New("this looks like JSON but is not: complete it, or write it as a JSON string, in quotes")
	}
	return value, nil
}
