// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import "context"

// observerKey is the context key of the observer of one request.
type observerKey struct{}

// WithObserver returns a context for one request, whose outcome this observer
// receives before the Observer of the gateway. An access log can so tell for
// whom a line is.
func WithObserver(ctx context.Context, o Observer) context.Context {
	return context.WithValue(ctx, observerKey{}, o)
}

// observe tells the observers what was decided.
func (g *Gateway) observe(ctx context.Context, e Event) {
	if o, ok := ctx.Value(observerKey{}).(Observer); ok {
		o.Observe(e)
	}
	g.observer.Observe(e)
}
