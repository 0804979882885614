// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/timetext"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// list is a full CRL that has passed every check but those that compare it with
// the clock and with earlier lists.
type list struct {
	issue
	nextUpdate time.Time
	entries    entries
}

// issue tells a CRL apart from the others of its CA.
type issue struct {
	number     *big.Int
	thisUpdate time.Time
	// digest is the SHA-256 of tbsCertList: a CA may sign one list twice.
	digest [sha256.Size]byte
}

// parse reads a CertificateList in DER (RFC 5280 §5.1) that the issuer must have
// signed. The result keeps no part of the input.
func parse(der []byte, issuer *x509.Certificate) (*list, error) {
	// 1. The outer structure.
	c, err := split(der)
	if err != nil {
		return nil, err
	}
	// 2. The issuer, by name and key. Nothing else is read before.
	if err := c.authenticate(issuer); err != nil {
		return nil, err
	}
	// 3. What it says.
	return c.read()
}

// certificateList is a CertificateList taken apart as far as its signature
// needs.
type certificateList struct {
	tbs       []byte // with its header
	algorithm x509.SignatureAlgorithm
	signature []byte
	issuer    []byte // with its header
	// rest is the content of tbsCertList from thisUpdate.
	rest cryptobyte.String
}

func split(der []byte) (*certificateList, error) {
	input := cryptobyte.String(der)
	var all, tbs, algorithm, inner cryptobyte.String
	if !input.ReadASN1(&all, cbasn1.SEQUENCE) {
		return nil, errors.New("is not DER, or is truncated")
	}
	if !input.Empty() {
		return nil, fmt.Errorf("is followed by %d more bytes", len(input))
	}
	c := new(certificateList)
	if !all.ReadASN1Element(&tbs, cbasn1.SEQUENCE) || !all.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!all.ReadASN1BitStringAsBytes(&c.signature) || !all.Empty() {
		return nil, errors.New("is no CertificateList (RFC 5280 §5.1)")
	}
	c.tbs = tbs
	if !tbs.ReadASN1(&tbs, cbasn1.SEQUENCE) {
		return nil, errMalformed
	}
	// Version 1 has no version field, and no extensions.
	if !tbs.PeekASN1Tag(cbasn1.INTEGER) {
		return nil, errors.New("is of version 1, without a crlNumber; configure the CA to write version 2 (openssl ca: crl_extensions)")
	}
	var version int
	if !tbs.ReadASN1Integer(&version) {
		return nil, errMalformed
	}
	if version != 1 {
		return nil, fmt.Errorf("has the version number %d, not 1, which means version 2 (RFC 5280 §5.1.2.1)", version)
	}
	if !tbs.ReadASN1(&inner, cbasn1.SEQUENCE) {
		return nil, errMalformed
	}
	if !bytes.Equal(inner, algorithm) {
		return nil, errors.New("names two signature algorithms, one inside and one outside of what is signed (RFC 5280 §5.1.1.2)")
	}
	var ok bool
	if c.algorithm, ok = ocspwire.ReadSignatureAlgorithm(algorithm); !ok {
		return nil, errors.New("has a malformed signature algorithm")
	}
	if !tbs.ReadASN1Element((*cryptobyte.String)(&c.issuer), cbasn1.SEQUENCE) {
		return nil, errMalformed
	}
	c.rest = tbs
	return c, nil
}

var errMalformed = errors.New("is malformed (RFC 5280 §5.1)")

// authenticate returns an error unless the issuer has signed the list. The
// authority key identifier decides nothing: the key does, and a CA that was
// renewed may compute its identifier in another way.
func (c *certificateList) authenticate(issuer *x509.Certificate) error {
	if !bytes.Equal(c.issuer, issuer.RawSubject) {
		return fmt.Errorf("is of another CA, %s, not of %s", certname.IssuerOf(&x509.Certificate{RawIssuer: c.issuer}), certname.Of(issuer))
	}
	if err := certkey.CheckSignatureAlgorithm(c.algorithm); err != nil {
		return fmt.Errorf("is signed with a weak or unknown algorithm: %w", err)
	}
	if err := issuer.CheckSignature(c.algorithm, c.tbs, c.signature); err != nil {
		return fmt.Errorf("was signed by somebody else, or changed: the key of %s did not sign it: %w", certname.Of(issuer), err)
	}
	return nil
}

// read reads what the list says.
func (c *certificateList) read() (*list, error) {
	l, rest := new(list), c.rest
	l.digest = sha256.Sum256(c.tbs)
	var ok bool
	// 1. The times.
	if l.thisUpdate, ok = readTime(&rest); !ok {
		return nil, errors.New("has a malformed thisUpdate")
	}
	if !rest.PeekASN1Tag(cbasn1.UTCTime) && !rest.PeekASN1Tag(cbasn1.GeneralizedTime) {
		return nil, errors.New("has no nextUpdate, so nobody can tell how long it counts (RFC 5280 §5.1.2.5)")
	}
	if l.nextUpdate, ok = readTime(&rest); !ok {
		return nil, errors.New("has a malformed nextUpdate")
	}
	if !l.nextUpdate.After(l.thisUpdate) {
		return nil, fmt.Errorf("ends at %s, not after it begins", timetext.Stamp(l.nextUpdate))
	}
	// 2. The extensions, before the entries: they say what the entries mean.
	var revoked, extensions cryptobyte.String
	var present bool
	if !rest.ReadOptionalASN1(&revoked, nil, cbasn1.SEQUENCE) || !rest.ReadOptionalASN1(&extensions, &present, ocspwire.Tag(0)) || !rest.Empty() {
		return nil, errMalformed
	}
	if !present {
		return nil, errNoNumber
	}
	var err error
	if l.number, err = readExtensions(extensions); err != nil {
		return nil, err
	}
	// 3. The entries.
	if l.entries, err = readEntries(revoked); err != nil {
		return nil, err
	}
	return l, nil
}
