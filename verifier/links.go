// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"bytes"
	"crypto/x509"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/san"
)

// link is a certificate. Once its signature by an anchor, or by a certificate
// below one, has been verified, the cache holds it under its text in x5c, and
// nothing modifies it anymore.
type link struct {
	cert *x509.Certificate
	size certx5c.Size
	// issuer is one with the key that signed the certificate; nil until that
	// signature has been verified, below the anchors of a generation.
	issuer     *x509.Certificate
	generation uint64
	leaf       *leafFacts // nil for a CA, and for what has not been a leaf yet
}

// leafFacts holds what every new header needs to know about its leaf.
type leafFacts struct {
	id    string
	names san.Names
}

// chain is x5c and what is known about its certificates. It implements
// [certpath.Links].
type chain struct {
	cache *cache[*link]
	// generation is that of the anchors.
	generation uint64
	x5c        []string
	certs      []*x509.Certificate
	links      [stapled.MaxChain]*link
	leaf       leafFacts // as far as it has been computed
}

// parseChain decodes x5c. It does not decode or parse a cached certificate
// again: its text was canonical.
func parseChain(texts []string, cache *cache[*link], generation uint64) (*chain, error) {
	c := &chain{cache: cache, generation: generation, x5c: texts, certs: make([]*x509.Certificate, len(texts))}
	var budget certx5c.Budget
	for i, text := range texts {
		if known, ok := cache.get(everyView, text); ok {
			if err := budget.Take(known.size); err != nil {
				return nil, err
			}
			c.links[i], c.certs[i] = known, known.cert
			continue
		}
		der, err := certx5c.DecodeBase64(text)
		if err != nil {
			return nil, err
		}
		cert, size, err := budget.ParseSized(der)
		if err != nil {
			return nil, err
		}
		c.links[i], c.certs[i] = &link{cert: cert, size: size}, cert
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

// Known reports whether a signature by the issuer's key on the certificate has
// already been verified.
func (c *chain) Known(cert, issuer *x509.Certificate) bool {
	i := c.index(cert)
	if i < 0 || c.links[i].issuer == nil || c.links[i].generation != c.generation {
		return false
	}
	known := c.links[i].issuer
	return bytes.Equal(known.RawSubjectPublicKeyInfo, issuer.RawSubjectPublicKeyInfo) && bytes.Equal(known.RawSubject, issuer.RawSubject)
}

// Add records that the issuer's signature on the certificate has been verified.
func (c *chain) Add(cert, issuer *x509.Certificate) {
	i := c.index(cert)
	if c.cache == nil || i < 0 || c.Known(cert, issuer) {
		return
	}
	l := &link{cert: cert, size: c.links[i].size, issuer: issuer, generation: c.generation}
	cost := linkBytes + len(c.x5c[i]) + certCost(cert)
	if i == 0 { // the header is proven, so both are known, or have been computed
		if l.leaf = c.links[0].leaf; l.leaf == nil {
			l.leaf = &leafFacts{id: c.leaf.id, names: c.leaf.names} // not c, which is larger
		}
		cost += namesCost(l.leaf.names)
	}
	c.links[i] = l
	c.cache.put(everyView, strings.Clone(c.x5c[i]), l, cost)
}

// keyID returns the key ID of the leaf.
func (c *chain) keyID() string {
	if known := c.links[0].leaf; known != nil {
		return known.id
	}
	c.leaf.id = certx5c.KeyID(c.certs[0])
	return c.leaf.id
}

// names returns the names of the leaf.
func (c *chain) names() (san.Names, error) {
	if known := c.links[0].leaf; known != nil {
		return known.names, nil
	}
	var err error
	c.leaf.names, err = san.Of(c.certs[0])
	return c.leaf.names, err
}

// namesWithin returns the names of the leaf that its anchor may vouch for.
func (c *chain) namesWithin(anchor *certs.Anchor) (san.Names, error) {
	names, err := c.names()
	if err != nil || anchor.Scope() == nil {
		return names, err
	}
	names = names.Within(anchor)
	if len(names.URIs) == 0 && len(names.DNS) == 0 {
		return san.Names{}, reject(stapled.ChainUntrusted, "no name of the leaf is within the scope of the trust anchor %s", anchor.ID().Subject)
	}
	return names, nil
}
