// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import "crypto/x509"

// links remembers certificates, by their DER, that a certificate below an
// anchor or the anchor itself has signed. It implements [certs.Links].
type links struct {
	cache *cache[link]
}

type link struct {
	cert, issuer *x509.Certificate
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
	l.cache.put(string(c.Raw), link{cert: c, issuer: issuer}, entryBytes+len(c.Raw)+certCost(c))
}
