// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package certpolicy processes the certificate policies of a certification path
// (RFC 5280 §6.1), along exactly the path that it is given. It takes the steps
// of RFC 9618: their cost is bounded by the sizes of the certificates, and the
// tree of RFC 5280 can grow exponentially.
//
// The caller asks for no policy in particular: user-initial-policy-set is
// any-policy, and all initial indicators are false (§6.1.1 (c), (e) to (g)). So
// a path fails only if one of its CAs requires policies, or maps any-policy.
package certpolicy

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/stapledjwt/stapled/internal/certname"
)

// state holds the state variables of RFC 5280 §6.1.2.
type state struct {
	graph            level
	explicitPolicy   int
	policyMapping    int
	inhibitAnyPolicy int
}

// Check checks a path: leaf first, anchor last. It begins below the anchor: the
// anchor's own policies and their constraints are no part of the algorithm
// (RFC 5280 §6.1.1 (d)), and neither crypto/x509 nor others look at them.
func Check(path []*x509.Certificate) error {
	n := len(path) - 1 // certificates, without the anchor
	own := make([]extensions, n)
	required := false
	for i := n - 1; i >= 0; i-- {
		err := own[i].read(path[i])
		if err == nil {
			err = own[i].checkMappings()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", certname.Of(path[i]), err)
		}
		required = required || own[i].requireExplicitPolicy != absent
	}
	// explicit_policy begins beyond the length of the path and shrinks by one for
	// each certificate, so it reaches 0 only if a certificate says so. Until then
	// nothing looks at the graph.
	if !required {
		return nil
	}
	// §6.1.2 (a), (d) to (f).
	s := &state{graph: root(), explicitPolicy: n + 1, policyMapping: n + 1, inhibitAnyPolicy: n + 1}
	for i := n - 1; i >= 0; i-- {
		last := i == 0
		if err := s.process(&own[i], selfIssued(path[i]), last); err != nil {
			return fmt.Errorf("%s: %w", certname.Of(path[i]), err)
		}
		if !last {
			s.prepare(&own[i], selfIssued(path[i]))
		}
	}
	return nil
}

// checkMappings refuses a mapping to or from any-policy (RFC 5280 §6.1.4 (a)): in
// a CA certificate by that step, and in a leaf because no certificate may have
// one (§4.2.1.5).
func (e *extensions) checkMappings() error {
	for _, m := range e.mappings {
		if m.issuer == anyPolicy || m.subject == anyPolicy {
			return errors.New("it maps any-policy (RFC 5280 §6.1.4 (a))")
		}
	}
	return nil
}

var errRequired = errors.New("a CA above requires a certificate policy, and no policy is valid for the whole path (RFC 5280 §6.1.3 (f))")

// process takes the steps of §6.1.3 that are about policies, and, for the last
// certificate, those of the wrap-up, §6.1.5.
func (s *state) process(own *extensions, selfIssued, last bool) error {
	// §6.1.3 (d), (e): without policies, the graph is NULL.
	anyCounts := s.inhibitAnyPolicy > 0 || !last && selfIssued
	s.graph = s.graph.next(own.policies, anyCounts)
	// §6.1.3 (f)
	if s.explicitPolicy == 0 && s.graph == nil {
		return errRequired
	}
	if !last {
		return nil
	}
	// §6.1.5 (a), (b)
	decrement(&s.explicitPolicy)
	if own.requireExplicitPolicy == 0 {
		s.explicitPolicy = 0
	}
	// §6.1.5 (g): with user-initial-policy-set any-policy, the set of valid policies
	// is empty just if the graph is NULL.
	if s.explicitPolicy == 0 && s.graph == nil {
		return errRequired
	}
	return nil
}

// prepare takes the steps of §6.1.4 that are about policies.
func (s *state) prepare(own *extensions, selfIssued bool) {
	// (a) holds by [checkMappings], (b)
	if s.policyMapping > 0 {
		s.graph.mapPolicies(own.mappings)
	} else {
		s.graph = s.graph.without(own.mappings)
	}
	// (h)
	if !selfIssued {
		decrement(&s.explicitPolicy)
		decrement(&s.policyMapping)
		decrement(&s.inhibitAnyPolicy)
	}
	// (i), (j)
	restrict(&s.explicitPolicy, own.requireExplicitPolicy)
	restrict(&s.policyMapping, own.inhibitPolicyMapping)
	restrict(&s.inhibitAnyPolicy, own.inhibitAnyPolicy)
}

func decrement(v *int) {
	if *v > 0 {
		*v--
	}
}

func restrict(v *int, skipCerts int) {
	if skipCerts != absent && skipCerts < *v {
		*v = skipCerts
	}
}

// selfIssued reports whether a certificate names its subject as its issuer.
func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }
