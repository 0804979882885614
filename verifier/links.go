// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/x509"

	"github.com/stapledjwt/stapled/certs"
)

// links remembers certificates, by their DER, that a certificate below an
// anchor or the anchor itself has signed. It implements [certs.Links].
type links struct {
	cache *cache[link]
}

type link struct {
	cert, issuer *x509.Certificate
	// What every new header asks of a certificate.
	id          string
	fingerprint fingerprint
	names       certs.Names
}

func (l links) get(der []byte) (link, bool) { return l.cache.getBytes(der) }

// Known tells whether the issuer was seen to have signed the certificate.
func (l links) Known(c, issuer *x509.Certificate) bool {
	known, ok := l.get(c.Raw)
	return ok && known.issuer.Equal(issuer)
}

// Add remembers that it did.
func (l links) Add(c, issuer *x509.Certificate) {
	if l.cache == nil || l.Known(c, issuer) {
		return
	}
	// Only of a leaf are the names asked, and a leaf is added when they are known.
	names, _ := certs.NamesOf(c)
	l.cache.put(string(c.Raw), link{
		cert: c, issuer: issuer, id: certs.KeyID(c), fingerprint: fingerprintOf(c), names: names,
	}, linkBytes+len(c.Raw)+certCost(c)+namesCost(names))
}

func (l links) namesOf(leaf *x509.Certificate) (certs.Names, error) {
	if known, ok := l.get(leaf.Raw); ok {
		return known.names, nil
	}
	return certs.NamesOf(leaf)
}

func (l links) keyID(c *x509.Certificate) string {
	if known, ok := l.get(c.Raw); ok {
		return known.id
	}
	return certs.KeyID(c)
}

func (l links) fingerprintOf(c *x509.Certificate) fingerprint {
	if known, ok := l.get(c.Raw); ok {
		return known.fingerprint
	}
	return fingerprintOf(c)
}
