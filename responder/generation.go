// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"errors"
	"fmt"
	"time"
)

// generation is the state of a responder from one Replace to the next. It owns
// its answers: an answer from another signer or source is never reused.
type generation struct {
	issuers map[issuerID]*authority
	answers *answers
	// began is when it replaced another; zero for the first.
	began time.Time
}

// newGeneration checks the authorities. It replaces before, which is nil for the
// first.
func newGeneration(authorities []Authority, now time.Time, before *generation) (*generation, error) {
	if len(authorities) == 0 {
		return nil, errors.New("no authority to answer for")
	}
	g := &generation{issuers: make(map[issuerID]*authority), answers: newAnswers(maxAnswers)}
	for i, c := range authorities {
		a, err := newAuthority(c)
		if err == nil && !before.has(a) {
			err = a.checkTime(now)
		}
		if err != nil {
			return nil, fmt.Errorf("authority %d: %w", i, err)
		}
		ids, err := issuerIDs(c.Certificate)
		if err != nil {
			return nil, fmt.Errorf("authority %d: %w", i, err)
		}
		for _, id := range ids {
			if g.issuers[id] != nil {
				return nil, fmt.Errorf("authority %d: %s is configured twice", i, a.name)
			}
			g.issuers[id] = a
		}
	}
	return g, nil
}

// has reports whether this CA already signs with the same certificate. That may
// have expired since, and must not keep other authorities from being replaced.
func (g *generation) has(a *authority) bool {
	if g == nil {
		return false
	}
	for _, old := range g.issuers {
		if old.ca.Equal(a.ca) && old.signedBy.Equal(a.signedBy) {
			return true
		}
	}
	return false
}
