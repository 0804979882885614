// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Table is a table of results.
type Table struct {
	Head []string
	Rows [][]string
}

func (t *Table) add(cells ...string) { t.Rows = append(t.Rows, cells) }

// Markdown returns the table in GitHub's format.
func (t *Table) Markdown() string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(t.Head)
	b.WriteString(strings.Repeat("|---", len(t.Head)) + "|\n")
	for _, row := range t.Rows {
		line(row)
	}
	return b.String()
}

// Text writes the table for a terminal.
func (t *Table) Text(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		fmt.Fprintln(out, strings.ReplaceAll(strings.Join(row, "\t"), "**", ""))
	}
	fmt.Fprintln(out)
	return out.Flush()
}

// Targets returns the targets and the measured results.
func (m *Measurement) Targets() *Table {
	t := &Table{Head: []string{"path", "compared with", "target", "measured", "middle half of the rounds", "met"}}
	r := m.Ratios()
	cost := func(name, does, over string, target float64) {
		s := m.Cost(name)
		t.add(does, over, "≤ "+strconv.FormatFloat(target, 'g', -1, 64), decimal(s.Median), between(s), met(s.Median <= target))
	}
	without := func(name, does, over string) { // a target
		s := m.Cost(name)
		t.add(does, over, "", decimal(s.Median), between(s), "")
	}
	count := func(target, measured uint64, unit, of string) {
		t.add("", "", fmt.Sprintf("≤ %d %s", target, unit), fmt.Sprint(measured)+of, "", met(measured <= target))
	}
	allocations := func(name string, target uint64) {
		of := ""
		if raw := m.Memory[m.path(name).Raw].Allocs; raw > 0 && name != "hot" {
			of = fmt.Sprintf(", of which %d are the primitive's", raw)
		}
		count(target, m.Memory[name].Allocs, "allocations", of)
	}
	cost("hot", "token seen before", "raw verify", 0.015)
	allocations("hot", 0)
	for _, alg := range []struct {
		name, does string
		target     float64
	}{
		{"warm_es256", "header seen before, new token: ES256", 1.10},
		{"warm_eddsa", "EdDSA", 1.10},
		{"warm_rs256", "RS256", 1.25},
	} {
		cost(alg.name, alg.does, "raw verify", alg.target)
		allocations(alg.name, 15)
		count(4096, m.Memory[alg.name].Bytes, "bytes", "")
	}
	cost("restaple", "new staple, known chain", "2 raw verifies", 1.2)
	without("new_leaf", "new leaf, known intermediate", "3 raw verifies")
	cost("cold", "all new, caches off", "4 raw verifies", 1.15)
	cost("cold_cached", "all new, caches on", "4 raw verifies", 1.15)
	without("parse_chain", "of which x509.ParseCertificate, leaf and intermediate", "4 raw verifies")
	for _, row := range []struct{ name, does string }{
		{"warm_es256", "header seen before, 2 goroutines"},
		{"hot", "token seen before, 2 goroutines"},
	} {
		s := m.Scaling[row.name]
		t.add(row.does, "1 goroutine", "≥ 1.85", decimal(s.Median), between(s.Spread), met(s.Median >= 1.85))
	}
	raw := m.Scaling["raw_es256"]
	t.add("for comparison: raw verify, 2 goroutines", "1 goroutine", "", decimal(raw.Median), between(raw.Spread), "")
	cost("sign_es256", "Issuer.Sign with a held staple", "raw sign", 1.20)
	allocations("sign_es256", 20)
	issuers := fmt.Sprintf("%s distinct issuers in turn", grouped(int64(m.Issuers.Count)))
	t.add(issuers, "all new, caches off", "≤ 1", decimal(m.Issuers.OverCold.Median), between(m.Issuers.OverCold), met(m.Issuers.OverCold.Median <= 1))
	t.add("", "budget of the caches", "≤ "+mebibytes(m.Issuers.Budget), mebibytes(m.Issuers.Largest), "", met(m.Issuers.Largest <= m.Issuers.Budget))
	t.add("cached header", "bytes of the header", "≤ 2.5", decimal(r.CachedHeader), "", met(r.CachedHeader <= 2.5))
	return t
}

// Verifying compares verification with the peers'.
func (m *Measurement) Verifying() *Table {
	t := &Table{Head: []string{"verifies a token", "chain and revocation", "ns", "allocs", "bytes", "stapled over this"}}
	for _, row := range []struct{ name, does, revocation string }{
		{"hot", "stapled, token seen before", "yes"},
		{"warm_es256", "stapled, header seen before", "yes"},
		{"restaple", "stapled, new staple", "yes"},
		{"new_leaf", "stapled, new leaf", "yes"},
		{"cold", "stapled, all new", "yes"},
		{"golang_jwt", "golang-jwt, small header", "no"},
		{"golang_jwt_our_header", "golang-jwt, our header", "no"},
		{"go_jose", "go-jose, small header", "no"},
		{"go_jose_our_header", "go-jose, our header", "no"},
		{"jwx", "jwx, small header", "no"},
		{"jwx_our_header", "jwx, our header", "no"},
		{"go_jose_naive", "go-jose + x509.Verify + x/crypto/ocsp", "naively"},
		{"raw_es256", "ecdsa.VerifyASN1 alone", ""},
	} {
		m.compare(t, row.name, []string{row.does, row.revocation}, "warm_es256")
	}
	return t
}

// Signing compares signing with the peers'.
func (m *Measurement) Signing() *Table {
	t := &Table{Head: []string{"signs a token with our header", "ns", "allocs", "bytes", "stapled over this"}}
	for _, name := range []string{"sign_es256", "golang_jwt_sign", "go_jose_sign", "jwx_sign", "raw_sign_es256"} {
		m.compare(t, name, []string{m.path(name).Does}, "sign_es256")
	}
	return t
}

// Others compares the other algorithms with their primitives.
func (m *Measurement) Others() *Table {
	t := &Table{Head: []string{"operation", "ns", "allocs", "bytes"}}
	for _, name := range []string{"warm_eddsa", "raw_eddsa", "warm_rs256", "raw_rs256"} {
		t.add(m.path(name).Does, m.nanoseconds(name), fmt.Sprint(m.Memory[name].Allocs), fmt.Sprint(m.Memory[name].Bytes))
	}
	return t
}

func (m *Measurement) compare(t *Table, name string, cells []string, ours string) {
	over := ""
	if m.path(name).Raw != "" && name != ours && !isOurs(name) {
		over = decimal(m.Ratio(ours, name).Median)
	}
	t.add(append(cells, m.nanoseconds(name), fmt.Sprint(m.Memory[name].Allocs), fmt.Sprint(m.Memory[name].Bytes), over)...)
}

func isOurs(name string) bool {
	switch name {
	case "hot", "restaple", "new_leaf", "cold":
		return true
	}
	return false
}

func (m *Measurement) nanoseconds(name string) string {
	return grouped(int64(m.Nanoseconds(name) + 0.5))
}

// decimal writes a ratio with enough digits that one that misses its target
// never looks as if it met it.
func decimal(x float64) string {
	if x < 0.1 {
		return strconv.FormatFloat(x, 'f', 4, 64)
	}
	return strconv.FormatFloat(x, 'f', 3, 64)
}

func between(s Spread) string { return decimal(s.Low) + " to " + decimal(s.High) }

func met(ok bool) string {
	if ok {
		return "yes"
	}
	return "**no**"
}

func mebibytes(n int64) string { return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB" }

// grouped writes 1234567 as 1,234,567.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
