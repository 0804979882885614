// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stranger

import (
	"crypto"
	"crypto/sha256"
	"hash"
)

// CountVerifications begins to count. The function that it returns first returns
// the number of signatures that another function verifies, if they all use
// SHA-256; the second one ends the counting. Until then, nothing else in the
// process may verify any: it replaces the SHA-256 of package crypto. Only code
// that verifies the signature of a certificate, staple or token asks that package
// for a hash; names are hashed directly by package sha256.
func CountVerifications() (count func(func()) int, end func()) {
	n := 0
	crypto.RegisterHash(crypto.SHA256, func() hash.Hash { return counted{sha256.New().(hash.Cloner), &n} })
	count = func(do func()) int {
		before := n
		do()
		return n - before
	}
	return count, func() { crypto.RegisterHash(crypto.SHA256, sha256.New) }
}

// counted is SHA-256 that counts its digests.
type counted struct {
	hash.Cloner
	digests *int
}

func (c counted) Sum(b []byte) []byte {
	*c.digests++
	return c.Cloner.Sum(b)
}

func (c counted) Clone() (hash.Cloner, error) {
	state, err := c.Cloner.Clone()
	return counted{state, c.digests}, err
}
