// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/x509"
	"strings"
)

// The caches' default budgets, in bytes.
const (
	defaultTokenBytes       = 32 << 20
	defaultHeaderBytes      = 32 << 20
	defaultCertificateBytes = 16 << 20
)

// The typical size of an entry, from which a cache takes its number of slots.
const (
	typicalToken       = 8 << 10
	typicalHeader      = 8 << 10
	typicalCertificate = 4 << 10
)

func (v *Verifier) newCaches() {
	budget := func(configured, unset int) int {
		if configured == 0 {
			return unset
		}
		return configured
	}
	sizes := v.cfg.Cache
	v.tokens = newCache[*Token](budget(sizes.Tokens, defaultTokenBytes), typicalToken)
	v.headers = newCache[*provenHeader](budget(sizes.Headers, defaultHeaderBytes), typicalHeader)
	v.links.cache = newCache[link](budget(sizes.Certificates, defaultCertificateBytes), typicalCertificate)
}

// rememberHeader copies what it keeps: the segment is part of a token.
func (v *Verifier) rememberHeader(segment string, h *provenHeader) {
	v.headers.put(strings.Clone(segment), h, len(segment)+h.cost())
}

// rememberToken charges a token with its header, which it keeps alive even
// when the header's own entry is gone.
func (v *Verifier) rememberToken(rest string, t *Token) {
	v.tokens.put(strings.Clone(rest), t, len(rest)+len(t.payload)+tokenBytes+t.header.cost())
}

// What the values of the caches take besides the bytes that are counted; the
// figures are measured, and a test holds them.
const (
	entryBytes  = 96
	tokenBytes  = entryBytes + 320
	headerBytes = entryBytes + 640
	stapleBytes = 256
	certBytes   = 3 << 10
)

// cost is what a header takes besides its segment.
func (h *provenHeader) cost() int {
	cost := headerBytes + len(h.leaf)
	for _, s := range h.staples {
		cost += stapleBytes + len(s.staple.DER())
		if delegate := s.staple.Delegate(); delegate != nil {
			cost += len(delegate.Raw) + certBytes
		}
	}
	return cost
}

func linkCost(c *x509.Certificate) int { return entryBytes + len(c.Raw) + certBytes }
