// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"crypto/x509/pkix"
	"encoding/asn1"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// AnyPolicy is the policy that stands for all (RFC 5280 §4.2.1.4).
var AnyPolicy = asn1.ObjectIdentifier{2, 5, 29, 32, 0}

// Policy is a policy for tests.
func Policy(n int) asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 2, n}
}

// Policies adds the extension certificatePolicies (RFC 5280 §4.2.1.4).
func Policies(list ...asn1.ObjectIdentifier) Edit {
	var all [][]byte
	for _, oid := range list {
		all = append(all, tlv(cbasn1.SEQUENCE, oidOf(oid)))
	}
	return extra(32, false, tlv(cbasn1.SEQUENCE, all...))
}

// PolicyMappings adds the extension of this name (RFC 5280 §4.2.1.5).
func PolicyMappings(pairs ...[2]asn1.ObjectIdentifier) Edit {
	var all [][]byte
	for _, pair := range pairs {
		all = append(all, tlv(cbasn1.SEQUENCE, oidOf(pair[0]), oidOf(pair[1])))
	}
	return extra(33, true, tlv(cbasn1.SEQUENCE, all...))
}

// PolicyConstraints adds the extension of this name (RFC 5280 §4.2.1.11); a
// negative number leaves its field out.
func PolicyConstraints(requireExplicitPolicy, inhibitPolicyMapping int) Edit {
	var fields [][]byte
	for n, skip := range []int{requireExplicitPolicy, inhibitPolicyMapping} {
		if skip >= 0 {
			fields = append(fields, tlv(cbasn1.Tag(n).ContextSpecific(), []byte{byte(skip)}))
		}
	}
	return extra(36, true, tlv(cbasn1.SEQUENCE, fields...))
}

// InhibitAnyPolicy adds the extension of this name (RFC 5280 §4.2.1.14).
func InhibitAnyPolicy(skip byte) Edit { return extra(54, true, tlv(cbasn1.INTEGER, []byte{skip})) }

// extra adds an extension of the arc id-ce.
func extra(number int, critical bool, value []byte) Edit {
	return func(t *Template) {
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, number}, Critical: critical, Value: value})
	}
}
