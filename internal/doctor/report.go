// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/internal/cli"
)

// Status is the result of a check. The zero value is no result.
type Status string

// The results. Only Missing is a verdict; Unseen and Unanswered are not.
const (
	OK      Status = "ok"
	Warn    Status = "warn"
	Missing Status = "missing"
	// Unseen means that nobody can see this from here.
	Unseen Status = "unseen"
	// Unanswered means that a server gave no answer, which may change.
	Unanswered Status = "unanswered"
)

// Check is one thing that was looked at.
type Check struct {
	// Name is stable: a group and what is checked, such as crl.fresh.
	Name string `json:"name"`
	// About is which of several things the check is about: the name of a
	// provisioner, or a file.
	About  string `json:"about,omitempty"`
	Status Status `json:"status"`
	Detail string `json:"detail"`
	// Advice says what to do. A check that warns, or that something is missing, has
	// at least one.
	Advice []Advice `json:"advice,omitempty"`
}

// Advice is one thing to do.
type Advice struct {
	Text string `json:"text"`
	// Lines are to be added or typed as they are.
	Lines []string `json:"lines,omitempty"`
}

func advise(text string, lines ...string) Advice { return Advice{Text: text, Lines: lines} }

// member is a member of a JSON object, for a line to add. Names and URLs may come
// from a server.
func member(name string, value any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // texts always encode
	}
	return fmt.Sprintf("%q: %s", name, strings.TrimSpace(b.String()))
}

// command is a line to type. Its words may come from a server, so that the shell
// must not see anything else in them.
func command(line string, words ...string) string {
	for _, word := range words {
		line += " " + cli.ShellQuote(word)
	}
	return line
}

// Report is the result of an examination.
type Report struct {
	At time.Time `json:"at"`
	// Result is Missing if a check is, otherwise Unanswered if one is, otherwise OK.
	Result Status `json:"result"`
	// Checks are in the order of [groups].
	Checks []Check `json:"checks"`
}

// groups are the first parts of the names of checks, in the order of the report.
var groups = []string{"directory", "root", "ca", "provisioner", "crl", "certificate", "responder", "token"}

// add appends a check.
func (r *Report) add(name string, status Status, detail string, advice ...Advice) {
	r.addAbout(name, "", status, detail, advice...)
}

func (r *Report) addAbout(name, about string, status Status, detail string, advice ...Advice) {
	r.Checks = append(r.Checks, Check{Name: name, About: about, Status: status, Detail: detail, Advice: advice})
}

// Count returns how many checks have a status.
func (r *Report) Count(status Status) int {
	n := 0
	for _, c := range r.Checks {
		if c.Status == status {
			n++
		}
	}
	return n
}

// finish puts the checks in order and concludes.
func (r *Report) finish(now time.Time) {
	r.At = now.UTC().Truncate(time.Second)
	slices.SortStableFunc(r.Checks, func(a, b Check) int { return a.rank() - b.rank() })
	r.Result = OK
	switch {
	case r.Count(Missing) > 0:
		r.Result = Missing
	case r.Count(Unanswered) > 0:
		r.Result = Unanswered
	}
}

func (c Check) rank() int {
	group, _, _ := strings.Cut(c.Name, ".")
	rank := slices.Index(groups, group)
	if rank < 0 {
		panic(fmt.Sprintf("doctor: check %s is of no group", c.Name)) // a mistake in this package
	}
	return rank
}
