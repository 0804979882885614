// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package issuedby decides whether a CA has issued a certificate that a database
// holds, and verifies each signature once.
package issuedby

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"sync"
)

// MaxVerified bounds a generation of digests: two generations take about 5 MB.
const MaxVerified = 32768

// Is checks the signature: a successor of the issuer may have the same name, and
// key identifiers are optional.
func Is(cert, issuer *x509.Certificate) bool {
	return bytes.Equal(cert.RawIssuer, issuer.RawSubject) && cert.CheckSignatureFrom(issuer) == nil
}

// Verified remembers, as digests of everything checked, the certificates on
// which an issuer's signature was correct. It never holds a failure. When a
// generation is full, Verified forgets what nobody has asked about since the
// last time. It is safe for concurrent use.
type Verified struct {
	issuer [sha256.Size]byte

	mu            sync.Mutex
	max           int
	recent, older map[[sha256.Size]byte]struct{}
}

// New returns a Verified that remembers nothing yet. The limit bounds a
// generation of digests.
func New(issuer *x509.Certificate, limit int) *Verified {
	return &Verified{issuer: sha256.Sum256(issuer.Raw), max: limit, recent: make(map[[sha256.Size]byte]struct{})}
}

// Digest identifies a certificate stored in the database under a serial.
func (v *Verified) Digest(serial *big.Int, der []byte) (sum [sha256.Size]byte) {
	// The first two have a fixed length, and only the last one varies.
	under := sha256.Sum256([]byte(serial.String()))
	h := sha256.New()
	h.Write(v.issuer[:])
	h.Write(under[:])
	h.Write(der)
	h.Sum(sum[:0])
	return sum
}

// Has reports whether the certificate with a digest was verified.
func (v *Verified) Has(sum [sha256.Size]byte) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, ok := v.recent[sum]; ok {
		return true
	}
	if _, ok := v.older[sum]; !ok {
		return false
	}
	v.add(sum)
	return true
}

// Remember records that the certificate with a digest was verified.
func (v *Verified) Remember(sum [sha256.Size]byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.add(sum)
}

// Len returns how many digests are remembered; one asked for lately may count
// twice.
func (v *Verified) Len() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.recent) + len(v.older)
}

func (v *Verified) add(sum [sha256.Size]byte) {
	if len(v.recent) >= v.max {
		v.recent, v.older = make(map[[sha256.Size]byte]struct{}), v.recent
	}
	v.recent[sum] = struct{}{}
}
