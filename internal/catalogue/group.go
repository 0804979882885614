// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"slices"

	"github.com/stapledjwt/stapled/internal/testca"
)

// Group holds the cases about a part of the specification. They are published
// in one file.
type Group struct {
	File, Title string
	Cases       []Case
}

// Groups returns all cases. The vectors are made in this order; otherwise the
// order does not matter.
func Groups() []Group {
	return []Group{
		{"size_shape.json", "Step 1: size and shape", short(sizeShapeCases())},
		{"header.json", "Step 2: header", short(headerCases())},
		{"certificates.json", "Step 3: certificates and key", certificateCases()},
		{"chain.json", "Step 4: chain", chainCases()},
		{"anchors_paths.json", "Step 4: what an anchor is, where it cuts the path, scopes, and anchors and audiences that change", anchorCases()},
		{"signature.json", "Step 5: signature", signatureCases()},
		{"staples_content.json", "Step 6: what a staple says, and about whom (rules 6.1 to 6.6)", stapleContentCases()},
		{"staples_signer.json", "Step 6: who signed a staple (rules 6.7 to 6.9)", stapleSignerCases()},
		{"staples_status.json", "Step 6: status and freshness (rules 6.10 to 6.14)", stapleStatusCases()},
		{"claims.json", "Step 7: claims", short(claimCases())},
		{"time.json", "Times: the ends of every window, and sequences in which it closes", timeCases()},
		{"order.json", "Tokens with two faults: the first rule that fails gives the reason", orderCases()},
		{"accepted.json", "Tokens that must be accepted: every algorithm and variant", acceptedCases()},
	}
}

// Cases returns the cases of all groups.
func Cases() []Case {
	var all []Case
	for _, g := range Groups() {
		all = append(all, g.Cases...)
	}
	return all
}

// Forgeries returns the cases with at least one token that must be rejected.
func Forgeries() []Case {
	return slices.DeleteFunc(Cases(), func(c Case) bool { return !c.Rejected() })
}

// Accepted returns the cases whose tokens must all be accepted.
func Accepted() []Case {
	return slices.DeleteFunc(Cases(), func(c Case) bool { return c.Rejected() })
}

// short gives the shortest chain to cases that are not about certificates.
func short(cases []Case) []Case {
	for i := range cases {
		if cases[i].leaf == nil {
			cases[i].leaf = func(m *Maker) *testca.Party { return m.short }
		}
	}
	return cases
}
