// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package readme

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// rollover is a section of docs/rollover.md with numbered steps.
type rollover struct {
	// start returns the worlds in which to take the steps, by name.
	start map[string]func(*testing.T) *world
	// steps are by the words in bold, in order.
	steps []rolloverStep
	// never is what a warning of the page means, by its words in bold, unless
	// they are "Step N before step M".
	never map[string]func(*world)
}

type rolloverStep struct {
	words string
	take  func(*world)
}

func nothing(*world) {}

// ends makes a certificate that ends within the hour.
func ends() testca.Edit {
	return testca.Valid(testca.Now.AddDate(-9, 0, 0), testca.Now.Add(40*time.Minute))
}

func anotherKey() testca.Edit { return testca.WithKey(testca.Key(testca.P256, "another")) }

// belowRoot is a world whose verifiers trust the root.
func belowRoot(t *testing.T) *world {
	ca := testca.New().Intermediate()
	return newWorld(t, ca, ca.Issuer)
}

// withNextRoot is one that has made another root, which the old one certified.
func withNextRoot(edits ...testca.Edit) func(*testing.T) *world {
	return func(t *testing.T) *world {
		w := belowRoot(t)
		w.new = testca.New(edits...)
		w.nextCA = w.new.Intermediate(testca.Named("Next intermediate"))
		w.cross = w.old.Intermediate(testca.WithKey(w.new.Key), func(t *testca.Template) { t.Subject = w.new.Cert.Subject })
		return w
	}
}

// withNextIntermediate is one that has made another intermediate below the root.
func withNextIntermediate(edits ...testca.Edit) func(*testing.T) *world {
	return func(t *testing.T) *world {
		w := belowRoot(t)
		w.nextCA = w.old.Intermediate(edits...)
		return w
	}
}

var rollovers = map[string]rollover{
	"Renew a root": {
		start: map[string]func(*testing.T) *world{
			"root": func(t *testing.T) *world {
				ca := testca.New(ends()).Intermediate()
				w := newWorld(t, ca, ca.Issuer)
				w.new = testca.New(func(t *testca.Template) { t.SubjectKeyId = []byte("by another method") })
				w.nextCA = w.new.Intermediate(testca.Named("Next intermediate"))
				return w
			},
			"intermediate": func(t *testing.T) *world {
				ca := testca.New().Intermediate(ends())
				w := newWorld(t, ca, ca)
				w.new = ca.Issuer.Intermediate()
				w.nextCA = w.new
				return w
			},
			"intermediate beside its root": func(t *testing.T) *world {
				ca := testca.New().Intermediate(ends())
				w := newWorld(t, ca, ca, ca.Issuer)
				w.new = ca.Issuer.Intermediate()
				w.nextCA = w.new
				return w
			},
		},
		steps: []rolloverStep{
			{"CA: issue the new certificate for the same subject and key.", nothing},
			{"Verifiers: put the new certificate beside the old one.", func(w *world) {
				w.anyVerifier(func(v *trusting) { v.add(w.new) })
			}},
			{"Issuers: send the new certificate where `x5c` has the old one.", func(w *world) {
				w.anyIssuer(func(s *service) {
					if s.name != "stock" || w.old.Issuer != nil { // whoever omits it may go on
						s.enroll(w.nextCA)
					}
				})
			}},
			{"Wait until the old certificate ends.", func(w *world) { w.wait(w.old.Cert.NotAfter.Sub(w.now) + time.Minute) }},
			{"Verifiers: remove the old certificate.", func(w *world) {
				w.anyVerifier(func(v *trusting) { v.remove(w.old) })
			}},
		},
	},
	"Roll to a new root": {
		start: map[string]func(*testing.T) *world{
			"of the same name": withNextRoot(anotherKey()),
			"of another name":  withNextRoot(testca.Named("Next root")),
			"intermediate": func(t *testing.T) *world {
				ca := testca.New().Intermediate()
				w := newWorld(t, ca, ca)
				w.new = ca.Issuer.Intermediate(testca.Named("Next intermediate"))
				w.nextCA = w.new
				return w
			},
		},
		steps: []rolloverStep{
			{"CA: make the new root, an intermediate below it, and their responder.", nothing},
			{"Verifiers: add the new root beside the old one.", func(w *world) {
				w.anyVerifier(func(v *trusting) { v.add(w.new) })
			}},
			{"Issuers: get certificates from the new CA.", func(w *world) {
				w.anyIssuer(func(s *service) { s.enroll(w.nextCA) })
			}},
			{"Wait for the tokens in flight.", (*world).lastTokens},
			{"Verifiers: remove the old root.", func(w *world) {
				w.anyVerifier(func(v *trusting) { v.remove(w.old) })
			}},
			{"CA: retire the old root and its responder.", func(w *world) { w.retire(w.old, w.ca) }},
		},
	},
	"Roll to a new root with cross-signing": {
		start: map[string]func(*testing.T) *world{
			"of the same name": withNextRoot(anotherKey()),
			"of another name":  withNextRoot(testca.Named("Next root")),
		},
		steps: []rolloverStep{
			{"CA: make the new root and an intermediate below it, and have the old root certify the new root.", nothing},
			{"Issuers: get certificates from the new CA, and put the cross-certificate last in `x5c`.", func(w *world) {
				w.anyIssuer(func(s *service) { s.enroll(w.nextCA, w.cross) })
			}},
			{"Verifiers: add the new root beside the old one.", func(w *world) {
				w.anyVerifier(func(v *trusting) { v.add(w.new) })
			}},
			{"Issuers: leave the cross-certificate out.", func(w *world) {
				w.anyIssuer(func(s *service) {
					if !s.foreign {
						s.agree(w.new)
					} else if last := len(s.x5c) - 1; s.x5c[last] == w.cross {
						s.send(s.x5c[:last])
					}
				})
			}},
			{"Wait for the tokens in flight.", (*world).lastTokens},
			{"Verifiers: remove the old root.", func(w *world) {
				w.anyVerifier(func(v *trusting) { v.remove(w.old) })
			}},
			{"CA: retire the old root and its responder.", func(w *world) { w.retire(w.old, w.ca) }},
		},
	},
	"Move from a root to an intermediate as the anchor": {
		start: map[string]func(*testing.T) *world{
			"one intermediate": func(t *testing.T) *world {
				w := belowRoot(t)
				w.nextCA = w.ca
				return w
			},
			"two intermediates": func(t *testing.T) *world {
				w := withNextIntermediate(testca.Named("Second"))(t)
				w.issuers[1].enroll(w.nextCA)
				return w
			},
		},
		steps: []rolloverStep{
			{"Verifiers: add every intermediate that issues certificates, beside the root.", func(w *world) {
				w.anyVerifier(func(v *trusting) { v.add(w.ca, w.nextCA) })
			}},
			{"Issuers: leave the intermediate out of `x5c`.", func(w *world) {
				w.anyIssuer(func(s *service) {
					if !s.foreign {
						s.agree(w.ca, w.nextCA)
					}
				})
			}},
			{"Verifiers: remove the root.", func(w *world) {
				w.anyVerifier(func(v *trusting) { v.remove(w.old) })
			}},
		},
		never: map[string]func(*world){
			"Step 3 before an intermediate is added": func(w *world) {
				w.issuers[0].enroll(w.old.Intermediate(testca.Named("Forgotten")))
				w.anyVerifier(func(v *trusting) { v.trust([]*testca.Party{w.ca, w.nextCA}) })
			},
		},
	},
	"Move back from an intermediate to its root": {
		start: map[string]func(*testing.T) *world{"root": func(t *testing.T) *world {
			ca := testca.New().Intermediate()
			w := newWorld(t, ca, ca)
			w.new = ca.Issuer
			for _, s := range w.issuers {
				if !s.foreign {
					s.agree(ca)
				}
			}
			w.check()
			return w
		}},
		steps: []rolloverStep{
			{"Verifiers: add the root beside the intermediate.", func(w *world) {
				w.anyVerifier(func(v *trusting) { v.add(w.new) })
			}},
			{"Issuers: put the intermediate back into `x5c`.", func(w *world) {
				w.anyIssuer(func(s *service) { s.agree() })
			}},
			{"Wait for the tokens in flight.", (*world).lastTokens},
			{"Verifiers: remove the intermediate.", func(w *world) {
				w.anyVerifier(func(v *trusting) { v.remove(w.old) })
			}},
		},
	},
	"Replace an intermediate": {
		start: map[string]func(*testing.T) *world{
			"of the same name": withNextIntermediate(anotherKey()),
			"of another name":  withNextIntermediate(testca.Named("Next intermediate")),
		},
		steps: []rolloverStep{
			{"CA: make the new intermediate below the same root, and its responder.", nothing},
			{"Issuers: get certificates from the new intermediate.", func(w *world) {
				w.anyIssuer(func(s *service) { s.enroll(w.nextCA) })
			}},
			{"Wait for the tokens in flight.", (*world).lastTokens},
			{"CA: revoke the old intermediate.", func(w *world) {
				w.revoked = append(w.revoked, w.ca)
				w.check()
			}},
			{"CA: retire the old intermediate and its responder.", func(w *world) { w.retire(w.ca) }},
		},
	},
}

// described is what the page says about a rollover.
type described struct {
	steps, never []item
}

// item is an item of a list: its words in bold, and all of it on one line.
type item struct{ words, text string }

var (
	number  = regexp.MustCompile(`^\d\. `)
	bullet  = regexp.MustCompile(`^- `)
	bold    = regexp.MustCompile(`^\*\*(.*?)\*\*`)
	swapped = regexp.MustCompile(`This step and step (\d) may change places`)
	before  = regexp.MustCompile(`^Step (\d) before step (\d)$`)
	reason  = regexp.MustCompile("`([a-z_]+)`")
)

// readRollovers returns the sections of the page that have numbered steps.
func readRollovers(t *testing.T) map[string]described {
	t.Helper()
	sections := make(map[string]described)
	for _, text := range strings.Split(read(t, "docs/rollover.md"), "\n## ")[1:] {
		heading, text, _ := strings.Cut(text, "\n")
		var d described
		steps, never, _ := strings.Cut(text, "\nNever:\n")
		d.steps = items(t, steps, number)
		d.never = items(t, never, bullet)
		if len(d.steps) > 0 {
			sections[heading] = d
		}
	}
	return sections
}

func items(t *testing.T, text string, mark *regexp.Regexp) []item {
	t.Helper()
	var list []item
	open := false
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case mark.MatchString(line):
			list = append(list, item{text: mark.ReplaceAllString(line, "")})
			open = true
		case !open || line == "":
			open = false
		default:
			list[len(list)-1].text += " " + strings.TrimSpace(line)
		}
	}
	for i := range list {
		match := bold.FindStringSubmatch(list[i].text)
		if match == nil {
			t.Fatalf("docs/rollover.md: an item without words in bold: %s", list[i].text)
		}
		list[i].words = match[1]
	}
	return list
}

// take takes steps, by their index, until there is a refusal.
func (r rollover) take(w *world, order ...int) {
	for _, i := range order {
		if r.steps[i].take(w); w.refused != nil {
			return
		}
	}
}

// upTo returns the indexes below n, without one of them.
func upTo(n, without int) []int {
	var order []int
	for i := range n {
		if i != without {
			order = append(order, i)
		}
	}
	return order
}

// TestRollover takes the steps of docs/rollover.md: in order, without those that
// are optional, and with those exchanged that may change places. Nothing is
// refused. Then it does what the page warns of, and something is, with the
// reason that the page gives.
func TestRollover(t *testing.T) {
	page := readRollovers(t)
	if documented, tested := slices.Sorted(maps.Keys(page)), slices.Sorted(maps.Keys(rollovers)); !slices.Equal(documented, tested) {
		t.Fatalf("docs/rollover.md has the sections %q, and this test %q", documented, tested)
	}
	for heading, d := range page {
		r := rollovers[heading]
		for i := range max(len(d.steps), len(r.steps)) {
			if i >= len(d.steps) || i >= len(r.steps) || d.steps[i].words != r.steps[i].words {
				t.Fatalf("%s: the page has the steps %q, and this test %v", heading, d.steps, r.steps)
			}
		}
		for name, start := range r.start {
			t.Run(heading+"/"+name, func(t *testing.T) {
				for what, order := range d.orders(t) {
					w := start(t)
					if r.take(w, order...); w.refused != nil {
						t.Errorf("%s: %v", what, w.refused)
					}
					if w.accepted < 200 {
						t.Errorf("%s: only %d verifications", what, w.accepted)
					}
				}
				for _, warning := range d.never {
					r.violate(t, start(t), warning)
				}
			})
		}
	}
}

// orders returns the orders in which the page permits its steps.
func (d described) orders(t *testing.T) map[string][]int {
	t.Helper()
	orders := map[string][]int{"all steps": upTo(len(d.steps), -1)}
	for i, step := range d.steps {
		if strings.Contains(step.text, "** Optional") {
			orders["without step "+strconv.Itoa(i+1)] = upTo(len(d.steps), i)
		}
		if match := swapped.FindStringSubmatch(step.text); match != nil {
			other := atoi(t, match[1]) - 1
			order := upTo(len(d.steps), -1)
			order[i], order[other] = order[other], order[i]
			orders["steps exchanged"] = order
		}
	}
	return orders
}

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// violate does what the page warns of.
func (r rollover) violate(t *testing.T, w *world, warning item) {
	t.Helper()
	wrong := r.never[warning.words]
	if match := before.FindStringSubmatch(warning.words); match != nil {
		early, late := atoi(t, match[1])-1, atoi(t, match[2])-1
		if r.take(w, upTo(early, late)...); w.refused != nil {
			t.Errorf("%s: refused even before that: %v", warning.words, w.refused)
		}
		wrong = r.steps[early].take
	}
	match := reason.FindStringSubmatch(warning.text)
	if wrong == nil || match == nil {
		t.Fatalf("the warning %q: nothing to do, or no reason in it", warning)
	}
	if wrong(w); !errors.Is(w.refused, stapled.Reason(match[1])) {
		t.Errorf("%s: the first refusal is %v, and the page says %s", warning.words, w.refused, match[1])
	}
}
