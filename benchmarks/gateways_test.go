// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"strings"
	"testing"
	"text/template"
)

// TestGatewayTargets: a ratio below its target is not met, each row is compared
// in its own unit, and nothing that was not measured counts as met.
func TestGatewayTargets(t *testing.T) {
	g := &Gateways{Rows: []GatewayRow{
		{Name: forwardReused, Over: Spread{Median: 0.86}, OverProcessor: Spread{Median: 0.1}},
		{Name: forwardNew, Over: Spread{Median: 0.8499}},
		{Name: proxyReused, Over: Spread{Median: 0.1}, OverProcessor: Spread{Median: 0.96}},
		{Name: checkReused, Over: Spread{Median: 0.85}},
	}}
	var got []string
	for _, row := range g.Targets().Rows {
		got = append(got, row[len(row)-1])
	}
	if want := "yes **no** yes **no** yes"; strings.Join(got, " ") != want {
		t.Errorf("%s, want %s", strings.Join(got, " "), want)
	}
}

// TestGatewayTables: what has a processor time is a server by itself, and the
// rest is in front of a service.
func TestGatewayTables(t *testing.T) {
	g := &Gateways{Rows: []GatewayRow{
		{Name: bareForward, PerSecond: 30000, PerProcessorSecond: 35000},
		{Name: nginxAlone, PerSecond: 20000, P99: 1.25},
		{Name: nginxReused, PerSecond: 10000, P99: 2.5, Compared: nginxAlone, Over: Spread{Median: 0.5}},
	}}
	if rows := g.Servers().Rows; len(rows) != 1 || rows[0][0] != bareForward {
		t.Errorf("%q", rows)
	}
	if rows := g.Behind().Rows; len(rows) != 2 || strings.Join(rows[1], ",") != nginxReused+",10,000,0.500,2.50" {
		t.Errorf("%q", rows)
	}
}

// TestGatewaysOnThePage: the section of the page finds everything that it shows.
func TestGatewaysOnThePage(t *testing.T) {
	_, section, found := strings.Cut(performance, "{{with .Gateways}}")
	section, _, ends := strings.Cut(section, "{{end}}## A fleet")
	if !found || !ends {
		t.Fatal("the page has no section about gateways")
	}
	page, err := template.New("gateways").Parse(section)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	g := &Gateways{Rounds: 7, Slot: "1s", Tokens: 60000, Rows: []GatewayRow{{Name: nginxAlone, PerSecond: 1234}}}
	if err := page.Execute(&text, g); err != nil || !strings.Contains(text.String(), "| nginx | 1,234 | 1 | 0.00 |") {
		t.Errorf("%v: %s", err, text.String())
	}
}
