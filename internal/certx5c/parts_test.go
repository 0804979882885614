// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certx5c_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/stranger"
	"github.com/stapledjwt/stapled/internal/testca"
)

// What is counted is what crypto/x509 would have to parse; see the catalogue
// for each limit.
func TestForgeriesOfParts(t *testing.T) {
	for _, s := range stranger.Shapes() {
		t.Run("T04_"+s.Name, func(t *testing.T) {
			der := s.Make(stapled.MaxChainBytes, stranger.Place{})
			n := certx5c.Count(der)
			within := n.Parts <= stapled.MaxParts && n.Bytes <= stapled.MaxPartBytes && n.Names <= stapled.MaxNames &&
				n.LongestID <= stapled.MaxExtensionIDBytes && n.LongestName <= stapled.MaxNameBytes && n.LongestAlgorithm <= stapled.MaxAlgorithmBytes && !n.EmptyRDN
			c, err := certx5c.ParseDER(der)
			if !within && !errors.Is(err, stapled.ChainInvalid) || within && c == nil && !errors.Is(err, stapled.ChainInvalid) {
				t.Errorf("%+v, and %v", n, err)
			}
		})
	}
	t.Run("T04_larger_than_x5c", func(t *testing.T) {
		der := stranger.Grown(stapled.MaxChainBytes+1, func(n int) stranger.Certificate { return stranger.Certificate{Serial: bytes.Repeat([]byte{1}, n)} })
		if _, err := certx5c.ParseDER(der); len(der) != stapled.MaxChainBytes+1 || !errors.Is(err, stapled.ChainInvalid) {
			t.Errorf("%d bytes, and %v", len(der), err)
		}
	})
	t.Run("T04_parts_of_two_certificates", func(t *testing.T) {
		var budget certx5c.Budget
		der := stranger.Certificate{Subject: stranger.Name(stapled.MaxParts/2+1, "a")}.DER()
		if err := budget.Spend(der); err != nil {
			t.Fatal(err)
		}
		if _, err := budget.Parse(der); !errors.Is(err, stapled.ChainInvalid) {
			t.Error(err)
		}
	})
}

// Counting allocates nothing, so a refusal costs next to nothing.
func TestCountingAllocatesNothing(t *testing.T) {
	for _, s := range stranger.Shapes() {
		der := s.Make(stapled.MaxChainBytes, stranger.Place{})
		if n := testing.AllocsPerRun(10, func() { certx5c.Count(der) }); n != 0 {
			t.Errorf("%s: %v allocations", s.Name, n)
		}
	}
}

// Time depends on the machine, and allocations do not: they are most of what
// parsing costs.
func TestPriceOfACertificate(t *testing.T) {
	const most = 500
	worst, at := 0.0, ""
	for _, s := range stranger.Shapes() {
		for _, size := range []int{512, 1024, 1536, 2048, 3072, 4096, stapled.MaxChainBytes} {
			if der, ok := s.Try(size); ok {
				if n := testing.AllocsPerRun(1, func() { _, _ = certx5c.ParseDER(der) }); n > worst {
					worst, at = n, fmt.Sprintf("%s of %d bytes", s.Name, len(der))
				}
			}
		}
	}
	t.Logf("%s: %v allocations", at, worst)
	if worst > most {
		t.Errorf("%s: %v allocations, more than %d", at, worst, most)
	}
}

// FuzzCount gives arbitrary bytes to the counter and the parser. Neither
// panics; a certificate that parses has no more parts than were counted, and
// exactly as many if the parser read its extensions.
func FuzzCount(f *testing.F) {
	seeds := 0
	for _, s := range stranger.Shapes() {
		if der, ok := s.Try(400); ok {
			f.Add(der)
			seeds++
		}
	}
	for _, c := range testca.New().Intermediate(func(t *testca.Template) {
		t.PermittedDNSDomains, t.ExcludedURIDomains = []string{"a.example", "b.example"}, []string{"c.example"}
		t.CRLDistributionPoints, t.OCSPServer = []string{"http://crl.example"}, []string{"http://ocsp.example"}
	}).Leaf().Chain() {
		f.Add(c.Raw)
		seeds++
	}
	if seeds == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		n := certx5c.Count(der)
		parsed, err := certx5c.ParseDER(der)
		if err != nil {
			if !errors.Is(err, stapled.ChainInvalid) || parsed != nil {
				t.Errorf("%v", err)
			}
			return
		}
		parts, names, size := stranger.Parts(parsed)
		if parts > n.Parts || names > n.Names || size > n.Bytes || len(parsed.Extensions) > 0 && (parts != n.Parts || names != n.Names || size != n.Bytes) {
			t.Errorf("counted %d parts of %d bytes and %d names, where there are %d of %d and %d", n.Parts, n.Bytes, n.Names, parts, size, names)
		}
	})
}
