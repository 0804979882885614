// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled"
)

// authorization is the header of RFC 9110 §11.6.2.
const authorization = "Authorization"

// notForTokens are headers that have a meaning of their own, which would make a
// token in them end up elsewhere.
var notForTokens = []string{
	"Connection", "Content-Length", "Content-Type", "Cookie", "Expect", "Host", "Keep-Alive", "Origin", "Proxy-Authorization",
	"Proxy-Connection", "Referer", "Set-Cookie", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent", "Via",
	"Access-Control-Request-Headers", "Access-Control-Request-Method",
}

// checkTokenHeader returns the canonical name of the header that tokens stand
// in.
func checkTokenHeader(name string) (string, error) {
	canonical := textproto.CanonicalMIMEHeaderKey(name)
	switch {
	case name == "" || canonical == authorization:
		return authorization, nil
	case !isToken(name):
		return "", fmt.Errorf("%q is not the name of a header; write it like X-Token", name)
	case strings.ContainsAny(name, "_."):
		return "", fmt.Errorf("%q has an underscore or a dot, and many servers drop such headers; write it like X-Token", name)
	case slices.Contains(notForTokens, canonical):
		return "", fmt.Errorf("%s has another meaning; leave it out for Authorization, or name one of your own, like X-Token", canonical)
	case reserved(name):
		return "", fmt.Errorf("%s is a header that the gateway itself sets or removes; name one of your own, like X-Token", canonical)
	}
	return canonical, nil
}

// credential returns the token from the only allowed place.
func (g *Gateway) credential(values []string) (string, error) {
	if g.tokenHeader == authorization {
		return bearer(values)
	}
	switch {
	case len(values) == 0:
		return "", stapled.Errorf(stapled.CredentialsMissing, "no %s header", g.tokenHeader)
	case len(values) > 1:
		return "", stapled.Errorf(stapled.CredentialsMalformed, "%d %s headers", len(values), g.tokenHeader)
	}
	if err := alone(values[0]); err != nil {
		return "", stapled.Errorf(stapled.CredentialsMalformed, "%w in the %s header", err, g.tokenHeader)
	}
	return values[0], nil
}

// alone accepts a single token. An intermediary may join two headers into a
// list of credentials. The verifier checks the rest of the syntax.
func alone(token string) error {
	if token == "" {
		return errors.New("no token")
	}
	for _, c := range []byte{' ', '\t', ','} {
		if strings.IndexByte(token, c) >= 0 {
			return errors.New("more than a token")
		}
	}
	return nil
}

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
	if err := alone(token); err != nil {
		return "", stapled.Errorf(stapled.CredentialsMalformed, "%w after Bearer", err)
	}
	return token, nil
}
