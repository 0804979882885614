// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import "strconv"

// row returns the row of a name; a zero one if it was not measured.
func (g *Gateways) row(name string) GatewayRow {
	for _, row := range g.Rows {
		if row.Name == name {
			return row
		}
	}
	return GatewayRow{}
}

// Targets returns the table of targets.
func (g *Gateways) Targets() *Table {
	t := &Table{Head: []string{"path", "compared with", "requests in a second of", "target", "measured", "middle half of the rounds", "met"}}
	for _, row := range []struct {
		name      string
		target    float64
		processor bool
	}{
		{forwardReused, 0.85, false}, {forwardNew, 0.85, false}, {checkReused, 0.85, false}, {checkNew, 0.85, false}, {proxyReused, 0.95, true},
	} {
		of, r := "time", g.row(row.name)
		s := r.Over
		if row.processor {
			of, s = "processor time", r.OverProcessor
		}
		t.add(r.Name, r.Compared, of, "≥ "+strconv.FormatFloat(row.target, 'g', -1, 64), decimal(s.Median), between(s), met(s.Median >= row.target))
	}
	return t
}

// Servers returns the table of all servers that are asked directly.
func (g *Gateways) Servers() *Table {
	t := &Table{Head: []string{"server", "requests a second", "over its bare server", "requests a second of processor time", "over its bare server"}}
	for _, r := range g.Rows {
		if r.PerProcessorSecond == 0 {
			continue
		}
		over, overProcessor := "", ""
		if r.Compared != "" {
			over, overProcessor = decimal(r.Over.Median), decimal(r.OverProcessor.Median)
		}
		t.add(r.Name, grouped(int64(r.PerSecond+0.5)), over, grouped(int64(r.PerProcessorSecond+0.5)), overProcessor)
	}
	return t
}

// Behind returns the table of nginx and what it asks.
func (g *Gateways) Behind() *Table {
	t := &Table{Head: []string{"in front of the service", "requests a second", "over nginx alone", "99 of 100 within, ms"}}
	for _, r := range g.Rows {
		if r.PerProcessorSecond != 0 {
			continue
		}
		over := "1"
		if r.Compared != "" {
			over = decimal(r.Over.Median)
		}
		t.add(r.Name, grouped(int64(r.PerSecond+0.5)), over, strconv.FormatFloat(r.P99, 'f', 2, 64))
	}
	return t
}
