// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"fmt"
	"math/big"
	"sync"
)

// Kind is a kind of key.
type Kind string

// The kinds of keys. The last two are refused wherever they occur.
const (
	P256    Kind = "P-256"
	P384    Kind = "P-384"
	P521    Kind = "P-521"
	Ed25519 Kind = "Ed25519"
	RSA2048 Kind = "RSA 2048"
	RSA4096 Kind = "RSA 4096"
	RSA1024 Kind = "RSA 1024"
	P224    Kind = "P-224"
)

// Kinds returns the trusted kinds of keys, without RSA4096, which takes seconds
// to make.
func Kinds() []Kind { return []Kind{P256, P384, P521, Ed25519, RSA2048} }

type keyName struct {
	kind Kind
	name string
}

var keys = struct {
	sync.Mutex
	made map[keyName]crypto.Signer
}{made: make(map[keyName]crypto.Signer)}

// Key returns the key of this kind and name, so that two certificates with one
// name have one key. It is derived from the name and the same in every process:
// what one worker of a fuzz target signs, the others accept. Only RSA keys are
// random; they stay the same while the process lives.
func Key(kind Kind, name string) crypto.Signer {
	keys.Lock()
	defer keys.Unlock()
	id := keyName{kind, name}
	if keys.made[id] == nil {
		keys.made[id] = newKey(id)
	}
	return keys.made[id]
}

func newKey(id keyName) crypto.Signer {
	seed := sha512.Sum512([]byte(string(id.kind) + " " + id.name))
	var key crypto.Signer
	var err error
	switch id.kind {
	case P224:
		key, err = ecdsa.ParseRawPrivateKey(elliptic.P224(), seed[:28])
	case P256:
		key, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:32])
	case P384:
		key, err = ecdsa.ParseRawPrivateKey(elliptic.P384(), seed[:48])
	case P521:
		key, err = ecdsa.ParseRawPrivateKey(elliptic.P521(), append([]byte{0, 0}, seed[:]...))
	case Ed25519:
		key = ed25519.NewKeyFromSeed(seed[:ed25519.SeedSize])
	case RSA1024:
		key, err = rsa.GenerateKey(rand.Reader, 1024)
	case RSA2048:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case RSA4096:
		key, err = rsa.GenerateKey(rand.Reader, 4096)
	default:
		err = fmt.Errorf("no keys of kind %q", id.kind)
	}
	if err != nil {
		panic(fmt.Errorf("testca: %w", err))
	}
	return key
}

// OversizedRSA returns an RSA public key of this many bits. Its private key
// does not exist: nothing checks that a modulus is a product of two primes.
func OversizedRSA(bits int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(12345)), E: 65537}
}
