// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpolicy

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidPolicies          = asn1.ObjectIdentifier{2, 5, 29, 32}
	oidMappings          = asn1.ObjectIdentifier{2, 5, 29, 33}
	oidPolicyConstraints = asn1.ObjectIdentifier{2, 5, 29, 36}
	oidInhibitAnyPolicy  = asn1.ObjectIdentifier{2, 5, 29, 54}
)

// absent stands for a number of certificates that is not given.
const absent = -1

// extensions are those of a certificate that are about policies. Package x509
// has refused a certificate that has one of them twice.
type extensions struct {
	policies              []policy
	mappings              []mapping
	requireExplicitPolicy int
	inhibitPolicyMapping  int
	inhibitAnyPolicy      int
}

type mapping struct{ issuer, subject policy }

// read reads the extensions of a certificate. Those that are malformed are an
// error: skipping one might drop a requirement.
func (e *extensions) read(c *x509.Certificate) error {
	e.requireExplicitPolicy, e.inhibitPolicyMapping, e.inhibitAnyPolicy = absent, absent, absent
	for _, ext := range c.Extensions {
		value, ok := cryptobyte.String(ext.Value), true
		switch {
		case ext.Id.Equal(oidPolicies):
			e.policies, ok = readPolicies(value, ext.Critical)
		case ext.Id.Equal(oidMappings):
			e.mappings, ok = readMappings(value)
		case ext.Id.Equal(oidPolicyConstraints):
			ok = e.readConstraints(value)
		case ext.Id.Equal(oidInhibitAnyPolicy):
			e.inhibitAnyPolicy, ok = readSkipCerts(&value, cbasn1.INTEGER)
			ok = ok && value.Empty()
		}
		if !ok {
			return fmt.Errorf("the extension %s is malformed, or critical and not understood", ext.Id)
		}
	}
	return nil
}

// readPolicies reads certificatePolicies (RFC 5280 §4.2.1.4), in which no
// policy occurs twice. Its qualifiers are texts for people; but "if this
// extension is critical, the path validation software MUST be able to interpret
// this extension (including the optional qualifier), or MUST reject".
func readPolicies(value cryptobyte.String, critical bool) ([]policy, bool) {
	var policies []policy
	seen := make(set)
	var list cryptobyte.String
	if !value.ReadASN1(&list, cbasn1.SEQUENCE) || !value.Empty() || list.Empty() {
		return nil, false
	}
	for !list.Empty() {
		var information, oid, qualifiers cryptobyte.String
		var qualified bool
		if !list.ReadASN1(&information, cbasn1.SEQUENCE) || !information.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) ||
			!information.ReadOptionalASN1(&qualifiers, &qualified, cbasn1.SEQUENCE) || !information.Empty() {
			return nil, false
		}
		if qualified && !readQualifiers(qualifiers, critical) {
			return nil, false
		}
		if _, twice := seen[policy(oid)]; twice {
			return nil, false
		}
		seen[policy(oid)] = struct{}{}
		policies = append(policies, policy(oid))
	}
	return policies, true
}

// id-qt-cps and id-qt-unotice, 1.3.6.1.5.5.7.2.1 and .2 (RFC 5280 §4.2.1.4).
const qualifierCPS, qualifierNotice = "\x2b\x06\x01\x05\x05\x07\x02\x01", "\x2b\x06\x01\x05\x05\x07\x02\x02"

// readQualifiers reads the qualifiers of a policy; if the extension is critical,
// each must be known.
func readQualifiers(list cryptobyte.String, critical bool) bool {
	if list.Empty() {
		return false
	}
	for !list.Empty() {
		var qualifier, id, value cryptobyte.String
		if !list.ReadASN1(&qualifier, cbasn1.SEQUENCE) || !qualifier.ReadASN1(&id, cbasn1.OBJECT_IDENTIFIER) ||
			!qualifier.ReadAnyASN1(&value, new(cbasn1.Tag)) || !qualifier.Empty() {
			return false
		}
		if critical && string(id) != qualifierCPS && string(id) != qualifierNotice {
			return false
		}
	}
	return true
}

// readMappings reads policyMappings (RFC 5280 §4.2.1.5).
func readMappings(value cryptobyte.String) ([]mapping, bool) {
	var mappings []mapping
	var list cryptobyte.String
	if !value.ReadASN1(&list, cbasn1.SEQUENCE) || !value.Empty() || list.Empty() {
		return nil, false
	}
	for !list.Empty() {
		var pair, issuer, subject cryptobyte.String
		if !list.ReadASN1(&pair, cbasn1.SEQUENCE) || !pair.ReadASN1(&issuer, cbasn1.OBJECT_IDENTIFIER) ||
			!pair.ReadASN1(&subject, cbasn1.OBJECT_IDENTIFIER) || !pair.Empty() {
			return nil, false
		}
		mappings = append(mappings, mapping{policy(issuer), policy(subject)})
	}
	return mappings, true
}

// readConstraints reads policyConstraints (RFC 5280 §4.2.1.11), which "MUST NOT"
// be an empty sequence.
func (e *extensions) readConstraints(value cryptobyte.String) (ok bool) {
	var list cryptobyte.String
	if !value.ReadASN1(&list, cbasn1.SEQUENCE) || !value.Empty() || list.Empty() {
		return false
	}
	for n, field := range []*int{&e.requireExplicitPolicy, &e.inhibitPolicyMapping} {
		tag := cbasn1.Tag(n).ContextSpecific()
		if list.PeekASN1Tag(tag) {
			if *field, ok = readSkipCerts(&list, tag); !ok {
				return false
			}
		}
	}
	return list.Empty()
}

// readSkipCerts reads SkipCerts, an INTEGER (0..MAX). No path is as long as the
// largest number that it returns.
func readSkipCerts(s *cryptobyte.String, tag cbasn1.Tag) (int, bool) {
	var n int64
	if !s.ReadASN1Int64WithTag(&n, tag) || n < 0 {
		return absent, false
	}
	const longest = 1 << 20
	return int(min(n, longest)), true
}
