// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/verifier"
)

// TokenSize is the size of a token of one setup, in which the responder embeds
// its whole chain.
type TokenSize struct {
	// Keys is the kind of all keys.
	Keys testca.Kind `json:"keys"`
	// Certificates is "large", with names of three attributes and three URLs, or
	// "small", as those of `stapled up`.
	Certificates string `json:"certificates"`
	// Anchor is the verifier's anchor: "root", so that the token carries leaf and
	// intermediate, or "intermediate", so that it carries the leaf.
	Anchor string `json:"anchor"`
	// Staples is "leaf", or "chain" if each certificate has a staple.
	Staples string `json:"staples"`
	// Delegate reports whether a delegate of each issuer signs its staples, instead
	// of the issuer itself.
	Delegate bool `json:"delegate"`
	// Whole uses the responder's answers unchanged, and Slim what a stapler keeps
	// of them.
	Whole Size `json:"whole"`
	Slim  Size `json:"slim"`
}

// Size is the size of a token in bytes, and of its staples in DER.
type Size struct {
	Token   int `json:"token"`
	Staples int `json:"staples"`
	// Refused reports whether a verifier refuses the token for its size.
	Refused bool `json:"refused"`
}

// TokenSizes makes a token of every setup. The sizes do not depend on the
// machine, except that an ECDSA signature may be two bytes shorter.
func TokenSizes() ([]TokenSize, error) {
	var sizes []TokenSize
	for _, kind := range []struct {
		keys         testca.Kind
		certificates string
	}{{testca.P256, "small"}, {testca.P256, "large"}, {testca.RSA2048, "large"}, {testca.RSA4096, "large"}} {
		leaf := newLeaf(kind.keys, kind.certificates)
		for _, setup := range []struct{ anchor, staples string }{
			{"intermediate", "leaf"}, {"root", "leaf"}, {"root", "chain"},
		} {
			for _, delegate := range []bool{false, true} {
				s := TokenSize{Keys: kind.keys, Certificates: kind.certificates, Anchor: setup.anchor, Staples: setup.staples, Delegate: delegate}
				if err := s.measure(leaf); err != nil {
					return nil, fmt.Errorf("%s, %s as the anchor: %w", kind.keys, setup.anchor, err)
				}
				sizes = append(sizes, s)
			}
		}
	}
	return sizes, nil
}

func newLeaf(keys testca.Kind, certificates string) *testca.Party {
	edits := []testca.Edit{testca.Keyed(keys), profiles[certificates]}
	return testca.New(edits...).Intermediate(edits...).Leaf(edits...)
}

// profiles are what certificates hold beside their keys.
var profiles = map[string]testca.Edit{"small": small, "large": large}

// small gives a certificate what those of `stapled up` have: 16 bytes of serial
// number, and in a leaf the URL of the responder and one name.
func small(t *testca.Template) {
	if t.IsCA {
		t.Subject.CommonName, t.Subject.Organization = "Stapled "+t.Subject.CommonName+" CA", []string{"Stapled"}
	} else {
		t.OCSPServer = []string{"http://ocsp.pki.example.com/"}
	}
	if t.URIs != nil {
		t.Subject.CommonName = "service.stapled.internal"
		t.URIs, t.DNSNames = nil, []string{t.Subject.CommonName}
	}
	serial := sha256.Sum256([]byte(t.Subject.CommonName))
	serial[0] |= 0x80
	t.SerialNumber = new(big.Int).SetBytes(serial[:16])
}

// large gives a certificate what many enterprise CAs put into theirs.
func large(t *testca.Template) {
	t.Subject.Organization, t.Subject.Country = []string{"Example Corporation"}, []string{"US"}
	t.OCSPServer = []string{"http://ocsp.pki.example.com/"}
	t.IssuingCertificateURL = []string{"http://pki.example.com/intermediate-ca.cer"}
	t.CRLDistributionPoints = []string{"http://pki.example.com/intermediate-ca.crl"}
}

func (s *TokenSize) measure(leaf *testca.Party) error {
	parties := []*testca.Party{leaf}
	if s.Staples == "chain" {
		parties = append(parties, leaf.Issuer)
	}
	var whole, slim [][]byte
	for _, p := range parties {
		signer := p.Issuer
		var embedded []*x509.Certificate
		if s.Delegate {
			signer = p.Issuer.Delegate(testca.Keyed(s.Keys), testca.Named(p.Issuer.Cert.Subject.CommonName+" OCSP"), profiles[s.Certificates])
			embedded = append(embedded, signer.Cert)
		}
		for above := p.Issuer; above != nil; above = above.Issuer {
			embedded = append(embedded, above.Cert)
		}
		der := p.Staple(testca.SignedBy(signer, embedded...))
		staple, err := ocspstaple.Slim(der, p.Cert, p.Issuer.Cert, testca.Now, 0)
		if err != nil {
			return err
		}
		whole, slim = append(whole, der), append(slim, staple.DER())
	}
	var err error
	if s.Whole, err = s.size(leaf, whole); err != nil {
		return err
	}
	s.Slim, err = s.size(leaf, slim)
	return err
}

// size makes the token and verifies it.
func (s *TokenSize) size(leaf *testca.Party, staples [][]byte) (Size, error) {
	token := testca.NewToken(leaf, staples...)
	anchor := leaf.Issuer
	if s.Anchor == "root" {
		anchor = leaf.Issuer.Issuer
	} else {
		token.Header.Set("x5c", []string{base64.StdEncoding.EncodeToString(leaf.Cert.Raw)})
	}
	token.Claims.Set("sub", subject)
	raw := token.Compact()
	anchors, err := certs.NewAnchors(anchor.Cert)
	if err != nil {
		return Size{}, err
	}
	cfg := verifier.Config{Anchors: anchors, Audience: audience, Now: func() time.Time { return testca.Now }}
	if s.Staples == "chain" {
		cfg.StapleChain = true
	}
	v, err := verifier.New(cfg)
	if err != nil {
		return Size{}, err
	}
	size := Size{Token: len(raw)}
	for _, der := range staples {
		size.Staples += len(der)
	}
	_, err = v.Verify(raw)
	size.Refused = errors.Is(err, stapled.TooLarge)
	if err != nil && !size.Refused {
		return Size{}, err
	}
	return size, nil
}

// Sizes returns the table of token sizes.
func (m *Measurement) Sizes() *Table { return SizeTable(m.TokenSizes) }

// SizeTable returns a table with one row for each setup.
func SizeTable(sizes []TokenSize) *Table {
	t := &Table{Head: []string{"keys", "certificates", "anchor", "staples for", "signed by", "embeds its chain: staples", "token", "slimmed: staples", "token"}}
	for _, s := range sizes {
		signer, staples := "issuer", "the leaf"
		if s.Delegate {
			signer = "delegate"
		}
		if s.Staples == "chain" {
			staples = "leaf and intermediate"
		}
		t.add(string(s.Keys), s.Certificates, s.Anchor, staples, signer,
			grouped(int64(s.Whole.Staples)), s.Whole.token(), grouped(int64(s.Slim.Staples)), s.Slim.token())
	}
	return t
}

func (s Size) token() string {
	text := grouped(int64(s.Token))
	if s.Refused {
		return text + " **refused**"
	}
	return text
}
