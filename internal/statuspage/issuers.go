// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package statuspage

import (
	"cmp"
	"slices"
	"time"

	"github.com/stapledjwt/stapled/verifier"
)

// maxIssuers is how many issuers the page shows.
const maxIssuers = 200

// seen are the issuers whose tokens were accepted most recently. An anchor
// vouches for each, so strangers cannot add any.
type seen map[string]*caller

// caller is an issuer with the last token of it that was accepted. The staple in
// that token says how fresh what is known of the issuer is.
type caller struct {
	token    verifier.Token
	accepted uint64
	last     time.Time
}

// add counts an accepted token. At an open route there is none.
func (s seen) add(token verifier.Token, now time.Time) {
	issuer := token.Issuer()
	if issuer == "" {
		return
	}
	c := s[issuer]
	if c == nil {
		if len(s) >= maxIssuers {
			s.forgetOldest()
		}
		c = new(caller)
		s[issuer] = c
	}
	c.token, c.last = token, now
	c.accepted++
}

// forgetOldest forgets the issuer that has not called for the longest time.
func (s seen) forgetOldest() {
	oldest := ""
	for issuer, c := range s {
		if oldest == "" || c.last.Before(s[oldest].last) {
			oldest = issuer
		}
	}
	delete(s, oldest)
}

// Issuer is an issuer whose tokens were accepted, with what the last of them
// says.
type Issuer struct {
	Issuer string `json:"issuer"`
	// Identity is the name of the certificate; see verifier.Token.
	Identity string `json:"identity"`
	// Anchor is the subject of the anchor, and Label its label.
	Anchor string `json:"anchor"`
	Label  string `json:"label,omitempty"`
	// Accepted counts the tokens since the gateway began to show the issuer.
	Accepted uint64    `json:"accepted"`
	LastSeen time.Time `json:"last_seen"`
	// ThisUpdate and NextUpdate are those of the leaf's staple. After FreshUntil
	// the token is refused.
	ThisUpdate time.Time `json:"this_update"`
	NextUpdate time.Time `json:"next_update"`
	FreshUntil time.Time `json:"fresh_until"`
}

// list returns the issuers, those first that called last.
func (s seen) list() []Issuer {
	list := make([]Issuer, 0, len(s))
	for issuer, c := range s {
		staple, anchor := c.token.Staple(), c.token.Anchor()
		list = append(list, Issuer{
			Issuer: issuer, Identity: c.token.Identity(), Anchor: anchor.Subject, Label: anchor.Label,
			Accepted: c.accepted, LastSeen: c.last.UTC(),
			ThisUpdate: staple.ThisUpdate().UTC(), NextUpdate: staple.NextUpdate().UTC(), FreshUntil: c.token.FreshUntil().UTC(),
		})
	}
	slices.SortFunc(list, func(a, b Issuer) int {
		return cmp.Or(b.LastSeen.Compare(a.LastSeen), cmp.Compare(a.Issuer, b.Issuer))
	})
	return list
}
