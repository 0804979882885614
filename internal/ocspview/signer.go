// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspview

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"

	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// Signer is who signed the response, and why it was entitled to, or was not.
type Signer struct {
	Kind    string `json:"kind"`
	Subject string `json:"subject,omitempty"`
	// Entitled reports whether every requirement holds.
	Entitled     bool          `json:"entitled"`
	Requirements []Requirement `json:"requirements"`

	embedded int // index of the delegate's certificate, or -1
	// signed and named report whether the signature is this signer's, and whether
	// the ResponderID is.
	signed, named bool
}

// The kinds of signers.
const (
	ByIssuer   = "issuer"
	ByDelegate = "delegate"
	// ByUnknown means that neither the issuer nor an embedded certificate signed
	// the response or is named in it.
	ByUnknown = "unknown"
)

// Requirement is one condition of docs/format.md on a signer.
type Requirement struct {
	Rule string `json:"rule"`
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Detail is how the requirement is met, or what is wrong, and Advice what to do
	// about it.
	Detail string `json:"detail"`
	Advice string `json:"advice,omitempty"`
}

// require adds a requirement: how it is met, or else what is wrong and what to
// do.
func (s *Signer) require(rule, name string, ok bool, met, wrong, advice string) {
	r := Requirement{Rule: rule, Name: name, OK: ok, Detail: met}
	if !ok {
		r.Detail, r.Advice = wrong, advice
		s.Entitled = false
	}
	s.Requirements = append(s.Requirements, r)
}

// firstFailed returns the first requirement that is not met, or nil.
func (s *Signer) firstFailed() *Requirement {
	for i := range s.Requirements {
		if !s.Requirements[i].OK {
			return &s.Requirements[i]
		}
	}
	return nil
}

// findSigner examines everybody who may have signed, and returns the one that
// meets the most: entitled, or else the one whose signature it is, or else the
// one that the ResponderID names.
func findSigner(m *Message, embedded []*x509.Certificate, q Question) *Signer {
	best := issuerAsSigner(m, q)
	rank := func(s *Signer) int {
		switch {
		case s.Entitled:
			return 4
		case s.signed && s.named:
			return 3
		case s.signed:
			return 2
		case s.named:
			return 1
		}
		return 0
	}
	for i, c := range embedded {
		if s := delegateAsSigner(m, c, q); rank(s) > rank(best) {
			best, s.embedded = s, i
		}
	}
	if rank(best) == 0 {
		return nobody(m, embedded)
	}
	return best
}

// issuerAsSigner examines rules 6.7 and 6.8 for the issuer.
func issuerAsSigner(m *Message, q Question) *Signer {
	s := &Signer{Kind: ByIssuer, Subject: q.Issuer.Subject.String(), Entitled: true, embedded: -1}
	s.requireAlgorithm(m)
	s.requireKey("key", q.Issuer, "the issuer's key is ")
	s.requireSignature(m, q.Issuer, "the issuer's own key signed it")
	s.requireName(m, q.Issuer)
	return s
}

// delegateAsSigner examines rules 6.7 to 6.9 for an embedded certificate.
func delegateAsSigner(m *Message, c *x509.Certificate, q Question) *Signer {
	s := &Signer{Kind: ByDelegate, Subject: c.Subject.String(), Entitled: true}
	s.requireAlgorithm(m)
	s.requireKey("issuer's key", q.Issuer, "it is ")
	s.requireKey("key", c, "the responder's key is ")
	s.requireSignature(m, c, "the key of the embedded certificate signed it")
	s.requireName(m, c)
	s.requireDelegation(c, q)
	return s
}

// requireAlgorithm examines the algorithm of the signature (rule 6.7).
func (s *Signer) requireAlgorithm(m *Message) {
	name := algorithmName(m)
	s.require("6.7", "algorithm", certkey.CheckSignatureAlgorithm(m.algorithm()) == nil,
		name, name+" is not accepted", "have the responder sign with SHA-256, SHA-384, SHA-512 or Ed25519")
}

// requireKey examines the strength of a key (rule 6.7).
func (s *Signer) requireKey(name string, c *x509.Certificate, what string) {
	wrong := ""
	err := certkey.Check(c.PublicKey)
	if err == nil {
		err = certkey.CheckEncoding(c)
	}
	if err != nil {
		wrong = err.Error()
	}
	s.require("6.7", name, err == nil, what+certkey.Name(c), wrong, "replace the key: ECDSA on P-256 to P-521, Ed25519, or RSA of 2048 to 4096 bits")
}

// requireSignature examines whose signature it is (rule 6.8).
func (s *Signer) requireSignature(m *Message, c *x509.Certificate, met string) {
	wrong, advice := certname.Of(c)+" has not signed it", "have the responder sign with the key of that certificate"
	switch {
	case s.firstFailed() != nil: // a weak key proves nothing, and an oversized one costs too much
		wrong, advice = "not checked, because of the algorithm or key", ""
	case m.Signature.BitLength%8 == 0:
		s.signed = c.CheckSignature(m.algorithm(), m.Data.Raw, m.Signature.Bytes) == nil
	}
	s.require("6.8", "signature", s.signed, met, wrong, advice)
}

// requireName examines the ResponderID (rule 6.8).
func (s *Signer) requireName(m *Message, c *x509.Certificate) {
	s.named = m.Data.Names(c)
	by, value := m.Data.ResponderID()
	s.require("6.8", "ResponderID", s.named, "names the signer by "+by,
		fmt.Sprintf("names another, by %s: %s", by, value), "have the responder name the certificate with which it signs")
}

// nobody is the signer of a response that nobody known has signed.
func nobody(m *Message, embedded []*x509.Certificate) *Signer {
	s := &Signer{Kind: ByUnknown, Entitled: true, embedded: -1}
	s.requireAlgorithm(m)
	by, value := m.Data.ResponderID()
	wrong := fmt.Sprintf("neither the issuer nor any of the %d embedded certificates signed it; the response names the responder by %s: %s", len(embedded), by, value)
	advice := "is --issuer the CA of this certificate, and does this responder serve it?"
	if len(embedded) == 0 {
		wrong = fmt.Sprintf("the issuer did not, and no certificate is embedded; the response names the responder by %s: %s", by, value)
		advice = "have the responder embed the certificate of its delegate; if there is none, check --issuer"
	}
	s.require("6.8", "signature", false, "", wrong, advice)
	return s
}

// algorithmName names the algorithm of the signature, by its identifier if it is
// not known.
func algorithmName(m *Message) string {
	if algorithm := m.algorithm(); algorithm != x509.UnknownSignatureAlgorithm {
		return algorithm.String()
	}
	input, oid := cryptobyte.String(m.Algorithm.Bytes), asn1.ObjectIdentifier(nil)
	if !input.ReadASN1ObjectIdentifier(&oid) {
		return "an unreadable algorithm"
	}
	return "algorithm " + oid.String()
}

// hasNoCheck reports whether a certificate has id-pkix-ocsp-nocheck.
func hasNoCheck(c *x509.Certificate) bool {
	for _, ext := range c.Extensions {
		if ext.Id.Equal(ocspwire.NoCheck) {
			return true
		}
	}
	return false
}
