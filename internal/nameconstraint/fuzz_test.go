// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package nameconstraint_test

import (
	"crypto/x509"
	"testing"

	"github.com/stapledjwt/stapled/internal/nameconstraint"
	"github.com/stapledjwt/stapled/internal/testca"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// FuzzSubtree takes an arbitrary base and an arbitrary name. Nothing panics, and
// a name that the base permits is one that it excludes: what lies within a
// subtree for sure may lie within it.
func FuzzSubtree(f *testing.F) {
	seeds := 0
	for _, row := range rows {
		for _, base := range append(row.permitted, row.excluded...) {
			for _, name := range row.names {
				f.Add([]byte(base), []byte(name))
				seeds++
			}
			if row.subject != nil {
				f.Add([]byte(base), []byte(testca.GeneralName(append([]byte{0xa4, byte(len(row.subject))}, row.subject...))))
			}
		}
	}
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, base, name []byte) {
		if !isElement(base) || !isElement(name) || len(base)+len(name) > 1<<16 {
			return
		}
		leaf := made(empty, cn("CA"), testca.AltNames(name))
		check := func(c testca.Constraints) error {
			return nameconstraint.Check([]*x509.Certificate{leaf, made(cn("CA"), cn("CA"), c.Edit)})
		}
		permitted, excluded := check(testca.Constraints{Permitted: names(base)}), check(testca.Constraints{Excluded: names(base)})
		if base[0] == name[0] && permitted == nil && excluded == nil {
			t.Errorf("base %x neither excludes %x nor permits only others", base, name)
		}
		if base[0] != name[0] && (permitted == nil) != (excluded == nil) {
			t.Errorf("base %x is of another kind than %x, and permits it (%v) or excludes it (%v)", base, name, permitted, excluded)
		}
	})
}

// isElement reports whether the bytes are one element of DER: two would be two
// names.
func isElement(der []byte) bool {
	input := cryptobyte.String(der)
	return input.ReadAnyASN1Element(new(cryptobyte.String), new(cbasn1.Tag)) && input.Empty()
}

// BenchmarkMost compares the most names and the most subtrees that a path can
// have: more than fit into the certificates of a token.
func BenchmarkMost(b *testing.B) {
	var bases, all []testca.GeneralName
	for i := range nameconstraint.MaxSubtrees {
		bases = append(bases, testca.DNS(string(rune('a'+i%26))+".h.example"))
	}
	for range 64 {
		all = append(all, testca.DNS("a.g.example"))
	}
	path := []*x509.Certificate{made(empty, cn("CA"), testca.AltNames(all...))}
	for i := range 5 {
		path = append(path, made(cn(string(rune('A'+i))), cn("another"), testca.Constraints{Excluded: bases}.Edit, testca.AltNames(all...)))
	}
	for b.Loop() {
		if err := nameconstraint.Check(path); err != nil {
			b.Fatal(err)
		}
	}
}
