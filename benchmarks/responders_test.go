// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"strings"
	"testing"
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
