// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package ocspview shows what an OCSP response says, who signed it, whether the
// signer was entitled to, and whether a verifier accepts it as a staple, as
// `stapled ocsp query` does. Package ocspstaple alone decides; this explains.
package ocspview

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// Message is a successful OCSPResponse, as far as it can be read. Package
// ocspstaple reads only what it would accept; this reads forged and faulty ones
// too (RFC 6960 §4.2.1).
type Message struct {
	Data         Data
	Algorithm    asn1.RawValue
	Signature    asn1.BitString
	Certificates []asn1.RawValue `asn1:"explicit,tag:0,optional"`
}

// Data is a ResponseData.
type Data struct {
	Raw        asn1.RawContent
	Version    int `asn1:"optional,default:0,explicit,tag:0"`
	Responder  asn1.RawValue
	ProducedAt time.Time `asn1:"generalized"`
	Singles    []Single
	Extensions []pkix.Extension `asn1:"explicit,tag:1,optional"`
}

// Single is a SingleResponse.
type Single struct {
	CertID struct {
		Hash              pkix.AlgorithmIdentifier
		NameHash, KeyHash []byte
		Serial            *big.Int
	}
	Good       asn1.Flag        `asn1:"tag:0,optional"`
	Revoked    Revocation       `asn1:"tag:1,optional"`
	Unknown    asn1.Flag        `asn1:"tag:2,optional"`
	ThisUpdate time.Time        `asn1:"generalized"`
	NextUpdate time.Time        `asn1:"generalized,explicit,tag:0,optional"`
	Extensions []pkix.Extension `asn1:"explicit,tag:1,optional"`
}

// Revocation is a RevokedInfo.
type Revocation struct {
	At     time.Time       `asn1:"generalized"`
	Reason asn1.Enumerated `asn1:"explicit,tag:0,optional"`
}

// Status returns what the SingleResponse says.
func (s *Single) Status() ocspwire.CertStatus {
	switch {
	case !s.Revoked.At.IsZero():
		return ocspwire.Revoked
	case bool(s.Good):
		return ocspwire.Good
	}
	return ocspwire.Unknown
}

// envelope is an OCSPResponse around a Message.
type envelope struct {
	Status asn1.Enumerated
	Bytes  struct {
		Type     asn1.ObjectIdentifier
		Response []byte
	} `asn1:"explicit,tag:0,optional"`
}

// The reasons why a response cannot be read.
var (
	ErrNotResponse = errors.New("not an OCSPResponse in DER")
	errNotBasic    = errors.New("not a BasicOCSPResponse in DER")
)

// Read reads an OCSPResponse. The message is nil if the status is not
// Successful.
func Read(der []byte) (ocspwire.ResponseStatus, *Message, error) {
	var outer envelope
	if rest, err := asn1.Unmarshal(der, &outer); err != nil || len(rest) > 0 {
		return 0, nil, ErrNotResponse
	}
	status := ocspwire.ResponseStatus(outer.Status)
	if status != ocspwire.Successful {
		return status, nil, nil
	}
	m := new(Message)
	if rest, err := asn1.Unmarshal(outer.Bytes.Response, m); err != nil || len(rest) > 0 {
		return status, nil, errNotBasic
	}
	return status, m, nil
}

// algorithm returns the signature algorithm, which may not be known.
func (m *Message) algorithm() x509.SignatureAlgorithm {
	algorithm, ok := ocspwire.ReadSignatureAlgorithm(m.Algorithm.Bytes)
	if !ok {
		return x509.UnknownSignatureAlgorithm
	}
	return algorithm
}

// Names reports whether the ResponderID names a certificate (RFC 6960
// §4.2.2.3).
func (d *Data) Names(c *x509.Certificate) bool {
	input := cryptobyte.String(d.Responder.FullBytes)
	var responder ocspwire.ResponderID
	if !responder.Read(&input) {
		return false
	}
	named, err := responder.Names(c)
	return err == nil && named
}

// ResponderID returns the ResponderID for people: by "name" or by "key", and
// which one; "" if it is unreadable.
func (d *Data) ResponderID() (by, value string) {
	if d.Responder.Tag == 1 {
		var name pkix.RDNSequence
		if _, err := asn1.Unmarshal(d.Responder.Bytes, &name); err == nil {
			return "name", name.String()
		}
	}
	var hash []byte
	if _, err := asn1.Unmarshal(d.Responder.Bytes, &hash); err == nil {
		return "key", hexOf(hash)
	}
	return "", ""
}
