// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"sync"
)

// maxVerified bounds a generation of digests: two generations take about 5 MB.
const maxVerified = 32768

// verified remembers, as digests of everything checked, the certificates on
// which an issuer's signature was correct. It never holds a failure. When a
// generation is full, verified forgets what nobody has asked about since the
// last time.
type verified struct {
	issuer [sha256.Size]byte

	mu            sync.Mutex
	max           int
	recent, older map[[sha256.Size]byte]struct{}
}

func newVerified(issuer *x509.Certificate, limit int) *verified {
	return &verified{issuer: sha256.Sum256(issuer.Raw), max: limit, recent: make(map[[sha256.Size]byte]struct{})}
}

// digest identifies a certificate stored in the database under a serial.
func (v *verified) digest(serial *big.Int, der []byte) (sum [sha256.Size]byte) {
	// The first two have a fixed length, and only the last one varies.
	under := sha256.Sum256([]byte(serial.String()))
	h := sha256.New()
	h.Write(v.issuer[:])
	h.Write(under[:])
	h.Write(der)
	h.Sum(sum[:0])
	return sum
}

func (v *verified) has(sum [sha256.Size]byte) bool {
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

func (v *verified) remember(sum [sha256.Size]byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.add(sum)
}

func (v *verified) add(sum [sha256.Size]byte) {
	if len(v.recent) >= v.max {
		v.recent, v.older = make(map[[sha256.Size]byte]struct{}), v.recent
	}
	v.recent[sum] = struct{}{}
}
