// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"github.com/stapledjwt/stapled/internal/certname"
)

// maxKeys is how many keys one name may have among the anchors. A certificate
// that names its issuer makes the verifier try each of them.
const maxKeys = 4

// Anchors are what a verifier is configured to trust: roots or intermediates,
// never the system's roots. They are immutable.
type Anchors struct {
	all []*Anchor // in the order given
	// bySubject maps raw subject names to anchors; several during a key change.
	bySubject map[string][]*Anchor
	// keys are the public keys, as SubjectPublicKeyInfo in DER.
	keys map[string]struct{}
}

// AnchorConfig are CA certificates to trust, and for which names.
type AnchorConfig struct {
	// Certificates are those of CAs. Those of the same subject name and public
	// key are one anchor. Required.
	Certificates []*x509.Certificate
	// Scope limits the names that count in certificates below these anchors. An
	// entry is a DNS name (example.com), all names below one (.example.com), or
	// the scheme and host of URIs (spiffe://example.com). Nil means all names.
	Scope []string
	// Label is a name for logs and policies. Default: none.
	Label string
}

// NewAnchors returns a set of at least one anchor, each for all names. It
// refuses a certificate that is not a CA, or whose key or key usage could not
// verify anything, and more than four keys of one name.
func NewAnchors(certificates ...*x509.Certificate) (*Anchors, error) {
	return NewScopedAnchors(AnchorConfig{Certificates: certificates})
}

// NewScopedAnchors returns a set of at least one anchor. It refuses what
// [NewAnchors] refuses, a malformed scope, and certificates of one name and key
// with different scopes or labels.
func NewScopedAnchors(list ...AnchorConfig) (*Anchors, error) {
	set := newAnchors()
	for _, cfg := range list {
		if err := set.addAll(cfg); err != nil {
			return nil, err
		}
	}
	if len(set.all) == 0 {
		return nil, errNoAnchor
	}
	return set, nil
}

var errNoAnchor = errors.New("no trust anchor given")

func newAnchors() *Anchors {
	return &Anchors{bySubject: make(map[string][]*Anchor), keys: make(map[string]struct{})}
}

func (a *Anchors) addAll(cfg AnchorConfig) error {
	scope, err := newScope(cfg.Scope)
	if err != nil {
		return err
	}
	for i, c := range cfg.Certificates {
		if c == nil {
			return fmt.Errorf("trust anchor %d is nil", i)
		}
		if err := a.add(c, cfg.Label, scope); err != nil {
			return fmt.Errorf("trust anchor %s: %w", certname.Of(c), err)
		}
	}
	return nil
}

func (a *Anchors) add(c *x509.Certificate, label string, scope scope) error {
	if err := checkCA(c); err != nil {
		return err
	}
	if known := a.Of(c); known != nil {
		if !known.scope.equal(scope) || known.id.Label != label {
			return errors.New("its name and key were given twice, with different scopes or labels: give each CA one scope and one label")
		}
		known.add(c)
		return nil
	}
	anchor := newAnchor(c, label, scope)
	anchor.add(c)
	subject := string(c.RawSubject)
	if len(a.bySubject[subject]) == maxKeys {
		return fmt.Errorf("there are more than %d keys of this name", maxKeys)
	}
	a.all = append(a.all, anchor)
	a.keys[string(c.RawSubjectPublicKeyInfo)] = struct{}{}
	a.bySubject[subject] = append(a.bySubject[subject], anchor)
	slices.SortFunc(a.bySubject[subject], func(x, y *Anchor) int {
		return bytes.Compare(x.id.KeyDigest[:], y.id.KeyDigest[:])
	})
	return nil
}

// All returns the anchors in the order given. Each call returns a new slice.
func (a *Anchors) All() []*Anchor { return slices.Clone(a.all) }

// Certificates returns the certificates of all anchors. Each call returns a new
// slice.
func (a *Anchors) Certificates() []*x509.Certificate {
	var list []*x509.Certificate
	for _, anchor := range a.all {
		list = append(list, anchor.certificates...)
	}
	return list
}

// Of returns the anchor that has the subject name and the public key of a
// certificate, both byte for byte, or nil.
func (a *Anchors) Of(c *x509.Certificate) *Anchor {
	for _, anchor := range a.bySubject[string(c.RawSubject)] {
		if anchor.is(c) {
			return anchor
		}
	}
	return nil
}

// IssuersOf returns the anchors that have the issuer name of a certificate,
// first those that its authority key identifier means. It excludes none because
// of that identifier (RFC 5280 §4.2.1.1): a CA may change the method by which it
// derives it.
func (a *Anchors) IssuersOf(c *x509.Certificate) []*Anchor {
	named := a.bySubject[string(c.RawIssuer)]
	if len(named) < 2 || len(c.AuthorityKeyId) == 0 {
		return named
	}
	rank := func(anchor *Anchor) int {
		if anchor.HasKeyID(c.AuthorityKeyId) {
			return 0
		}
		return 1
	}
	named = slices.Clone(named)
	slices.SortStableFunc(named, func(x, y *Anchor) int { return cmp.Compare(rank(x), rank(y)) })
	return named
}

// equal reports whether two sets have the same certificates in the same order,
// for the same names and with the same labels.
func (a *Anchors) equal(other *Anchors) bool {
	return a != nil && other != nil && slices.EqualFunc(a.all, other.all, func(x, y *Anchor) bool {
		return x.id == y.id && x.scope.equal(y.scope) && slices.EqualFunc(x.certificates, y.certificates, (*x509.Certificate).Equal)
	})
}

// HaveKeyOf reports whether an anchor has the public key of a certificate, whose
// encoding must be the only one of its key, as an anchor's is. It takes the same
// time for any number of anchors.
func (a *Anchors) HaveKeyOf(c *x509.Certificate) bool {
	_, ok := a.keys[string(c.RawSubjectPublicKeyInfo)]
	return ok
}

// Warnings returns what an operator should know about these anchors, at most one
// sentence for each: an intermediate among them can no longer be revoked, and
// what its issuer permits it no longer counts. A root that also has a
// cross-certificate is no intermediate.
func (a *Anchors) Warnings() []string {
	var warnings []string
	for _, anchor := range a.all {
		if !slices.ContainsFunc(anchor.certificates, isSelfIssued) {
			c := anchor.certificates[0]
			warnings = append(warnings, fmt.Sprintf("the trust anchor %s is an intermediate: verifiers do not see its revocation, "+
				"and ignore the constraints that %s put on it", certname.Of(c), certname.IssuerOf(c)))
		}
	}
	return warnings
}

// isSelfIssued reports whether the subject names itself as the issuer (RFC 5280
// §3.2).
func isSelfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, c.RawSubject) }

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
	trusted := certname.Of(a.all[0].certificates[0])
	for i, anchor := range a.all[1:] {
		name := certname.Of(anchor.certificates[0])
		if len(trusted)+len(name) > most {
			trusted += fmt.Sprintf(" and %d more", len(a.all)-i-1)
			break
		}
		trusted += ", " + name
	}
	return fmt.Sprintf("no trust anchor is named %s, the issuer of %s; trusted: %s", certname.IssuerOf(c), certname.Of(c), trusted)
}
