// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package anatomy

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"

	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// stapleView is what an OCSP response says. Package ocspstaple reads only
// authentic responses; this shows forged ones too.
type stapleView struct {
	Status     string     `json:"status"`
	Serial     string     `json:"serial,omitempty"`
	For        string     `json:"for,omitempty"`
	ProducedAt *time.Time `json:"produced_at,omitempty"`
	ThisUpdate *time.Time `json:"this_update,omitempty"`
	NextUpdate *time.Time `json:"next_update,omitempty"`
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
	Reason     string     `json:"revocation_reason,omitempty"`
	// Signer is the signer that the response names, which proves nothing.
	Signer string `json:"signer,omitempty"`
}

// The ASN.1 of RFC 6960 §4.2.1, as far as it is shown.
type ocspResponse struct {
	Status asn1.Enumerated
	Bytes  struct {
		Type     asn1.ObjectIdentifier
		Response []byte
	} `asn1:"explicit,tag:0,optional"`
}

type ocspBasic struct {
	Data         ocspData
	Algorithm    pkix.AlgorithmIdentifier
	Signature    asn1.BitString
	Certificates []asn1.RawValue `asn1:"explicit,tag:0,optional"`
}

type ocspData struct {
	Version    int `asn1:"optional,default:0,explicit,tag:0"`
	Responder  asn1.RawValue
	ProducedAt time.Time `asn1:"generalized"`
	Singles    []ocspSingle
	Extensions []pkix.Extension `asn1:"explicit,tag:1,optional"`
}

type ocspSingle struct {
	CertID struct {
		Hash              pkix.AlgorithmIdentifier
		NameHash, KeyHash []byte
		Serial            *big.Int
	}
	Good       asn1.Flag        `asn1:"tag:0,optional"`
	Revoked    ocspRevoked      `asn1:"tag:1,optional"`
	Unknown    asn1.Flag        `asn1:"tag:2,optional"`
	ThisUpdate time.Time        `asn1:"generalized"`
	NextUpdate time.Time        `asn1:"generalized,explicit,tag:0,optional"`
	Extensions []pkix.Extension `asn1:"explicit,tag:1,optional"`
}

type ocspRevoked struct {
	At     time.Time       `asn1:"generalized"`
	Reason asn1.Enumerated `asn1:"explicit,tag:0,optional"`
}

func dissectStaple(value string, i int, chain []*x509.Certificate) (*stapleView, error) {
	der, err := certx5c.DecodeBase64(value)
	if err != nil {
		return nil, err
	}
	var response ocspResponse
	if rest, err := asn1.Unmarshal(der, &response); err != nil || len(rest) > 0 {
		return nil, errors.New("not an OCSPResponse in DER")
	}
	if response.Status != 0 {
		return &stapleView{Status: ocspwire.ResponseStatus(response.Status).String()}, nil
	}
	var basic ocspBasic
	if rest, err := asn1.Unmarshal(response.Bytes.Response, &basic); err != nil || len(rest) > 0 {
		return nil, errors.New("not a BasicOCSPResponse in DER")
	}
	if len(basic.Data.Singles) != 1 {
		return nil, fmt.Errorf("it has %d answers instead of 1", len(basic.Data.Singles))
	}
	single := basic.Data.Singles[0]
	view := &stapleView{
		Status: "unknown", Serial: single.CertID.Serial.String(),
		For:        subjectOf(single.CertID.Serial, i, chain),
		ProducedAt: utc(basic.Data.ProducedAt), ThisUpdate: utc(single.ThisUpdate), NextUpdate: utc(single.NextUpdate),
		Signer: basic.signerName(chain),
	}
	switch {
	case !single.Revoked.At.IsZero():
		view.Status, view.RevokedAt = "revoked", utc(single.Revoked.At)
		view.Reason = ocspstaple.CRLReason(single.Revoked.Reason).String()
	case bool(single.Good):
		view.Status = "good"
	}
	return view, nil
}

// subjectOf uses the serial number to say which certificate a staple is about.
// It does not compare the issuer: a verifier does that.
func subjectOf(serial *big.Int, i int, chain []*x509.Certificate) string {
	if i < len(chain) && chain[i] != nil && chain[i].SerialNumber.Cmp(serial) == 0 {
		return fmt.Sprintf("x5c[%d]", i)
	}
	for j, c := range chain {
		if c != nil && c.SerialNumber.Cmp(serial) == 0 {
			return fmt.Sprintf("x5c[%d] instead of x5c[%d]", j, i)
		}
	}
	return "another certificate"
}

// signerName resolves the ResponderID (RFC 6960 §4.2.2.3) among the
// certificates of the token and of the staple.
func (b *ocspBasic) signerName(chain []*x509.Certificate) string {
	id := b.Data.Responder
	candidates := chain
	for _, raw := range b.Certificates {
		if c, err := certx5c.ParseDER(raw.FullBytes); err == nil {
			candidates = append(candidates[:len(candidates):len(candidates)], c)
		}
	}
	for i, c := range candidates {
		if c == nil || !namedBy(c, id) {
			continue
		}
		if i < len(chain) {
			return fmt.Sprintf("x5c[%d], %s", i, c.Subject)
		}
		return "embedded certificate, " + c.Subject.String()
	}
	if id.Tag == 1 {
		var name pkix.RDNSequence
		if _, err := asn1.Unmarshal(id.Bytes, &name); err == nil {
			return name.String() + " (not in the token)"
		}
	}
	var hash []byte
	if _, err := asn1.Unmarshal(id.Bytes, &hash); err == nil {
		return fmt.Sprintf("key %x (not in the token)", hash)
	}
	return "unreadable"
}

func namedBy(c *x509.Certificate, id asn1.RawValue) bool {
	input := cryptobyte.String(id.FullBytes)
	var responder ocspwire.ResponderID
	if !responder.Read(&input) {
		return false
	}
	named, err := responder.Names(c)
	return err == nil && named
}

func utc(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
