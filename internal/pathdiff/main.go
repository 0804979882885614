// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command pathdiff makes random certification paths, and compares what package
// certpath says about them with `openssl verify`. It fails if package certpath
// accepts a path that openssl refuses, except in the last second of a
// certificate, or if it alone refuses one for a reason that is not written down
// here. It writes such paths to a directory, with the command to repeat.
//
// scripts/interop-openssl-verify.sh runs it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled/internal/testca"
)

func main() {
	seed := flag.Uint64("seed", 5280, "`seed` of the random paths")
	chains := flag.Int("chains", 2000, "`number` of paths")
	out := flag.String("out", "", "`directory` for paths on which the two disagree (default: a temporary one)")
	flag.Parse()
	if err := run(*seed, *chains, *out); err != nil {
		fmt.Fprintln(os.Stderr, "pathdiff:", err)
		os.Exit(1)
	}
}

func run(seed uint64, chains int, out string) error {
	openssl, err := newOpenSSL()
	if err != nil {
		return err
	}
	defer openssl.close()
	if out == "" {
		if out, err = os.MkdirTemp("", "pathdiff-"); err != nil {
			return err
		}
	}
	fmt.Printf("%d paths, seed %d, against %s\n", chains, seed, openssl.version)
	t := newTally()
	for n := range chains {
		// Each path has a generator of its own, so that one can be repeated alone.
		s := newScenario(rand.New(rand.NewPCG(seed, uint64(n))))
		ours := accept(s.parties(false))
		theirs, err := openssl.verify(s.parties(true))
		if err != nil {
			return err
		}
		if !t.count(s, ours, theirs) {
			name := fmt.Sprintf("%s/seed-%d-path-%d", out, seed, n)
			if err := write(name, s, ours, theirs, openssl); err != nil {
				return err
			}
			fmt.Printf("disagreement, written to %s.*\n  package certpath: %v\n  openssl verify:   %v\n", name, ours, theirs)
		}
	}
	return t.report()
}

// tally counts the outcomes.
type tally struct {
	both, neither, lastSecond, failures int
	// byUs are the refusals of package certpath alone, by what explains them.
	byUs map[string]int
	// features are what the paths have, and the accepted ones among them.
	features, accepted map[string]int
}

func newTally() *tally {
	return &tally{byUs: make(map[string]int), features: make(map[string]int), accepted: make(map[string]int)}
}

// count counts a path, and reports whether its outcome is as it must be.
func (t *tally) count(s *scenario, ours, theirs error) bool {
	for feature := range s.features {
		t.features[feature]++
		if ours == nil {
			t.accepted[feature]++
		}
	}
	switch {
	case ours == nil && theirs == nil:
		t.both++
	case ours != nil && theirs != nil:
		t.neither++
	case ours == nil && s.features[lastSecond] && strings.Contains(theirs.Error(), "certificate has expired"):
		t.lastSecond++
	case ours == nil:
		t.failures++
		return false
	default:
		why, ok := explain(ours)
		t.byUs[why]++
		if !ok {
			t.failures++
			return false
		}
	}
	return true
}

func (t *tally) report() error {
	fmt.Printf("%6d accepted by both\n%6d refused by both\n", t.both, t.neither)
	fmt.Printf("%6d accepted by package certpath only, in the last second of a certificate\n", t.lastSecond)
	total := 0
	for _, n := range t.byUs {
		total += n
	}
	fmt.Printf("%6d refused by package certpath only:\n", total)
	for _, why := range sorted(t.byUs) {
		fmt.Printf("%10d %s\n", t.byUs[why], why)
	}
	fmt.Println("paths with each feature, and those accepted by package certpath:")
	for _, feature := range sorted(t.features) {
		fmt.Printf("%10d %6d %s\n", t.features[feature], t.accepted[feature], feature)
	}
	fmt.Printf("%6d disagreements that must not be\n", t.failures)
	switch {
	case t.failures > 0:
		return fmt.Errorf("%d paths must be judged as openssl does, or the difference explained", t.failures)
	case t.both < t.neither/20 || t.neither == 0:
		return errors.New("hardly any path is accepted, or refused, by both: the paths are too much alike")
	}
	return nil
}

func sorted(counts map[string]int) []string {
	var names []string
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	return names
}

// write writes a path as openssl was given it, as package certpath was, and what
// both say.
func write(name string, s *scenario, ours, theirs error, o *openssl) error {
	given := s.parties(false)
	asked := s.parties(true)
	text := fmt.Sprintf("%v\n\npackage certpath: %v\nopenssl verify:   %v\n\nopenssl %s\n",
		sorted(count(s.features)), ours, theirs, strings.Join(o.arguments(asked, name+".anchor.pem", name+".untrusted.pem", name+".leaf.pem"), " "))
	if err := writeFiles(asked, name+".anchor.pem", name+".untrusted.pem", name+".leaf.pem"); err != nil {
		return err
	}
	if err := os.WriteFile(name+".given.pem", encode(certificates(given)...), 0o600); err != nil {
		return err
	}
	return os.WriteFile(name+".txt", []byte(text), 0o600)
}

func count(set map[string]bool) map[string]int {
	counts := make(map[string]int)
	for name := range set {
		counts[name] = 1
	}
	return counts
}

// now is the time of all verifications.
var now = testca.Now
