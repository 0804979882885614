// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package nameconstraint checks the names in a certification path against the
// name constraints of the CAs above them (RFC 5280 §4.2.1.10), along exactly
// the path that it is given.
//
// Where the RFC leaves room, a name is permitted only if it certainly lies
// within a subtree, and excluded if it may lie within one.
package nameconstraint

import (
	"bytes"
	"crypto/x509"
	"fmt"

	"github.com/stapledjwt/stapled/internal/certname"
)

// MaxSubtrees is the maximum number of subtrees in a certificate's
// nameConstraints: with the limit on names, it bounds the comparisons.
const MaxSubtrees = 128

// Check checks a path: leaf first, anchor last. The constraints of the anchor
// count; its names do not. The signatures of the path are not its concern.
//
// The steps are those of RFC 5280 §6.1.3 (b), (c) and §6.1.4 (g). The state of
// the RFC, an intersection of permitted and a union of excluded subtrees, is
// kept as the list of the constraints above: a name lies within an intersection
// if it lies within each part of it.
func Check(path []*x509.Certificate) error {
	var above []*constraints
	for i := len(path) - 1; i >= 0; i-- {
		c := path[i]
		// 1. §6.1.3 (b), (c): the names of every certificate below the anchor, unless
		// it is self-issued and not the last one of the path.
		if len(above) > 0 && (i == 0 || !selfIssued(c)) {
			if err := checkNames(c, above); err != nil {
				return fmt.Errorf("%s: %w", certname.Of(c), err)
			}
		}
		// 2. §6.1.4 (g): its own constraints apply to all below it. Those of a leaf
		// apply to nothing, but must be well-formed like all others.
		own, err := read(c)
		if err != nil {
			return fmt.Errorf("%s has nameConstraints that %w (RFC 5280 §4.2.1.10)", certname.Of(c), err)
		}
		if own != nil {
			above = append(above, own)
		}
	}
	return nil
}

// selfIssued reports whether a certificate names its subject as its issuer. It
// compares bytes: a false "no" only means one check more.
func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

func checkNames(c *x509.Certificate, above []*constraints) error {
	names, err := namesOf(c)
	if err != nil {
		return err
	}
	for i := range names {
		for _, constraints := range above {
			if err := constraints.check(&names[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// check compares one name with the subtrees of its kind. A kind of name that no
// subtree mentions is not constrained.
func (c *constraints) check(n *name) error {
	// 1. A name that cannot be compared does not satisfy a constraint.
	if flaw := n.flaw(); flaw != "" && (mentions(c.permitted, n.kind) || mentions(c.excluded, n.kind)) {
		return fmt.Errorf("%s %s, and %s constrains names of this kind (RFC 5280 §4.2.1.10)", n, flaw, c.ca())
	}
	// 2. §6.1.3 (b): it lies within one of the permitted subtrees of its kind, if
	// there are any.
	if mentions(c.permitted, n.kind) && !anyOf(c.permitted, n, (*subtree).certainlyHas) {
		return fmt.Errorf("%s is not a name that %s permits (RFC 5280 §6.1.3 (b))", n, c.ca())
	}
	// 3. §6.1.3 (c): it lies within none of the excluded ones.
	if anyOf(c.excluded, n, (*subtree).mayHave) {
		return fmt.Errorf("%s is a name that %s excludes (RFC 5280 §6.1.3 (c))", n, c.ca())
	}
	return nil
}

func mentions(subtrees []subtree, k kind) bool {
	for i := range subtrees {
		if subtrees[i].kind == k {
			return true
		}
	}
	return false
}

func anyOf(subtrees []subtree, n *name, has func(*subtree, *name) bool) bool {
	for i := range subtrees {
		if subtrees[i].kind == n.kind && has(&subtrees[i], n) {
			return true
		}
	}
	return false
}
