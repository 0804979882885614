// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"

	"github.com/stapledjwt/stapled/verifier"
)

// tokenKey is the context key of the accepted token.
type tokenKey struct{}

// NewContext returns a context in which [FromContext] finds this token. It is
// for unit tests of handlers, which then need no gateway, and for adapters that
// call [Gateway.Decide] themselves. It does not affect whether a gateway
// accepts a request.
func NewContext(ctx context.Context, token verifier.Token) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// FromContext returns the token of an accepted request. It reports false in a
// handler that is not behind [Gateway.Wrap], unless [NewContext] put a token
// there. The zero Token does not count.
func FromContext(ctx context.Context) (verifier.Token, bool) {
	token, _ := ctx.Value(tokenKey{}).(verifier.Token)
	return token, token != (verifier.Token{})
}

// passage is what is known of a request that passed.
type passage struct {
	gateway *Gateway
	grant   Grant
	request Request
	path    string // as in [Call]
}

// passageKey is the context key of the passage.
type passageKey struct{}

// newPassageContext returns a context with a passage, and with its token if it
// has one.
func newPassageContext(ctx context.Context, p *passage) context.Context {
	ctx = context.WithValue(ctx, passageKey{}, p)
	if p.grant.token == (verifier.Token{}) {
		// An outer gateway may have put its token there. It is not this one's.
		if _, ok := FromContext(ctx); !ok {
			return ctx
		}
	}
	return NewContext(ctx, p.grant.token)
}

// GrantFromContext returns the grant of a request that passed [Gateway.Wrap].
// At an open route its token is the zero Token.
func GrantFromContext(ctx context.Context) (Grant, bool) {
	p, ok := ctx.Value(passageKey{}).(*passage)
	if !ok {
		return Grant{}, false
	}
	return p.grant, true
}
