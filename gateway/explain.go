// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/verifier"
)

// Explanation says how a gateway decides about a request, and why.
type Explanation struct {
	// Status is what would be answered: 200 if the request may pass, or else as
	// in [Refusal].
	Status int
	// Reason is why the request would be refused; empty if it may pass.
	Reason stapled.Reason
	// Detail is one line about the refusal. It never contains the token.
	Detail string
	// Route is the name of the route that decides; empty if none matches.
	Route string
	// Rule is the rule that lets the request in; empty if none does, or if the
	// route is open.
	Rule string
	// Steps are the steps of the decision in their order, one line each. None
	// contains the token.
	Steps []string
	// Issuer and Identity are those of the token, once it is acceptable; see
	// verifier.Token. Empty before.
	Issuer, Identity string
	// Grant is what [Gateway.Decide] would return.
	Grant Grant
}

// Explain decides about a request as [Gateway.Decide] does, by the same code,
// and says how. It writes nothing to the log and tells the observer nothing.
func (g *Gateway) Explain(r Request) Explanation {
	var e Explanation
	p := g.policy.Load()
	if p == nil {
		refusal := newRefusal(stapled.ConfigInvalid, errNotMade)
		e.Status, e.Reason, e.Detail = refusal.Status, refusal.Reason, refusal.Detail
		return e
	}
	d := decision{gateway: g, request: r, trace: func(step string) { e.Steps = append(e.Steps, step) }}
	grant, err := d.decide(p)
	if d.route != nil {
		e.Route = d.route.Name
	}
	if d.token != (verifier.Token{}) {
		e.Issuer, e.Identity = loggable(d.token.Issuer(), d.raw), loggable(d.token.Identity(), d.raw)
	}
	if err != nil {
		reason, detail := classify(err)
		refusal := newRefusal(reason, loggable(detail, d.raw))
		e.Status, e.Reason, e.Detail = refusal.Status, refusal.Reason, refusal.Detail
		d.step("refused: " + e.Detail)
		return e
	}
	if d.rule != nil {
		e.Rule = d.rule.String()
	}
	e.Status, e.Grant = 200, grant
	return e
}
