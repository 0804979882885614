// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certname"
)

// Anchors are the CA certificates that a verifier is configured to trust: roots
// or intermediates, never the system's. They are immutable. A chain omits its
// anchor, so trusting an intermediate beside its root means refusing the chains
// that include it.
type Anchors struct {
	all []*x509.Certificate
	// bySubject maps raw subject names to anchors; several during a key change.
	bySubject map[string][]*x509.Certificate
}

// NewAnchors returns a set of at least one anchor. It refuses a certificate
// that is not a CA, or whose key or key usage could not verify anything.
func NewAnchors(anchors ...*x509.Certificate) (*Anchors, error) {
	if len(anchors) == 0 {
		return nil, errors.New("no trust anchor given")
	}
	set := &Anchors{bySubject: make(map[string][]*x509.Certificate)}
	for i, anchor := range anchors {
		if anchor == nil {
			return nil, fmt.Errorf("trust anchor %d is nil", i)
		}
		if err := checkCA(anchor); err != nil {
			return nil, fmt.Errorf("trust anchor %s: %w", certname.Of(anchor), err)
		}
		if set.Contains(anchor) {
			continue
		}
		set.all = append(set.all, anchor)
		subject := string(anchor.RawSubject)
		set.bySubject[subject] = append(set.bySubject[subject], anchor)
	}
	return set, nil
}

// All returns the anchors in the order given.
func (a *Anchors) All() []*x509.Certificate {
	return append([]*x509.Certificate(nil), a.all...)
}

// Named returns the anchors with a subject name, given in DER.
func (a *Anchors) Named(rawSubject []byte) []*x509.Certificate {
	return a.bySubject[string(rawSubject)]
}

// Contains reports whether this very certificate is an anchor.
func (a *Anchors) Contains(c *x509.Certificate) bool {
	for _, anchor := range a.bySubject[string(c.RawSubject)] {
		if anchor.Equal(c) {
			return true
		}
	}
	return false
}

func checkCA(c *x509.Certificate) error {
	if !c.BasicConstraintsValid || !c.IsCA {
		return errors.New("not a CA certificate")
	}
	if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
		return errors.New("its key usage does not permit signing certificates")
	}
	return certkey.Check(c.PublicKey)
}

// Missing explains why no anchor issued a certificate: which one was needed,
// and which ones there are.
func (a *Anchors) Missing(c *x509.Certificate) string {
	if len(a.bySubject[string(c.RawIssuer)]) > 0 {
		return fmt.Sprintf("%s is not signed by the key of the trust anchor %s", certname.Of(c), certname.IssuerOf(c))
	}
	if len(a.all) == 0 {
		return "there are no trust anchors: NewAnchors did not make this set"
	}
	const most = 150 // bytes: logs contain many of these
	trusted := certname.Of(a.all[0])
	for i, anchor := range a.all[1:] {
		name := certname.Of(anchor)
		if len(trusted)+len(name) > most {
			trusted += fmt.Sprintf(" and %d more", len(a.all)-i-1)
			break
		}
		trusted += ", " + name
	}
	return fmt.Sprintf("no trust anchor is named %s, the issuer of %s; trusted: %s", certname.IssuerOf(c), certname.Of(c), trusted)
}
