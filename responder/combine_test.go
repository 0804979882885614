// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"context"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

var errDown = errors.New("down")

// outcome is what a source says in TestCombine: u(nknown), g(ood), h(old),
// f(inal), e(rror), x (an undefined code).
func outcome(letter byte) (Status, error) {
	switch letter {
	case 'u':
		return Status{}, nil
	case 'g':
		return Status{Code: Good}, nil
	case 'h':
		return Status{Code: Revoked, RevokedAt: revokedAt, Reason: ocsp.CertificateHold}, nil
	case 'f':
		return Status{Code: Revoked, RevokedAt: revokedAt, Reason: ocsp.KeyCompromise}, nil
	case 'x':
		return Status{Code: 42}, nil
	}
	return Status{Code: Good}, errDown
}

func saying(letter byte) Source {
	return SourceFunc(func(context.Context, *big.Int) (Status, error) { return outcome(letter) })
}

// TestCombine: every combination of what three sources say, whatever the order
// of the two that only know revocations.
func TestCombine(t *testing.T) {
	t.Parallel()
	pairs := strings.Fields("uu ug uh uf ue gg gh gf ge hh hf he ff fe ee")
	table := map[byte]string{ // by what Issued says; a column for each pair
		'u': "u u h f e u h f e h f e f f e",
		'g': "g g h f e g h f e h f e f f e",
		'h': "h h h f e h h f e h f e f f e",
		'f': "f f f f f f f f f f f f f f f",
		'e': "e e e f e e e f e e f e f f e",
	}
	table['x'] = table['e']
	combinations := 0
	for issued, row := range table {
		for column, want := range strings.Fields(row) {
			pair := pairs[column]
			for _, revoked := range []string{pair, string([]byte{pair[1], pair[0]}), strings.ReplaceAll(pair, "e", "x")} {
				combinations++
				c, err := Combine(CombineConfig{Issued: saying(issued), Revoked: []Source{saying(revoked[0]), saying(revoked[1])}})
				if err != nil {
					t.Fatal(err)
				}
				got, err := c.Status(t.Context(), goodSerial)
				if wanted, wantErr := outcome(want[0]); (err != nil) != (wantErr != nil) || err == nil && got != wanted || err != nil && got != (Status{}) {
					t.Errorf("issued says %c, revoked say %s: got %+v, %v; want %s", issued, revoked, got, err, want)
				}
			}
		}
	}
	if combinations != 6*15*3 {
		t.Errorf("%d combinations", combinations)
	}
}

// TestCombineTimes: whose times, and whose details of a revocation.
func TestCombineTimes(t *testing.T) {
	t.Parallel()
	min := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Minute) }
	good := func(this, next, end time.Time) Status {
		return Status{Code: Good, ThisUpdate: this, NextUpdate: next, NotAfter: end}
	}
	revoked := func(at time.Time, reason int, this, next time.Time) Status {
		return Status{Code: Revoked, RevokedAt: at, Reason: reason, ThisUpdate: this, NextUpdate: next}
	}
	var zero time.Time
	for _, row := range []struct {
		name      string
		statuses  []Status
		fails     bool // one more source
		want      Status
		wantError bool
	}{
		{"all live", []Status{good(zero, zero, zero), good(zero, zero, zero)}, false, good(zero, zero, zero), false},
		{"one live", []Status{good(zero, zero, min(90)), good(min(-5), min(5), zero)}, false, good(min(-5), min(5), min(90)), false},
		{"the oldest and the earliest, of different sources", []Status{good(min(-9), min(9), min(1)), good(min(-5), min(5), min(2)), good(min(-7), min(7), zero)}, false, good(min(-9), min(5), min(2)), false},
		{"of an unknown, too", []Status{{ThisUpdate: min(-1)}, good(min(-5), min(5), zero)}, false, Status{ThisUpdate: min(-5), NextUpdate: min(5)}, false},
		{"hold: of all", []Status{good(min(-9), min(3), min(90)), revoked(min(-60), 6, min(-5), min(5))}, false, Status{Code: Revoked, RevokedAt: min(-60), Reason: 6, ThisUpdate: min(-9), NextUpdate: min(3), NotAfter: min(90)}, false},
		{"final: of those that say so", []Status{good(min(-9), min(-3), min(90)), revoked(min(-60), 1, min(-5), min(5))}, false, Status{Code: Revoked, RevokedAt: min(-60), Reason: 1, ThisUpdate: min(-5), NextUpdate: min(5), NotAfter: min(90)}, false},
		{"final, while another fails", []Status{good(min(-9), zero, zero), revoked(min(-60), 1, min(-5), min(5))}, true, revoked(min(-60), 1, min(-5), min(5)), false},
		{"good, while another fails", []Status{good(zero, zero, zero), good(zero, zero, zero)}, true, Status{}, true},
		{"the earliest revocation and its reason", []Status{revoked(min(-50), 1, min(-1), min(9)), revoked(min(-60), 4, min(-2), min(8)), revoked(min(-40), 5, zero, zero)}, false, revoked(min(-60), 4, min(-2), min(8)), false},
		{"a revocation without a time is later", []Status{revoked(zero, 1, zero, zero), revoked(min(-60), 4, zero, zero)}, false, revoked(min(-60), 4, zero, zero), false},
		{"or the other way round", []Status{revoked(min(-60), 4, zero, zero), revoked(zero, 1, zero, zero)}, false, revoked(min(-60), 4, zero, zero), false},
		{"final, though a hold was earlier", []Status{revoked(min(-60), 6, min(-9), min(1)), revoked(min(-50), 1, min(-5), min(5))}, false, revoked(min(-50), 1, min(-5), min(5)), false},
		{"the first of equal times", []Status{revoked(min(-60), 4, zero, zero), revoked(min(-60), 1, zero, zero)}, false, revoked(min(-60), 4, zero, zero), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			sources := make([]Source, 0, 4)
			for _, st := range row.statuses {
				sources = append(sources, SourceFunc(func(context.Context, *big.Int) (Status, error) { return st, nil }))
			}
			if row.fails {
				sources = append(sources, saying('e'))
			}
			c, err := Combine(CombineConfig{Issued: sources[0], Revoked: sources[1:]})
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Status(t.Context(), goodSerial)
			if got != row.want || errors.Is(err, errDown) != row.wantError {
				t.Errorf("got %+v, %v; want %+v", got, err, row.want)
			}
		})
	}
}

// numbered is a source with versions.
type numbered struct {
	Source
	version uint64
	cannot  bool
}

func (n *numbered) Version(*big.Int) (uint64, bool) { return n.version, !n.cannot }

// TestCombineVersions: the version grows with that of any source.
func TestCombineVersions(t *testing.T) {
	t.Parallel()
	first, second := &numbered{Source: saying('g'), version: 7}, &numbered{Source: saying('g')}
	c, err := Combine(CombineConfig{Issued: first, Revoked: []Source{second}})
	if err != nil {
		t.Fatal(err)
	}
	last, ok := c.Version(goodSerial)
	if !ok {
		t.Fatal("it cannot tell, though both can")
	}
	for _, n := range []*numbered{first, second, second, first} {
		n.version++
		version, ok := c.Version(goodSerial)
		if !ok || version <= last {
			t.Errorf("after a change: %d, %t; before: %d", version, ok, last)
		}
		last = version
	}
	for _, n := range []*numbered{first, second} {
		n.cannot = true
		if _, ok := c.Version(goodSerial); ok {
			t.Error("it can tell, though one cannot")
		}
		n.cannot = false
	}
	for _, cfg := range []CombineConfig{{Issued: saying('g'), Revoked: []Source{second}}, {Issued: first, Revoked: []Source{second, saying('g')}}} {
		if c, err = Combine(cfg); err != nil {
			t.Fatal(err)
		}
		if _, ok := c.Version(goodSerial); ok {
			t.Error("it can tell, though one has no version")
		}
	}
}

func TestCombineConfig(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]CombineConfig{
		"Issued is nil":     {Revoked: []Source{saying('g')}},
		"Revoked is empty":  {Issued: saying('g')},
		"Revoked[1] is nil": {Issued: saying('g'), Revoked: []Source{saying('g'), nil}},
	} {
		if _, err := Combine(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
