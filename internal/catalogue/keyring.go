// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/stapledjwt/stapled/internal/testca"
)

// KeysFile is the name of the key file in the directory of the vectors.
const KeysFile = "keys.json"

// Keyring holds the private keys of the vectors. They are public.
type Keyring struct {
	keys map[string]crypto.Signer // by kind and name
	used map[string]bool
	// Grows permits making missing keys.
	Grows bool
}

// keyList is the content of KeysFile. PKCS8 is base64 of a PKCS #8
// PrivateKeyInfo in DER.
type keyList struct {
	Comment string     `json:"comment"`
	Keys    []namedKey `json:"keys"`
}

type namedKey struct {
	Name  string `json:"name"`
	PKCS8 []byte `json:"pkcs8"`
}

// LoadKeys reads the keys; none if the file does not exist.
func LoadKeys(path string) (*Keyring, error) {
	ring := &Keyring{keys: make(map[string]crypto.Signer), used: make(map[string]bool)}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return ring, nil
	}
	if err != nil {
		return nil, err
	}
	var list keyList
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, k := range list.Keys {
		key, err := x509.ParsePKCS8PrivateKey(k.PKCS8)
		if err != nil {
			return nil, fmt.Errorf("%s: key %q: %w", path, k.Name, err)
		}
		ring.keys[k.Name] = key.(crypto.Signer)
	}
	return ring, nil
}

// RSA sizes beyond those of package testca: both limits, and the sizes just
// outside.
const (
	rsa2040 testca.Kind = "RSA 2040"
	rsa3072 testca.Kind = "RSA 3072"
	rsa4096 testca.Kind = "RSA 4096"
)

// key returns the key of this kind and name.
func (r *Keyring) key(kind testca.Kind, name string) crypto.Signer {
	id := string(kind) + ", " + name
	if r.keys[id] == nil {
		if !r.Grows {
			panic(fmt.Errorf("%s has no key %q: run go generate ./internal/vectorgen", KeysFile, id))
		}
		r.keys[id] = newKey(kind)
	}
	r.used[id] = true
	return r.keys[id]
}

func newKey(kind testca.Kind) crypto.Signer {
	var key crypto.Signer
	var err error
	switch kind {
	case testca.P224:
		key, err = ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	case testca.P256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case testca.P384:
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case testca.P521:
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case testca.Ed25519:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		var bits int
		if _, err := fmt.Sscanf(string(kind), "RSA %d", &bits); err != nil {
			panic(fmt.Errorf("no keys of kind %q", kind))
		}
		key, err = rsa.GenerateKey(rand.Reader, bits)
	}
	if err != nil {
		panic(err)
	}
	return key
}

// Encode returns the key file for the keys that have been used.
func (r *Keyring) Encode() []byte {
	list := keyList{Comment: "Private keys of the test vectors, known to everybody. Trust nothing that they sign."}
	for _, name := range slices.Sorted(maps.Keys(r.used)) {
		der, err := x509.MarshalPKCS8PrivateKey(r.keys[name])
		if err != nil {
			panic(err)
		}
		list.Keys = append(list.Keys, namedKey{name, der})
	}
	data, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		panic(err)
	}
	return append(data, '\n')
}
