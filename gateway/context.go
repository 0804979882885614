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

// grantKey is the context key of the grant.
type grantKey struct{}

// newGrantContext returns a context with a grant, and with its token if it has
// one.
func newGrantContext(ctx context.Context, grant Grant) context.Context {
	ctx = context.WithValue(ctx, grantKey{}, grant)
	if grant.token == (verifier.Token{}) {
		return ctx
	}
	return NewContext(ctx, grant.token)
}

// GrantFromContext returns the grant of a request that passed [Gateway.Wrap].
func GrantFromContext(ctx context.Context) (Grant, bool) {
	grant, _ := ctx.Value(grantKey{}).(Grant)
	return grant, grant.route != nil
}
