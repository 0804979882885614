// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import "github.com/stapledjwt/stapled/verifier"

// Grant is why a request may pass. The zero Grant lets nothing pass.
type Grant struct {
	route *Route
	token verifier.Token
	// raw is the accepted token as it was sent, and header the canonical name of
	// the header that tokens stand in: neither may reach an upstream.
	raw, header string
}

// Route returns the name of the route that let the request pass.
func (g Grant) Route() string {
	if g.route == nil {
		return ""
	}
	return g.route.Name
}

// Token returns the accepted token. At an open route it is the zero Token.
func (g Grant) Token() verifier.Token { return g.token }
