// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspwire

import (
	"bytes"
	"crypto"
	"crypto/x509"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ResponderID identifies the signer of a response (RFC 6960 §4.2.1), either by
// name or by key.
type ResponderID struct {
	name    []byte // DER of the Name, or nil
	keyHash []byte // SHA-1 of the key, or nil
}

// Read reads a ResponderID.
func (id *ResponderID) Read(input *cryptobyte.String) bool {
	var responder cryptobyte.String
	var tag cbasn1.Tag
	if !input.ReadAnyASN1(&responder, &tag) {
		return false
	}
	switch tag {
	case Tag(1):
		return responder.ReadASN1Element((*cryptobyte.String)(&id.name), cbasn1.SEQUENCE) && responder.Empty()
	case Tag(2):
		return responder.ReadASN1((*cryptobyte.String)(&id.keyHash), cbasn1.OCTET_STRING) && responder.Empty()
	}
	return false
}

// Names reports whether the ResponderID identifies this certificate.
func (id *ResponderID) Names(c *x509.Certificate) (bool, error) {
	if id.name != nil {
		return bytes.Equal(id.name, c.RawSubject), nil
	}
	key, err := PublicKeyBits(c)
	if err != nil {
		return false, err
	}
	return IsDigest(crypto.SHA1, id.keyHash, key), nil
}

// ResponderByKey returns the ResponderID of a certificate by its key: 20 bytes
// instead of a name.
func ResponderByKey(c *x509.Certificate) (ResponderID, error) {
	key, err := PublicKeyBits(c)
	if err != nil {
		return ResponderID{}, err
	}
	return ResponderID{keyHash: Digest(crypto.SHA1, key)}, nil
}

// Add writes a ResponderID.
func (id *ResponderID) Add(b *cryptobyte.Builder) {
	if id.name != nil {
		b.AddASN1(Tag(1), func(b *cryptobyte.Builder) { b.AddBytes(id.name) })
		return
	}
	b.AddASN1(Tag(2), func(b *cryptobyte.Builder) { b.AddASN1OctetString(id.keyHash) })
}
