// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspview

import (
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/ocspclient"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// Question is what an OCSP response should answer.
type Question struct {
	// Certificate is the one in question, and Issuer the certificate of the CA
	// that signed it.
	Certificate, Issuer *x509.Certificate
	// Hash and Nonce are those of the request; 0 and nil if there was none.
	Hash  crypto.Hash
	Nonce []byte
	// At is the time for which to judge.
	At time.Time
	// Asked are the responders that were asked, the one that answered last.
	Asked []ocspclient.Attempt
}

// View is an OCSP response and what to think of it. `stapled ocsp query --json`
// prints it; docs/ocsp.md describes each member.
type View struct {
	At time.Time `json:"at"`
	// Status is what the response says about the certificate.
	Status string `json:"status"`
	// Acceptable reports whether a verifier with default settings accepts the
	// response as a staple. Otherwise there is a Reason.
	Acceptable bool           `json:"acceptable"`
	Reason     stapled.Reason `json:"reason,omitempty"`
	Detail     string         `json:"detail,omitempty"`
	Advice     string         `json:"advice,omitempty"`
	// FreshUntil is when verifiers stop accepting it.
	FreshUntil *time.Time `json:"fresh_until,omitempty"`

	Certificate Subject              `json:"certificate"`
	RequestHash string               `json:"request_hash,omitempty"`
	Asked       []ocspclient.Attempt `json:"asked,omitempty"`
	Nonce       *Nonce               `json:"nonce,omitempty"`

	ResponseStatus string `json:"response_status"`
	// Answers is the number of SingleResponses. The one shown is about the
	// certificate, if there is one.
	Answers        int        `json:"answers"`
	Meaning        string     `json:"meaning,omitempty"`
	RevokedAt      *time.Time `json:"revoked_at,omitempty"`
	RevokedFor     string     `json:"revocation_reason,omitempty"`
	ExtendedRevoke bool       `json:"extended_revoke"`
	ProducedAt     *time.Time `json:"produced_at,omitempty"`
	ThisUpdate     *time.Time `json:"this_update,omitempty"`
	NextUpdate     *time.Time `json:"next_update,omitempty"`
	// AgeSeconds is the time since thisUpdate, and ValiditySeconds that from
	// thisUpdate to nextUpdate.
	AgeSeconds      *int64 `json:"age_seconds,omitempty"`
	ValiditySeconds *int64 `json:"validity_seconds,omitempty"`

	Responder          *Responder    `json:"responder,omitempty"`
	CertID             *CertID       `json:"cert_id,omitempty"`
	SignatureAlgorithm string        `json:"signature_algorithm,omitempty"`
	Signer             *Signer       `json:"signer,omitempty"`
	Extensions         []Extension   `json:"extensions"`
	Certificates       []Certificate `json:"certificates"`
	// Problems lists the parts that could not be read.
	Problems []string          `json:"problems,omitempty"`
	Windows  []terminal.Window `json:"windows"`
}

// Subject is the certificate in question.
type Subject struct {
	Subject   string `json:"subject"`
	Issuer    string `json:"issuer"`
	Serial    string `json:"serial"`
	SerialHex string `json:"serial_hex"`
}

// Responder is the ResponderID.
type Responder struct {
	By    string `json:"by"` // name or key
	Value string `json:"value"`
}

// CertID is what the response is about, part by part.
type CertID struct {
	Hash                 string `json:"hash"`
	IssuerNameHash       string `json:"issuer_name_hash"`
	IssuerNameMatches    bool   `json:"issuer_name_matches"`
	IssuerKeyHash        string `json:"issuer_key_hash"`
	IssuerKeyMatches     bool   `json:"issuer_key_matches"`
	SerialNumber         string `json:"serial"`
	SerialMatches        bool   `json:"serial_matches"`
	HashIsTheRequestHash bool   `json:"hash_matches"`
}

// Certificate is one that the response embeds.
type Certificate struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Serial    string    `json:"serial"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	Key       string    `json:"key"`
	Signature string    `json:"signature"`
	CA        bool      `json:"ca"`
}

// Dissect shows a successful OCSPResponse. It returns an error if there is
// nothing to show: [ErrNotResponse], or an [*ocspclient.ErrorStatus].
func Dissect(der []byte, q Question) (*View, error) {
	status, m, err := Read(der)
	switch {
	case err == ErrNotResponse:
		return nil, err
	case status != ocspwire.Successful:
		return nil, &ocspclient.ErrorStatus{Status: status}
	}
	v := &View{
		At: q.At.UTC(), Status: "unreadable", ResponseStatus: status.String(), Asked: q.Asked,
		Certificate: Subject{
			Subject: q.Certificate.Subject.String(), Issuer: q.Certificate.Issuer.String(),
			Serial: q.Certificate.SerialNumber.String(), SerialHex: "0x" + q.Certificate.SerialNumber.Text(16),
		},
		// Empty arrays in JSON if nothing can be read.
		Extensions: []Extension{}, Certificates: []Certificate{}, Windows: []terminal.Window{},
	}
	if q.Hash != 0 {
		v.RequestHash = q.Hash.String()
	}
	if err != nil {
		v.Problems = append(v.Problems, err.Error())
	} else {
		v.read(m, q)
	}
	v.judge(der, q)
	return v, nil
}

// read shows every field of the message.
func (v *View) read(m *Message, q Question) {
	embedded := v.readCertificates(m)
	v.SignatureAlgorithm = algorithmName(m)
	if by, value := m.Data.ResponderID(); by != "" {
		v.Responder = &Responder{by, value}
	} else {
		v.Problems = append(v.Problems, "the ResponderID is unreadable")
	}
	v.ProducedAt = utc(m.Data.ProducedAt)
	single := m.single(q.Certificate)
	v.Answers = len(m.Data.Singles)
	v.Extensions = append(v.Extensions, viewExtensions("response", m.Data.Extensions)...)
	if single != nil {
		v.readSingle(single, q)
	} else {
		v.Problems = append(v.Problems, "the response has no SingleResponse")
	}
	v.Nonce = viewNonce(q.Nonce, m.Data.Extensions)
	v.Signer = findSigner(m, embedded, q)
	v.addWindows(q, embedded)
}

// single returns the SingleResponse about the certificate, or else the first
// one.
func (m *Message) single(cert *x509.Certificate) *Single {
	for i := range m.Data.Singles {
		if m.Data.Singles[i].CertID.Serial.Cmp(cert.SerialNumber) == 0 {
			return &m.Data.Singles[i]
		}
	}
	if len(m.Data.Singles) == 0 {
		return nil
	}
	return &m.Data.Singles[0]
}

func (v *View) readSingle(s *Single, q Question) {
	v.Status = s.Status().String()
	v.ThisUpdate, v.NextUpdate = utc(s.ThisUpdate), utc(s.NextUpdate)
	age := int64(q.At.Sub(s.ThisUpdate) / time.Second)
	v.AgeSeconds = &age
	if v.NextUpdate != nil {
		validity := int64(s.NextUpdate.Sub(s.ThisUpdate) / time.Second)
		v.ValiditySeconds = &validity
	}
	v.CertID = viewCertID(s, q)
	v.Extensions = append(v.Extensions, viewExtensions("single", s.Extensions)...)
	if s.Status() == ocspwire.Revoked {
		v.RevokedAt = utc(s.Revoked.At)
		v.RevokedFor = ocspstaple.CRLReason(s.Revoked.Reason).String()
		v.ExtendedRevoke = s.Revoked.At.Equal(time.Unix(0, 0))
		for _, ext := range v.Extensions {
			v.ExtendedRevoke = v.ExtendedRevoke || ext.Name == extendedRevokeName
		}
	}
	v.Meaning = v.meaning()
}

func viewCertID(s *Single, q Question) *CertID {
	id := &CertID{
		IssuerNameHash: hexOf(s.CertID.NameHash), IssuerKeyHash: hexOf(s.CertID.KeyHash),
		SerialNumber: s.CertID.Serial.String(), SerialMatches: s.CertID.Serial.Cmp(q.Certificate.SerialNumber) == 0,
		Hash: s.CertID.Hash.Algorithm.String(),
	}
	hash := ocspwire.HashOf([]byte(oidContent(s.CertID.Hash.Algorithm)))
	if hash == 0 {
		return id
	}
	id.Hash = hash.String()
	id.HashIsTheRequestHash = q.Hash == 0 || hash == q.Hash
	id.IssuerNameMatches = ocspwire.IsDigest(hash, s.CertID.NameHash, q.Issuer.RawSubject)
	if key, err := ocspwire.PublicKeyBits(q.Issuer); err == nil {
		id.IssuerKeyMatches = ocspwire.IsDigest(hash, s.CertID.KeyHash, key)
	}
	return id
}

// readCertificates returns the embedded certificates that can be read.
func (v *View) readCertificates(m *Message) []*x509.Certificate {
	var embedded []*x509.Certificate
	for _, raw := range m.Certificates {
		c, err := certx5c.ParseDER(raw.FullBytes)
		if err != nil {
			v.Problems = append(v.Problems, "an embedded certificate: "+err.Error())
			continue
		}
		embedded = append(embedded, c)
		v.Certificates = append(v.Certificates, Certificate{
			Subject: c.Subject.String(), Issuer: c.Issuer.String(), Serial: c.SerialNumber.String(),
			NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
			Key: certkey.Name(c), Signature: c.SignatureAlgorithm.String(), CA: c.IsCA,
		})
	}
	return embedded
}

// addWindows adds what the timeline shows.
func (v *View) addWindows(q Question, embedded []*x509.Certificate) {
	v.Windows = append(v.Windows, terminal.Window{Name: "certificate", From: q.Certificate.NotBefore.UTC(), Until: q.Certificate.NotAfter.UTC()})
	if v.Signer.embedded >= 0 {
		c := embedded[v.Signer.embedded]
		v.Windows = append(v.Windows, terminal.Window{Name: "delegate", From: c.NotBefore.UTC(), Until: c.NotAfter.UTC()})
	}
	if v.ThisUpdate != nil && v.NextUpdate != nil {
		v.Windows = append(v.Windows, terminal.Window{Name: "response", From: *v.ThisUpdate, Until: *v.NextUpdate})
	}
	if v.ThisUpdate != nil {
		v.Windows = append(v.Windows, terminal.Window{Name: "age limit", From: *v.ThisUpdate, Until: v.ThisUpdate.Add(stapled.DefaultMaxStapleAge)})
	}
}

func utc(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
