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

func newGeneration(authorities []Authority, now time.Time) (*generation, error) {
	if len(authorities) == 0 {
		return nil, errors.New("no authority to answer for")
	}
	g := &generation{issuers: make(map[issuerID]*authority), answers: newAnswers(maxAnswers)}
	for i, c := range authorities {
		a, err := newAuthority(c, now)
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
