// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// CertStatus is the tag of a CertStatus (RFC 6960 §4.2.1).
type CertStatus uint8

// The statuses.
const (
	Good CertStatus = iota
	Revoked
	Unknown
)

// Response is an OCSPResponse (RFC 6960 §4.2.1) before encoding. Inside and
// Around can express faults that no field can.
type Response struct {
	Status int // OCSPResponseStatus
	Type   asn1.ObjectIdentifier

	Version     int // 0 is v1, which is omitted as the default
	ResponderID []byte
	ProducedAt  time.Time
	Singles     []Single
	Extensions  []Extension

	// SigningKey signs by Algorithm, which must suit it.
	SigningKey   crypto.Signer
	Algorithm    x509.SignatureAlgorithm
	Certificates []*x509.Certificate

	// Inside edits the content of the elements with a name, and Around an element
	// as a whole, before it enters the enclosing one; nil removes it. The names are
	// those of the ASN.1 fields and types:
	//
	//	OCSPResponse, responseStatus, responseBytes, ResponseBytes, responseType, response,
	//	BasicOCSPResponse, ResponseData, signatureAlgorithm, signature, certs,
	//	version, responderID, producedAt, responses, responseExtensions,
	//	SingleResponse, CertID, hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber,
	//	certStatus, revocationTime, revocationReason, CRLReason, thisUpdate, nextUpdate,
	//	singleExtensions, Extensions, Extension
	//
	// Edits in ResponseData happen before signing.
	Inside, Around map[string]func(der []byte) []byte
}

// Single is a SingleResponse.
type Single struct {
	Hash      crypto.Hash // of the CertID
	NameHash  []byte
	KeyHash   []byte
	Serial    *big.Int
	Status    CertStatus
	RevokedAt time.Time
	Reason    int // CRLReason; negative leaves it out
	// NextUpdate is omitted if it is zero.
	ThisUpdate, NextUpdate time.Time
	Extensions             []Extension
}

// Extension is an extension of a response.
type Extension struct {
	ID       asn1.ObjectIdentifier
	Critical bool
	Value    []byte
}

// OIDBasic is id-pkix-ocsp-basic.
var OIDBasic = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}

// NewResponse returns a valid response that reports a certificate as good:
// signed by its issuer, which it names, one minute ago, for ten minutes.
func NewResponse(subject *Party) *Response {
	issuer := subject.Issuer
	return &Response{
		Type:        OIDBasic,
		ResponderID: ByName(issuer.Cert),
		ProducedAt:  Now.Add(-time.Minute),
		Singles:     []Single{NewSingle(subject.Cert, issuer.Cert, crypto.SHA256)},
		SigningKey:  issuer.Key,
		Algorithm:   DefaultAlgorithm(issuer.Key),
		Inside:      make(map[string]func([]byte) []byte),
		Around:      make(map[string]func([]byte) []byte),
	}
}

// NewSingle reports a certificate as good, from one minute ago, for ten
// minutes.
func NewSingle(subject, issuer *x509.Certificate, hash crypto.Hash) Single {
	return Single{
		Hash:       hash,
		NameHash:   sum(hash, issuer.RawSubject),
		KeyHash:    sum(hash, KeyBits(issuer)),
		Serial:     subject.SerialNumber,
		Reason:     -1,
		RevokedAt:  Now.Add(-time.Hour),
		ThisUpdate: Now.Add(-time.Minute),
		NextUpdate: Now.Add(9 * time.Minute),
	}
}

// Staple returns the response of [NewResponse], edited and encoded.
func (p *Party) Staple(edits ...func(*Response)) []byte {
	r := NewResponse(p)
	for _, edit := range edits {
		edit(r)
	}
	return r.DER()
}

// SignedBy makes a party sign the response, which names that party and embeds
// these certificates.
func SignedBy(signer *Party, embedded ...*x509.Certificate) func(*Response) {
	return func(r *Response) {
		r.SigningKey, r.Algorithm = signer.Key, DefaultAlgorithm(signer.Key)
		r.ResponderID = ByName(signer.Cert)
		r.Certificates = embedded
	}
}

// ByName returns the ResponderID that names a certificate by its subject.
func ByName(c *x509.Certificate) []byte { return tlv(explicit(1), c.RawSubject) }

// ByKey returns the ResponderID that names a certificate by its key.
func ByKey(c *x509.Certificate) []byte {
	return tlv(explicit(2), tlv(cbasn1.OCTET_STRING, sum(crypto.SHA1, KeyBits(c))))
}

// KeyBits returns the bits of the subjectPublicKey.
func KeyBits(c *x509.Certificate) []byte {
	var spki struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &spki); err != nil {
		panic(fmt.Errorf("testca: %w", err))
	}
	return spki.Key.Bytes
}

// DER encodes and signs the response.
func (r *Response) DER() []byte {
	status := r.element("responseStatus", cbasn1.ENUM, []byte{byte(r.Status)})
	inner := r.element("ResponseBytes", cbasn1.SEQUENCE,
		r.element("responseType", cbasn1.OBJECT_IDENTIFIER, oidContent(r.Type)),
		r.element("response", cbasn1.OCTET_STRING, r.basic()))
	var body []byte
	if r.Status == 0 {
		body = r.element("responseBytes", explicit(0), inner)
	}
	return r.element("OCSPResponse", cbasn1.SEQUENCE, status, body)
}

func (r *Response) basic() []byte {
	data := r.data()
	identifier, signature := sign(r.SigningKey, r.Algorithm, data)
	var certs []byte
	if len(r.Certificates) > 0 {
		var list []byte
		for _, c := range r.Certificates {
			list = append(list, c.Raw...)
		}
		certs = r.element("certs", explicit(0), tlv(cbasn1.SEQUENCE, list))
	}
	return r.element("BasicOCSPResponse", cbasn1.SEQUENCE, data,
		r.element("signatureAlgorithm", cbasn1.SEQUENCE, identifier),
		r.element("signature", cbasn1.BIT_STRING, append([]byte{0}, signature...)),
		certs)
}

func (r *Response) data() []byte {
	var version, singles []byte
	if r.Version != 0 {
		version = r.element("version", explicit(0), tlv(cbasn1.INTEGER, []byte{byte(r.Version)}))
	}
	for _, single := range r.Singles {
		singles = append(singles, r.single(single)...)
	}
	return r.element("ResponseData", cbasn1.SEQUENCE,
		version,
		r.edited("responderID", r.ResponderID),
		r.time("producedAt", r.ProducedAt),
		r.element("responses", cbasn1.SEQUENCE, singles),
		r.extensions("responseExtensions", r.Extensions))
}

func (r *Response) single(s Single) []byte {
	certID := r.element("CertID", cbasn1.SEQUENCE,
		r.element("hashAlgorithm", cbasn1.SEQUENCE, tlv(cbasn1.OBJECT_IDENTIFIER, oidContent(hashOIDs[s.Hash])), []byte{5, 0}),
		r.element("issuerNameHash", cbasn1.OCTET_STRING, s.NameHash),
		r.element("issuerKeyHash", cbasn1.OCTET_STRING, s.KeyHash),
		r.element("serialNumber", cbasn1.INTEGER, integerContent(s.Serial)))
	status := r.element("certStatus", cbasn1.Tag(s.Status).ContextSpecific())
	if s.Status == Revoked {
		status = r.element("certStatus", explicit(1), r.time("revocationTime", s.RevokedAt), r.reason(s.Reason))
	}
	var next []byte
	if !s.NextUpdate.IsZero() {
		next = r.element("nextUpdate", explicit(0), r.time("", s.NextUpdate))
	}
	return r.element("SingleResponse", cbasn1.SEQUENCE, certID, status,
		r.time("thisUpdate", s.ThisUpdate), next, r.extensions("singleExtensions", s.Extensions))
}

func (r *Response) reason(code int) []byte {
	if code < 0 {
		return nil
	}
	return r.element("revocationReason", explicit(0), r.element("CRLReason", cbasn1.ENUM, []byte{byte(code)}))
}

func (r *Response) extensions(name string, list []Extension) []byte {
	if len(list) == 0 {
		return nil
	}
	var all []byte
	for _, e := range list {
		var critical []byte
		if e.Critical {
			critical = tlv(cbasn1.BOOLEAN, []byte{0xff})
		}
		all = append(all, r.element("Extension", cbasn1.SEQUENCE,
			tlv(cbasn1.OBJECT_IDENTIFIER, oidContent(e.ID)), critical, tlv(cbasn1.OCTET_STRING, e.Value))...)
	}
	return r.element(name, explicit(1), r.element("Extensions", cbasn1.SEQUENCE, all))
}

func (r *Response) time(name string, t time.Time) []byte {
	return r.element(name, cbasn1.GeneralizedTime, []byte(t.UTC().Format("20060102150405Z")))
}

func (r *Response) element(name string, tag cbasn1.Tag, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	if edit := r.Inside[name]; edit != nil {
		content = edit(content)
	}
	return r.edited(name, tlv(tag, content))
}

func (r *Response) edited(name string, der []byte) []byte {
	if edit := r.Around[name]; edit != nil {
		return edit(der)
	}
	return der
}

func tlv(tag cbasn1.Tag, parts ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(parts, nil)) })
	return b.BytesOrPanic()
}

func explicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
