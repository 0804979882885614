// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"strings"

	"github.com/stapledjwt/stapled"
)

// bearer returns the token from the only allowed place: a single Authorization
// header with the scheme Bearer (RFC 6750 §2.1). It never reads the form or the
// query (§2.2, §2.3): they end up in logs and histories, and a second place
// would make it ambiguous which token counts. For the same reason it refuses
// two Authorization headers.
func bearer(values []string) (string, error) {
	switch {
	case len(values) == 0:
		return "", stapled.Errorf(stapled.CredentialsMissing, "no Authorization header")
	case len(values) > 1:
		return "", stapled.Errorf(stapled.CredentialsMalformed, "%d Authorization headers", len(values))
	}
	// credentials = "Bearer" 1*SP b64token; the scheme in any case (RFC 9110 §11.1).
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", stapled.Errorf(stapled.CredentialsMalformed, "the scheme is not Bearer")
	}
	token = strings.TrimLeft(token, " ")
	if token == "" {
		return "", stapled.Errorf(stapled.CredentialsMalformed, "no token after Bearer")
	}
	// An intermediary may join two headers into a list of credentials. The
	// verifier checks the rest of the syntax.
	for _, c := range []byte{' ', '\t', ','} {
		if strings.IndexByte(token, c) >= 0 {
			return "", stapled.Errorf(stapled.CredentialsMalformed, "more than a token after Bearer")
		}
	}
	return token, nil
}
