// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/verifier"
)

// Decide decides about a request. It returns either a Grant or a Refusal, never
// both and never neither. It reports to the log and the observer.
//
// A [Refusal] is not an error, so a nil Refusal cannot become a non-nil error.
func (g *Gateway) Decide(ctx context.Context, r Request) (Grant, *Refusal) {
	d := decision{gateway: g, request: r}
	return d.run(ctx)
}

// run decides, and reports.
func (d *decision) run(ctx context.Context) (Grant, *Refusal) {
	p := d.gateway.policy.Load()
	if p == nil {
		return Grant{}, newRefusal(stapled.ConfigInvalid, errNotMade)
	}
	grant, err := d.decide(p)
	if err != nil {
		return Grant{}, d.gateway.refuse(ctx, d, err)
	}
	d.gateway.accept(ctx, d, grant)
	return grant, nil
}

const errNotMade = "this Gateway was not made by gateway.New"

// decision is a request on its way to a verdict.
type decision struct {
	gateway *Gateway
	request Request
	path    string         // as in [Call]
	route   *Route         // once one matches
	rule    Rule           // that lets in
	raw     string         // the token, to keep it out of the log
	token   verifier.Token // once it is accepted
	took    time.Duration  // to verify the token
	// trace is told every step of a decision that is explained. nil otherwise.
	trace func(string)
}

// decide does the steps of a decision.
func (d *decision) decide(p *policy) (Grant, error) {
	r := &d.request
	// 1. It is clear what was requested.
	if r.Rejected != nil {
		return Grant{}, stapled.Errorf(stapled.ForwardedRejected, "%w", r.Rejected)
	}
	// 2. The route: the first that matches. Without one, nobody is let in.
	if err := d.choose(p); err != nil {
		return Grant{}, err
	}
	if d.route.Open {
		d.step("the route is open: no token is looked at")
		return Grant{route: d.route, header: d.gateway.tokenHeader}, nil
	}
	// 3. Exactly one place for exactly one token.
	raw, err := d.gateway.credential(r.Credentials)
	if err != nil {
		return Grant{}, err
	}
	d.raw = raw
	d.step("the request has one token")
	// 4. The token.
	start := time.Now()
	token, err := d.route.Verifier.VerifyBound(raw, verifier.Bindings{Peer: r.Peer})
	d.took = time.Since(start)
	if err == nil && token == (verifier.Token{}) {
		err = errors.New("the verifier returned neither a token nor an error")
	}
	if err != nil {
		return Grant{}, err
	}
	d.token = token
	d.step("the token is acceptable")
	// 5. What the route wants the token to be bound to.
	call := Call{Token: token, Request: *r, Path: d.path}
	if len(d.route.Allow) > 1 {
		call.claims = new(decodedClaims) // for the rules to share
	}
	if err := d.route.bound(call); err != nil {
		return Grant{}, err
	}
	// 6. The claims that the route requires, and who may call.
	if err := d.route.checkClaims(call); err != nil {
		return Grant{}, err
	}
	if d.rule, err = d.permits(call); err != nil {
		return Grant{}, err
	}
	return Grant{route: d.route, token: token, raw: raw, header: d.gateway.tokenHeader}, nil
}

// choose finds the route.
func (d *decision) choose(p *policy) error {
	r := &d.request
	a := aim{path: r.Target.Path, method: r.Method, preflight: r.Preflight}
	// A path that is not canonical may reach another route than the one that it
	// is for, so only a route that says so takes it, byte for byte.
	var notCanonical error
	if !p.raw {
		path, err := canonicalPath(a.path)
		if err == nil {
			a.path = path
		}
		notCanonical = err
	}
	d.path = a.path
	readable := true
	if p.byHost {
		a.host, readable = hostname(r.Target.Host)
	}
	for i := range p.routes {
		if !readable {
			break
		}
		why := p.routes[i].mismatch(a)
		if why == "" {
			d.route = &p.routes[i]
			break
		}
		if d.trace != nil {
			d.trace("route " + p.routes[i].Name + " is for " + why)
		}
	}
	switch {
	case notCanonical != nil && (d.route == nil || !d.route.UnsafeRawPath):
		return stapled.Errorf(stapled.PathRejected, "%w", notCanonical)
	case !readable:
		return stapled.Errorf(stapled.RouteMissing, "the host of the request is not a host")
	case d.route == nil:
		return stapled.Errorf(stapled.RouteMissing, "no route of the policy is for this host, path and method")
	}
	if d.trace != nil {
		d.trace("route " + d.route.Name + " matches")
	}
	return nil
}

// step reports a step of a decision that is explained.
func (d *decision) step(text string) {
	if d.trace != nil {
		d.trace(text)
	}
}

// permits looks for the rule that lets the call in.
func (d *decision) permits(call Call) (Rule, error) {
	rule, err := permits(d.route.Allow, call)
	if err == nil && d.trace != nil {
		d.trace("the rule " + rule.String() + " lets the caller in")
	}
	return rule, err
}

// accept reports a grant to the log and the observer.
func (g *Gateway) accept(ctx context.Context, d *decision, grant Grant) {
	g.observe(ctx, Event{Route: grant.Route(), Outcome: OutcomeAccepted, Took: d.took, Request: d.request, Token: grant.Token()})
	if g.accepted.Enabled(ctx, slog.LevelDebug) {
		token, r := grant.Token(), d.request
		g.accepted.LogAttrs(ctx, slog.LevelDebug, "request accepted",
			slog.String("issuer", loggable(token.Issuer(), d.raw)), slog.String("jti", loggable(token.ID(), d.raw)),
			slog.String("route", grant.Route()), slog.String("remote", r.RemoteAddr),
			slog.String("method", r.Loggable(r.Method)), slog.String("path", r.LoggablePath()))
	}
}

// refuse returns the refusal, and reports the cause to the log and the
// observer.
func (g *Gateway) refuse(ctx context.Context, d *decision, err error) *Refusal {
	reason, detail := classify(err)
	refusal := newRefusal(reason, loggable(detail, d.raw))
	route := ""
	if d.route != nil {
		route = d.route.Name
	}
	g.observe(ctx, Event{Route: route, Outcome: OutcomeRejected, Reason: refusal.Reason, Took: d.took, Request: d.request, Token: d.token})
	if g.log.Enabled(ctx, slog.LevelInfo) {
		g.log.LogAttrs(ctx, slog.LevelInfo, "request rejected",
			slog.String("reason", string(refusal.Reason)), slog.String("detail", refusal.Detail),
			slog.String("route", route), slog.String("remote", d.request.RemoteAddr),
			slog.String("method", d.request.Loggable(d.request.Method)), slog.String("path", d.request.LoggablePath()))
	}
	return refusal
}

// classify splits an error into its reason and the detail for the log.
func classify(err error) (reason stapled.Reason, detail string) {
	e, ok := errors.AsType[*stapled.Error](err)
	switch {
	case !ok:
		return stapled.Unclassified, err.Error()
	case e == nil || e.Reason == "":
		return stapled.Unclassified, "the verifier's error has no reason"
	case e.Err == nil:
		return e.Reason, ""
	}
	return e.Reason, e.Err.Error()
}
