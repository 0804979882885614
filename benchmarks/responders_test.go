// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"strings"
	"testing"
	"text/template"
)

// TestRespondersCompareLikeWithLike: kept connections with kept ones.
func TestRespondersCompareLikeWithLike(t *testing.T) {
	path := func(name string, keep bool, rates ...float64) *responderPath {
		return &responderPath{name: name, keep: keep, rates: rates}
	}
	r := summarize(ResponderPlan{Certificates: 9000, Again: 10}, []*responderPath{
		path(withoutReuse, true, 30, 60, 90), path(withoutReuse+newConnections, false, 20, 20, 20),
		path(commitBefore, true, 10, 20, 30), path(commitBefore+newConnections, false, 5, 5, 5),
		path(opensslOCSP, false, 40, 40, 40), path(signingHandler, true, 60, 60, 60),
	})
	for i, want := range []ResponderRow{
		{withoutReuse, 60, 3, 1.5, 1},
		{withoutReuse + newConnections, 20, 4, 0.5, 0},
		{commitBefore, 20, 0, 0.5, 0},
		{commitBefore + newConnections, 5, 0, 0.125, 0},
		{opensslOCSP, 40, 8, 0, 0},
	} {
		if r.Rows[i] != want {
			t.Errorf("got %+v, want %+v", r.Rows[i], want)
		}
	}
	if markdown := r.Table().Markdown(); !strings.Contains(markdown, "| 3.000 | 1.500 | 1.000 |") {
		t.Error(markdown)
	}
}

// TestResponderPKI holds that every certificate has a request, below one root.
func TestResponderPKI(t *testing.T) {
	p, err := newPKI(3)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.certs) != 3 || len(p.requests) != 3 {
		t.Errorf("%d certificates and %d requests, want 3", len(p.certs), len(p.requests))
	}
	if err := p.intermediate.CheckSignatureFrom(p.root); err != nil {
		t.Error(err)
	}
}

// TestServersInThePage: the page has what was measured about servers, and nothing
// about what was not.
func TestServersInThePage(t *testing.T) {
	_, rest, found := strings.Cut(performance, "{{with .Responders}}")
	part, _, ends := strings.Cut(rest, "## A fleet of issuers")
	if !found || !ends {
		t.Fatal("the page has no such part")
	}
	page := template.Must(template.New("").Parse("{{with .Responders}}" + part))
	render := func(r Report) string {
		t.Helper()
		var b strings.Builder
		if err := page.Execute(&b, r); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if text := strings.TrimSpace(render(Report{})); text != "" {
		t.Errorf("nothing was measured: %s", text)
	}
	text := render(Report{
		Responders: &Responders{Rows: []ResponderRow{
			{Name: packageFirst, OverBare: 0.81}, {Name: packageAgain, OverBare: 0.7}, {Name: bareHandler, PerSecond: 40_000},
		}},
		Revocations: &Revocations{Entries: 1_000_000, OverX509: 0.5, Held: 32, Peak: 82, ListBytes: 49_000_000},
		Cached:      &Cached{Certificates: 1000, Validity: 20, Asked: 5000, Reached: 100},
	})
	for _, want := range []string{
		"| ≥ 0.75 | 0.700 | **no** |", "| ≥ 0.8 | 0.810 | yes |", "| a bare handler, the same bytes | 40,000 |",
		"| a CRL of 1,000,000 entries |", "| ≤ 1.5 | 0.500 | yes |", "| ≤ 60 | 32.000 | yes |",
		"| 1,000 | 20 s | 5,000 | 100.000 |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
}
