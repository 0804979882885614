// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"crypto/x509"
	"errors"
	"fmt"
)

// Anchors are the CA certificates that a verifier trusts by configuration:
// roots or intermediates. They are immutable, and never the system's. A chain
// leaves its anchor out: to trust an intermediate beside its root is to refuse
// the chains that carry it.
type Anchors struct {
	all []*x509.Certificate
	// bySubject holds them by raw subject name, several during a key change.
	bySubject map[string][]*x509.Certificate
}

// NewAnchors makes a set of at least one anchor. It refuses a certificate that
// is not a CA, and one whose key or key usage could not verify anything.
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
			return nil, fmt.Errorf("trust anchor %q: %w", anchor.Subject, err)
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

// Contains tells whether this very certificate is an anchor.
func (a *Anchors) Contains(c *x509.Certificate) bool {
	for _, anchor := range a.bySubject[string(c.RawSubject)] {
		if anchor.Equal(c) {
			return true
		}
	}
	return false
}
