// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	_ "embed"
	"io"
	"strconv"
	"strings"
	"text/template"

	"github.com/stapledjwt/stapled"
)

//go:embed performance.md.tmpl
var performance string

// Report is the source of docs/performance.md.
type Report struct {
	Measurement *Measurement
	Machine     Machine
	Plan        Plan
	// Benchstat is the output of benchstat for the Go benchmarks.
	Benchstat string
	// Responders is the result for OCSP responders; nil if none was measured.
	Responders *Responders
	// Revocations and Cached are the results for a large CRL and behind nginx; nil
	// if not measured.
	Revocations *Revocations
	Cached      *Cached
	// Gateways is the result for `stapled gateway`; nil if not measured.
	Gateways *Gateways
}

// Ratios returns all results as numbers.
func (r Report) Ratios() Ratios {
	all := r.Measurement.Ratios()
	if r.Responders != nil {
		all.ResponderFirst, all.ResponderReused = r.Responders.row(packageFirst).OverBare, r.Responders.row(packageAgain).OverBare
		all.UpFirst, all.UpReused = r.Responders.row(withoutReuse).OverBare, r.Responders.row(withReuse).OverBare
		all.UpVsOpenSSL = r.Responders.row(withoutReuse + newConnections).OverOpenSSL
	}
	if r.Revocations != nil {
		all.CRLLoad, all.CRLLookUpAllocs = r.Revocations.OverX509, r.Revocations.LookUpAllocs
		all.CRLHeldBytes, all.CRLPeakBytes = r.Revocations.Held, r.Revocations.Peak
	}
	if r.Cached != nil {
		all.NginxRPS, all.NginxUpstreamRPS = r.Cached.Asked, r.Cached.Reached
	}
	if r.Gateways != nil {
		over := func(name string) float64 { return rounded(r.Gateways.row(name).Over.Median) }
		all.ForwardAuthReused, all.ForwardAuthNew = over(forwardReused), over(forwardNew)
		all.ExtAuthzReused, all.ExtAuthzNew = over(checkReused), over(checkNew)
		all.Proxy = rounded(r.Gateways.row(proxyReused).OverProcessor.Median)
		all.NginxGateway, all.NginxOCSP, all.NginxIntrospection = over(nginxReused), over(nginxOCSP), over(nginxIntro)
	}
	return all
}

// Markdown writes docs/performance.md.
func (r Report) Markdown(w io.Writer) error {
	page, err := template.New("performance.md").Parse(performance)
	if err != nil {
		return err
	}
	r.Benchstat = strings.TrimSpace(r.Benchstat)
	return page.Execute(w, r)
}

// Text writes the tables for a terminal.
func (r Report) Text(w io.Writer) error {
	m := r.Measurement
	tables := []*Table{m.Targets(), m.Verifying(), m.Signing(), m.Others(), m.Sizes(), m.StrangersTable(), r.MachineTable()}
	if r.Responders != nil {
		tables = append(tables, r.Responders.Targets(), r.Responders.Table())
	}
	if r.Revocations != nil {
		tables = append(tables, r.Revocations.Table())
	}
	if r.Cached != nil {
		tables = append(tables, r.Cached.Table())
	}
	if r.Gateways != nil {
		tables = append(tables, r.Gateways.Targets(), r.Gateways.Servers(), r.Gateways.Behind())
	}
	for _, t := range tables {
		if err := t.Text(w); err != nil {
			return err
		}
	}
	return nil
}

// MachineTable describes the machine and the versions.
func (r Report) MachineTable() *Table {
	t := &Table{Head: []string{"", ""}}
	t.add("processor", r.Machine.CPU)
	t.add("cores", strconv.Itoa(r.Machine.Cores))
	t.add("platform", r.Machine.Platform)
	t.add("Go", r.Machine.Go)
	if r.Machine.Load != "" {
		t.add("load average before the run", r.Machine.Load)
	}
	for _, peer := range r.Machine.Peers {
		t.add(peer.Path, peer.Version)
	}
	return t
}

// Busy reports whether something else was using the machine.
func (r Report) Busy() bool {
	load, err := strconv.ParseFloat(r.Machine.Load, 64)
	return err == nil && load > float64(r.Machine.Cores)
}

// HeaderBytes returns the size of our header, as the page writes it.
func (r Report) HeaderBytes() string { return grouped(int64(r.Measurement.HeaderBytes)) }

// Slot returns the time that each path has in a round.
func (r Report) Slot() string { return r.Plan.Slot.String() }

// Callers returns the number of callers that take turns.
func (r Report) Callers() int { return callers }

// Windows returns the number of parts in a throughput measurement.
func (r Report) Windows() int { return windows }

// ScalingRounds returns the number of rounds with undisturbed parts.
func (r Report) ScalingRounds() int { return r.Measurement.Scaling["warm_es256"].Rounds }

// Shown returns the number of strangers' tokens in the table.
func (r Report) Shown() int { return min(shown, len(r.Measurement.Strangers)) }

// MaxToken returns the size limit of a token.
func (r Report) MaxToken() string { return grouped(stapled.MaxTokenBytes) }

// MaxStaples returns the size limit of all staples of a token together.
func (r Report) MaxStaples() string { return grouped(stapled.MaxStapleBytes) }
