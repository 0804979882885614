// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/stranger"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/verifier"
)

// Stranger is what it costs to refuse one shape of token from somebody without
// a certificate of the CA.
type Stranger struct {
	Name string
	// Bytes is the size of the token.
	Bytes int
	// Verifications is the number of signatures that are verified, all of them
	// with P-256.
	Verifications int
	// Nanoseconds is the time of Verify.
	Nanoseconds float64
	// Rest is the time without the verifications, in raw verifications.
	Rest Spread
}

// strangerRounds is the number of times that each shape is measured, in turn
// with the raw verification.
const strangerRounds = 7

// Strangers measures every shape for about as long as the slot in each round,
// at a verifier that knows the genuine CAs, as after the first such token. The
// most expensive comes first.
func (s *Setup) Strangers(slot time.Duration) ([]Stranger, error) {
	v, tokens, err := newStrangers()
	if err != nil {
		return nil, err
	}
	raw := s.path("raw_es256")
	var all []Stranger
	for _, t := range tokens {
		one := Stranger{Name: t.Name, Bytes: len(t.Raw)}
		for range 2 { // the first makes the genuine CAs known
			if one.Verifications, err = refuse(v, t.Raw); err != nil {
				return nil, fmt.Errorf("%s: %w", t.Name, err)
			}
		}
		p := Path{Name: t.Name, Raw: raw.Name, Batch: repeated(1, func(int) error {
			if _, err := v.Verify(t.Raw); err == nil {
				return fmt.Errorf("it is accepted")
			}
			return nil
		})}
		count, err := p.count(slot)
		if err != nil {
			return nil, err
		}
		var times, rest []float64
		for range strangerRounds {
			each, beside, err := p.inTurn(raw, count, 1)
			if err != nil {
				return nil, err
			}
			times = append(times, float64(each))
			rest = append(rest, float64(each)/float64(beside)-float64(one.Verifications))
		}
		one.Nanoseconds = median(times)
		one.Rest = Spread{Median: median(rest), Low: quantile(rest, 0.25), High: quantile(rest, 0.75)}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b Stranger) int {
		switch {
		case a.Rest.Median > b.Rest.Median:
			return -1
		case a.Rest.Median < b.Rest.Median:
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all, nil
}

// newStrangers returns a verifier with five anchors, four of one name, and a
// token of every shape.
func newStrangers() (*verifier.Verifier, []stranger.Token, error) {
	w := stranger.NewWorld()
	list := []*x509.Certificate{w.Root.Cert}
	for _, namesake := range w.Namesakes {
		list = append(list, namesake.Cert)
	}
	anchors, err := certs.NewAnchors(list...)
	if err != nil {
		return nil, nil, err
	}
	v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: audience, Now: func() time.Time { return testca.Now }})
	return v, w.Tokens(), err
}

// refuse gives a token to the verifier, which must refuse it, and returns the
// number of signatures that it verified.
func refuse(v *verifier.Verifier, raw string) (verifications int, err error) {
	count, end := stranger.CountVerifications()
	defer end()
	verifications = count(func() { _, err = v.Verify(raw) })
	if err == nil {
		return 0, fmt.Errorf("it is accepted")
	}
	return verifications, nil
}

// shown is the number of shapes in the table; the others cost less.
const shown = 60

// StrangersTable shows what the shapes cost, the most expensive first.
func (m *Measurement) StrangersTable() *Table {
	t := &Table{Head: []string{"a stranger sends", "bytes", "verifications", "µs", "the rest, in raw verifications", "middle half of the rounds", "≤ 1"}}
	for _, s := range m.Strangers[:min(shown, len(m.Strangers))] {
		t.add(s.Name, grouped(int64(s.Bytes)), fmt.Sprint(s.Verifications), fmt.Sprintf("%.0f", s.Nanoseconds/1000),
			decimal(s.Rest.Median), between(s.Rest), met(s.Rest.Median <= 1))
	}
	return t
}

// Shapes returns the number of shapes that were measured.
func (m *Measurement) Shapes() int { return len(m.Strangers) }

// WorstStranger returns the most expensive shape.
func (m *Measurement) WorstStranger() Stranger { return m.Strangers[0] }

// MostVerifications returns the largest number of verifications that a stranger
// causes, and the shape.
func (m *Measurement) MostVerifications() Stranger {
	return slices.MaxFunc(m.Strangers, func(a, b Stranger) int { return a.Verifications - b.Verifications })
}
