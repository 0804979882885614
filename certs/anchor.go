// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"github.com/stapledjwt/stapled/internal/certkey"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Anchor is a name and a key that a verifier trusts (RFC 5280 §6.1.1 (d)). A CA
// may have several certificates for them, such as a root and its renewal, or a
// root and a cross-certificate for it. An anchor is immutable.
type Anchor struct {
	id           AnchorID
	rawKey       []byte // SubjectPublicKeyInfo in DER
	keyIDs       [][]byte
	certificates []*x509.Certificate
	scope        scope
}

// AnchorID identifies an anchor: it says which one vouches for a token. Two IDs
// are equal if they are about the same name and key, and have the same label.
type AnchorID struct {
	// Subject is the name, written as in RFC 2253. Two names in different
	// encodings may read the same, so compare whole IDs.
	Subject string
	// KeyDigest is the SHA-256 digest of the SubjectPublicKeyInfo in DER (RFC
	// 5280 §4.1.2.7).
	KeyDigest [sha256.Size]byte
	// Label is the [AnchorConfig]'s.
	Label string
}

// ID returns the name, the key and the label of the anchor.
func (a *Anchor) ID() AnchorID { return a.id }

// Certificates returns the certificates of the anchor, the one that ends last
// first, and among those that end together by SHA-256 digest. The caller must
// not modify them.
func (a *Anchor) Certificates() []*x509.Certificate { return a.certificates }

// HasKeyID reports whether a certificate with this authority key identifier (RFC
// 5280 §4.2.1.1) means the anchor's key: whether it is the subject key
// identifier in one of the anchor's certificates, or the result of one of the
// methods in RFC 5280 §4.2.1.2 and RFC 7093 §2. A hint, and never a proof.
func (a *Anchor) HasKeyID(id []byte) bool {
	return slices.ContainsFunc(a.keyIDs, func(known []byte) bool { return bytes.Equal(known, id) })
}

func (a *Anchor) is(c *x509.Certificate) bool {
	return bytes.Equal(a.rawKey, c.RawSubjectPublicKeyInfo) && bytes.Equal(a.certificates[0].RawSubject, c.RawSubject)
}

func newAnchor(c *x509.Certificate, label string, scope scope) *Anchor {
	return &Anchor{
		id:     AnchorID{Subject: c.Subject.String(), KeyDigest: sha256.Sum256(c.RawSubjectPublicKeyInfo), Label: label},
		rawKey: c.RawSubjectPublicKeyInfo,
		keyIDs: keyIDs(c),
		scope:  scope,
	}
}

// add adds a certificate, unless the anchor has it.
func (a *Anchor) add(c *x509.Certificate) {
	if slices.ContainsFunc(a.certificates, c.Equal) {
		return
	}
	a.certificates = append(a.certificates, c)
	if len(c.SubjectKeyId) > 0 {
		a.keyIDs = append(a.keyIDs, c.SubjectKeyId)
	}
	slices.SortFunc(a.certificates, func(x, y *x509.Certificate) int {
		if order := y.NotAfter.Compare(x.NotAfter); order != 0 {
			return order
		}
		one, other := sha256.Sum256(x.Raw), sha256.Sum256(y.Raw)
		return bytes.Compare(one[:], other[:])
	})
}

// keyIDs returns the identifiers that RFC 5280 §4.2.1.2 and RFC 7093 §2 derive
// from a certificate's public key.
func keyIDs(c *x509.Certificate) [][]byte {
	spki := cryptobyte.String(c.RawSubjectPublicKeyInfo)
	var key cryptobyte.String
	var bits []byte
	if !spki.ReadASN1(&key, cbasn1.SEQUENCE) || !key.SkipASN1(cbasn1.SEQUENCE) || !key.ReadASN1BitStringAsBytes(&bits) {
		return nil // no key that was parsed
	}
	first := sha1.Sum(bits) // identifies, and proves nothing
	second := bytes.Clone(first[len(first)-8:])
	second[0] = 0x40 | second[0]&0x0f
	ids := [][]byte{first[:], second}
	sum256, sum384, sum512 := sha256.Sum256(bits), sha512.Sum384(bits), sha512.Sum512(bits)
	whole256, whole384, whole512 := sha256.Sum256(c.RawSubjectPublicKeyInfo), sha512.Sum384(c.RawSubjectPublicKeyInfo), sha512.Sum512(c.RawSubjectPublicKeyInfo)
	return append(ids, sum256[:20], sum384[:20], sum512[:20], whole256[:], whole384[:], whole512[:])
}

func checkCA(c *x509.Certificate) error {
	if !c.BasicConstraintsValid || !c.IsCA {
		return errors.New("not a CA certificate")
	}
	if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
		return errors.New("its key usage does not permit signing certificates")
	}
	if err := certkey.Check(c.PublicKey); err != nil {
		return fmt.Errorf("its key cannot be relied on: %w", err)
	}
	if err := certkey.CheckEncoding(c); err != nil {
		return fmt.Errorf("its key cannot be relied on: %w", err)
	}
	return nil
}
