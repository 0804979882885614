// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"log/slog"
	"net/http"
	"slices"

	"github.com/stapledjwt/stapled"
)

// Require is middleware for single handlers behind [Gateway.Wrap]: it lets in
// callers that one of the rules lets in, and answers 403 to all others. They
// are logged and observed as refused, after having been accepted by the gateway.
// A request without a token gets 401.
//
// Require panics without rules, because nobody would get in, and like
// http.Handle if a handler or a rule is nil.
func Require(rules ...Rule) func(http.Handler) http.Handler {
	if len(rules) == 0 || slices.Contains(rules, nil) {
		panic("gateway: Require needs rules that are not nil")
	}
	rules = slices.Clone(rules)
	return func(next http.Handler) http.Handler {
		if next == nil {
			panic("gateway: Require of a nil handler")
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if refusal := require(r, rules); refusal != nil {
				refuse(w, refusal)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// require returns nil if a rule lets the request in.
func require(r *http.Request, rules []Rule) *Refusal {
	d, call := passed(r)
	token, ok := FromContext(r.Context())
	if !ok {
		return d.gateway.refuse(r.Context(), d, stapled.Errorf(stapled.CredentialsMissing,
			"no token in the context of the request: put Require behind Gateway.Wrap, at a route that is not open"))
	}
	call.Token, d.token = token, token
	if _, err := permits(rules, call); err != nil {
		return d.gateway.refuse(r.Context(), d, err)
	}
	return nil
}

// passed returns the decision that let a request pass, and what it was about.
// In a test of a handler there may be none.
func passed(r *http.Request) (*decision, Call) {
	if p, ok := r.Context().Value(passageKey{}).(*passage); ok {
		return &decision{gateway: p.gateway, request: p.request, route: p.grant.route, raw: p.grant.raw}, Call{Request: p.request, Path: p.path}
	}
	request := plainRequest(r, authorization)
	path, err := canonicalPath(request.Target.Path)
	if err != nil {
		path = request.Target.Path
	}
	return &decision{gateway: silent, request: request}, Call{Request: request, Path: path}
}

// silent is the gateway of requests that passed none.
var silent = &Gateway{log: slog.New(slog.DiscardHandler), observer: nobody{}}
