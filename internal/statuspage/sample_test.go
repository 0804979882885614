// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package statuspage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/statuspage"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/stapledtest"
	"github.com/stapledjwt/stapled/verifier"
)

var noon = time.Date(2026, 11, 28, 12, 0, 20, 0, time.UTC)

// world is a CA with a verifier and a recorder on one clock.
type world struct {
	t        testing.TB
	ca       *stapledtest.CA
	verifier *verifier.Verifier
	recorder *statuspage.Recorder
}

func newWorld(t testing.TB) *world {
	ca := stapledtest.NewCA(t)
	ca.Clock.Set(noon)
	return &world{t, ca, ca.Verifier("billing"), statuspage.NewRecorder(ca.Clock.Now)}
}

// caller returns a function that makes an accepted token of an issuer.
func (w *world) caller(name string) func() verifier.Token {
	id := w.ca.Identity(name)
	return func() verifier.Token {
		token, err := w.verifier.Verify(w.ca.Token(id, issuer.Claims{Audience: []string{"billing"}}))
		if err != nil {
			w.t.Fatal(err)
		}
		return token
	}
}

func (w *world) accept(route string, token verifier.Token) {
	w.recorder.Observe(gateway.Event{Route: route, Outcome: gateway.OutcomeAccepted, Token: token})
}

func (w *world) refuse(route string, reason stapled.Reason, times int) {
	for range times {
		w.recorder.Observe(gateway.Event{Route: route, Outcome: gateway.OutcomeRejected, Reason: reason})
	}
}

// facts are those of a gateway with several routes and anchors.
func facts() statuspage.Facts {
	return statuspage.Facts{
		Version: "v1.0.0", Started: noon.Add(-75 * time.Hour),
		Reload: statuspage.Reload{Loaded: noon.Add(-26 * time.Hour)},
		Policy: []statuspage.Policy{
			{Name: "health", Path: "/healthz", Methods: []string{"GET", "HEAD"}, Open: true},
			{Name: "preflight", Path: "/*", Preflight: true, Open: true},
			{
				Name: "orders", Hosts: []string{"billing.internal", "billing.example.com"}, Path: "/orders/*", Methods: []string{"GET", "POST"}, Audience: "billing",
				BindTLS: true, Claims: []string{"sub", "tenant"},
				Callers: []string{"https://orders.internal", "spiffe://example.org/ns/shop/sa/checkout when request.method == \"GET\" && token.claims.tenant in [\"blue\", \"green\"]"},
			},
			{Name: "everything", Path: "/*", Audience: "billing", Callers: []string{"any"}},
		},
		Anchors: []statuspage.Anchor{
			{Name: "CN=Example Services Root CA 2024,O=Example Organization,C=DE", Label: "services", NotAfter: noon.AddDate(8, 0, 0)},
			{Name: "CN=Partner Intermediate CA,O=Partner", Label: "partner", Scope: []string{".partner.example", "spiffe://partner.example"}, NotAfter: noon.Add(12 * 24 * time.Hour)},
		},
	}
}

// anHour records an hour as a busy gateway has it.
func (w *world) anHour() {
	end := w.ca.Clock.Now()
	w.ca.Clock.Set(end.Add(-59 * time.Minute))
	var callers []func() verifier.Token
	for _, name := range []string{
		"https://orders.internal", "https://shipping.internal", "https://reporting-and-analytics.europe-west4.svc.example-organization.internal",
		"spiffe://example.org/ns/shop/sa/checkout", "spiffe://example.org/ns/shop/sa/cart", "stock.example.com", "https://nightly.internal",
	} {
		callers = append(callers, w.caller(name))
	}
	for minute := range 60 {
		for i, caller := range callers {
			// Some callers stopped, one after another.
			if minute > 59-i*7 && i > 3 {
				continue
			}
			token := caller()
			for range 20 + (minute*7+i*13)%23 {
				w.accept([]string{"orders", "everything"}[i%2], token)
			}
		}
		w.recorder.Observe(gateway.Event{Route: "health", Outcome: gateway.OutcomeAccepted})
		w.refuse("orders", stapled.CredentialsMissing, 3+minute%4)
		w.refuse("orders", stapled.TokenExpired, minute%5)
		w.refuse("everything", stapled.PolicyDenied, minute%3)
		if minute > 40 && minute < 47 {
			w.refuse("everything", stapled.StapleStale, 9)
			w.refuse("orders", stapled.CertificateRevoked, 4)
		}
		if minute%20 == 5 {
			w.refuse("everything", stapled.SignatureInvalid, 2)
			w.refuse("", stapled.RouteMissing, 1)
		}
		if minute < 59 {
			w.ca.Clock.Advance(time.Minute)
		}
	}
	w.ca.Clock.Set(end)
}

// many records so many issuers, in the order of their numbers.
func (w *world) many(n int) {
	for i := range n {
		w.accept("orders", w.caller(fmt.Sprintf("https://caller-%03d.internal", i))())
		w.ca.Clock.Advance(time.Millisecond)
	}
}
