// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"strings"

	"github.com/stapledjwt/stapled"
)

// bearer takes the token out of the one place where it may stand: a single
// Authorization header of the scheme Bearer (RFC 6750 §2.1). The form and the
// query (§2.2, §2.3) are never read: they end in logs and histories, and a
// second place is a second answer to the question which token counts. For the
// same reason two Authorization headers are refused, not chosen from.
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
	// A list of credentials is what an intermediary makes of two headers. The
	// rest of the syntax is the verifier's business.
	for _, c := range []byte{' ', '\t', ','} {
		if strings.IndexByte(token, c) >= 0 {
			return "", stapled.Errorf(stapled.CredentialsMalformed, "more than a token after Bearer")
		}
	}
	return token, nil
}
