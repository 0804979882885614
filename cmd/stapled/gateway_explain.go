// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/gatewayserve"
	"github.com/stapledjwt/stapled/internal/terminal"
)

// explainFlags describe a request that is not sent.
type explainFlags struct {
	explain                          bool
	test                             string
	tokenFile, method, url, peer, at string
}

// explainNames are for --explain only.
var explainNames = []string{"token-file", "method", "url", "peer", "at"}

func (f explainFlags) check(changed func(string) bool, check bool) error {
	for _, name := range explainNames {
		if changed(name) && !f.explain {
			return cli.Usagef("--%s is for --explain: give that, too", name)
		}
	}
	switch {
	case f.explain && f.test != "", f.explain && check, f.test != "" && check:
		return cli.Usagef("--explain, --test and --check are three different questions: give one of them")
	case f.explain && f.url == "":
		return cli.Usagef("--url is missing: name the URL that the client asks for")
	}
	return nil
}

func (f explainFlags) question() (gatewayserve.Question, error) {
	q := gatewayserve.Question{Method: f.method, URL: f.url}
	if f.at != "" {
		clock, err := cli.ParseTime(f.at)
		if err != nil {
			return q, err
		}
		q.At = clock()
	}
	if f.tokenFile != "" {
		token, err := gatewayserve.ReadTokenFile(f.tokenFile)
		if err != nil {
			return q, fmt.Errorf("--token-file: %w", err)
		}
		q.Token = token
	}
	if f.peer != "" {
		chain, err := certs.LoadChain(f.peer)
		if err != nil {
			return q, fmt.Errorf("--peer: %w", err)
		}
		q.Peer = chain[0]
	}
	return q, nil
}

// explanation is the result of --explain as JSON.
type explanation struct {
	Status   int      `json:"status"`
	Reason   string   `json:"reason,omitempty"`
	Detail   string   `json:"detail,omitempty"`
	Route    string   `json:"route,omitempty"`
	Rule     string   `json:"rule,omitempty"`
	Issuer   string   `json:"issuer,omitempty"`
	Identity string   `json:"identity,omitempty"`
	Steps    []string `json:"steps"`
}

func (a *app) gatewayExplain(f gatewayFlags) error {
	q, err := f.question()
	if err != nil {
		return err
	}
	e, err := f.explainer()
	if err != nil {
		return err
	}
	answer, err := e.Explain(q)
	if err != nil {
		return cli.Usagef("--url: %w", err)
	}
	if a.JSON {
		err = a.PrintJSON(explanation{answer.Status, string(answer.Reason), answer.Detail, answer.Route, answer.Rule, answer.Issuer, answer.Identity, answer.Steps})
	} else {
		t := terminal.Of(a.Stdout)
		var b strings.Builder
		color, word := terminal.Green, "passes"
		if answer.Status != 200 {
			color, word = terminal.Red, "refused"
		}
		fmt.Fprintln(&b, t.Paint(color, word)+fmt.Sprintf("  %d", answer.Status))
		p := terminal.Page{Terminal: t, Out: &b}
		for _, field := range []struct{ name, value string }{
			{"reason", string(answer.Reason)}, {"detail", answer.Detail}, {"route", answer.Route}, {"rule", answer.Rule}, {"issuer", answer.Issuer}, {"identity", answer.Identity},
		} {
			if field.value != "" {
				p.Field(field.name, field.value)
			}
		}
		for _, step := range answer.Steps {
			p.Field("step", step)
		}
		err = a.Print(b.String())
	}
	if err == nil && answer.Status != 200 {
		return &cli.Rejection{}
	}
	return err
}

func (f gatewayFlags) explainer() (*gatewayserve.Explainer, error) {
	cfg, err := f.load()
	if err != nil {
		return nil, err
	}
	return gatewayserve.NewExplainer(cfg)
}

func (a *app) gatewayTest(f gatewayFlags) error {
	cases, err := gatewayserve.ReadCases(f.test)
	if err != nil {
		return err
	}
	e, err := f.explainer()
	if err != nil {
		return err
	}
	failed := 0
	t := terminal.Of(a.Stdout)
	for _, c := range cases {
		answer, err := e.Explain(c.Question)
		if err != nil {
			return err
		}
		differences := c.Differences(answer)
		if differences != "" {
			failed++
		}
		switch {
		case a.JSON:
			err = a.PrintJSON(struct {
				Case        string `json:"case"`
				OK          bool   `json:"ok"`
				Differences string `json:"differences,omitempty"`
			}{c.Name, differences == "", differences})
		case differences == "":
			err = a.Print(t.Paint(terminal.Green, "ok") + "    " + terminal.Printable(c.Name) + "\n")
		default:
			err = a.Print(t.Paint(terminal.Red, "FAIL") + "  " + terminal.Printable(c.Name+": "+differences) + "\n")
		}
		if err != nil {
			return err
		}
	}
	if failed > 0 {
		return &cli.Rejection{Err: errors.New(terminal.Count(failed, "case") + " of " + fmt.Sprint(len(cases)) + " failed")}
	}
	return nil
}
