// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/x509"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/san"
)

// link is a certificate. Once a certificate below an anchor, or the anchor itself,
// was seen to have signed it, it is remembered by its text in x5c, and from then
// on not modified.
type link struct {
	cert        *x509.Certificate
	issuer      *x509.Certificate // nil as long as nobody was seen to have signed it
	fingerprint fingerprint
	leaf        *leafFacts // nil for a CA, and what was not a leaf yet
}

// leafFacts is what every new header asks of its leaf.
type leafFacts struct {
	id    string
	names san.Names
}

// chain is x5c, and what is known of its certificates. It implements
// [certpath.Links] for them.
type chain struct {
	cache *cache[*link]
	x5c   []string
	certs []*x509.Certificate
	links [stapled.MaxChain]*link
	leaf  leafFacts // as far as they have been asked
}

// parseChain decodes x5c. A certificate that is remembered is neither decoded nor
// parsed again: its text was canonical.
func parseChain(texts []string, cache *cache[*link]) (*chain, error) {
	c := &chain{cache: cache, x5c: texts, certs: make([]*x509.Certificate, len(texts))}
	for i, text := range texts {
		if known, ok := cache.get(text); ok {
			c.links[i], c.certs[i] = known, known.cert
			continue
		}
		der, err := certx5c.DecodeBase64(text)
		if err != nil {
			return nil, err
		}
		if c.certs[i], err = certx5c.ParseDER(der); err != nil {
			return nil, err
		}
		c.links[i] = &link{cert: c.certs[i], fingerprint: fingerprintOf(c.certs[i])}
	}
	return c, nil
}

func (c *chain) index(cert *x509.Certificate) int {
	for i, other := range c.certs {
		if other == cert {
			return i
		}
	}
	return -1
}

// Known reports whether the issuer was seen to have signed the certificate.
func (c *chain) Known(cert, issuer *x509.Certificate) bool {
	i := c.index(cert)
	return i >= 0 && c.links[i].issuer != nil && c.links[i].issuer.Equal(issuer)
}

// Add remembers that it did.
func (c *chain) Add(cert, issuer *x509.Certificate) {
	i := c.index(cert)
	if c.cache == nil || i < 0 || c.Known(cert, issuer) {
		return
	}
	l := &link{cert: cert, issuer: issuer, fingerprint: c.links[i].fingerprint}
	cost := linkBytes + len(c.x5c[i]) + certCost(cert)
	if i == 0 { // it was proven, and so both have been asked
		l.leaf = &leafFacts{id: c.leaf.id, names: c.leaf.names} // not c, which is larger
		cost += namesCost(c.leaf.names)
	}
	c.links[i] = l
	c.cache.put(strings.Clone(c.x5c[i]), l, cost)
}

// keyID is that of the leaf.
func (c *chain) keyID() string {
	if known := c.links[0].leaf; known != nil {
		return known.id
	}
	c.leaf.id = certx5c.KeyID(c.certs[0])
	return c.leaf.id
}

// names are those of the leaf.
func (c *chain) names() (san.Names, error) {
	if known := c.links[0].leaf; known != nil {
		return known.names, nil
	}
	var err error
	c.leaf.names, err = san.Of(c.certs[0])
	return c.leaf.names, err
}
