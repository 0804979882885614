// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/strictyaml"
)

var caseKeys = []string{"name", "method", "url", "token_file", "peer", "preflight", "at", "status", "reason", "route", "rule"}

// Case is a question with the answer that it should have.
type Case struct {
	Name string
	Question
	// Status is required; the others are compared if they are not empty.
	Status      int
	Reason      stapled.Reason
	Route, Rule string
}

// ReadCases reads a YAML file. Relative paths in it are relative to its
// directory.
func ReadCases(name string) ([]Case, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	doc, m := strictyaml.Read(name, data, "cases")
	f := file{filepath.Dir(name)}
	if !m.Has("cases") {
		m.Fail("cases", "is missing: list at least one case, such as - {url: https://billing.internal/, status: 401}")
	}
	var cases []Case
	for _, element := range m.List("cases", caseKeys...) {
		cases = append(cases, f.readCase(element))
	}
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return cases, nil
}

func (f file) readCase(m *strictyaml.Mapping) Case {
	c := Case{
		Name: m.Text("name"),
		Question: Question{
			Method: m.Text("method"), URL: m.Required("url", "https://billing.internal/orders"), Preflight: m.Bool("preflight", false),
		},
		Status: int(whole(m, "status", 200, 599)), Reason: stapled.Reason(m.Text("reason")), Route: m.Text("route"), Rule: m.Text("rule"),
	}
	if c.Name == "" {
		c.Name = strings.TrimSpace(c.Method + " " + c.URL)
	}
	if c.URL != "" {
		if _, err := c.request(true); err != nil {
			m.Fail("url", "%w", err)
		}
	}
	if !m.Has("status") {
		m.Fail("status", "is missing: write the expected answer: 200, 400, 401 or 403")
	}
	if c.Reason != "" && !slices.Contains(gateway.Reasons(), c.Reason) {
		m.Fail("reason", "%q is no reason that a gateway gives", string(c.Reason))
	}
	if text := m.Text("at"); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			m.Fail("at", "%q must be a time as in RFC 3339, such as 2026-11-28T12:00:00Z", text)
		}
		c.At = at
	}
	if file := f.absolute(m.Text("token_file")); file != "" {
		token, err := ReadTokenFile(file)
		if err != nil {
			m.Fail("token_file", "%w", err)
		}
		c.Token = token
	}
	if file := f.absolute(m.Text("peer")); file != "" {
		chain, err := certs.LoadChain(file)
		if err != nil {
			m.Fail("peer", "%w", err)
			return c
		}
		c.Peer = chain[0]
	}
	return c
}

// maxTokenFile is more than any token.
const maxTokenFile = 64 << 10

// ReadTokenFile reads a token, without the space around it and "Bearer " before
// it.
func ReadTokenFile(name string) (string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	if len(data) > maxTokenFile {
		return "", fmt.Errorf("%s is larger than any token", name)
	}
	token := strings.TrimSpace(string(data))
	if scheme, rest, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "bearer") {
		token = strings.TrimSpace(rest)
	}
	if token == "" {
		return "", fmt.Errorf("%s is empty: write a token into it", name)
	}
	return token, nil
}

// Differences says in what an answer is not as expected; empty if it is.
func (c Case) Differences(e gateway.Explanation) string {
	var all []string
	add := func(what, got, want string) {
		if want != "" && got != want {
			all = append(all, fmt.Sprintf("%s is %q, want %q", what, got, want))
		}
	}
	if e.Status != c.Status {
		all = append(all, fmt.Sprintf("status is %d, want %d", e.Status, c.Status))
	}
	add("reason", string(e.Reason), string(c.Reason))
	add("route", e.Route, c.Route)
	add("rule", e.Rule, c.Rule)
	if len(all) > 0 && e.Detail != "" {
		all = append(all, e.Detail)
	}
	return strings.Join(all, "; ")
}
