// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package nameconstraint

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"

	"github.com/stapledjwt/stapled/internal/certname"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// OID is id-ce-nameConstraints (RFC 5280 §4.2.1.10).
var OID = asn1.ObjectIdentifier{2, 5, 29, 30}

// constraints are the nameConstraints of one certificate.
type constraints struct {
	of                  *x509.Certificate
	permitted, excluded []subtree
}

func (c *constraints) ca() string { return certname.Of(c.of) }

// subtree is the base of a GeneralSubtree. Which fields are set depends on the
// kind; none for a kind that is not implemented.
type subtree struct {
	kind kind
	// host is in lower case, without the leading dot of the form that means only
	// names below it.
	host  string
	below bool
	// local is the local part of a mailbox.
	local string
	// address and mask have the same length.
	address, mask []byte
	dn            distinguishedName
}

// The ways in which an extension can be wrong. Each continues the sentence "it
// has nameConstraints that …".
var (
	errMalformed = errors.New("are malformed")
	errEmpty     = errors.New("are empty")
	errDistance  = errors.New("have a minimum or maximum")
	errTooMany   = fmt.Errorf("have more than %d subtrees", MaxSubtrees)
)

// read reads the extension of a certificate: nil if there is none. Package x509
// has refused a certificate that has it twice.
//
//	NameConstraints ::= SEQUENCE {
//	     permittedSubtrees       [0]     GeneralSubtrees OPTIONAL,
//	     excludedSubtrees        [1]     GeneralSubtrees OPTIONAL }
func read(c *x509.Certificate) (*constraints, error) {
	for _, ext := range c.Extensions {
		if !ext.Id.Equal(OID) {
			continue
		}
		var permitted, excluded cryptobyte.String
		var some, others bool
		input := cryptobyte.String(ext.Value)
		var list cryptobyte.String
		if !input.ReadASN1(&list, cbasn1.SEQUENCE) || !input.Empty() ||
			!list.ReadOptionalASN1(&permitted, &some, constructed(0)) ||
			!list.ReadOptionalASN1(&excluded, &others, constructed(1)) || !list.Empty() {
			return nil, errMalformed
		}
		// One of the two MUST be present, and neither may be empty: GeneralSubtrees
		// is a SEQUENCE SIZE (1..MAX).
		if !some && !others || some && permitted.Empty() || others && excluded.Empty() {
			return nil, errEmpty
		}
		parsed := &constraints{of: c}
		var err error
		if parsed.permitted, err = readSubtrees(permitted, 0); err != nil {
			return nil, err
		}
		if parsed.excluded, err = readSubtrees(excluded, len(parsed.permitted)); err != nil {
			return nil, err
		}
		return parsed, nil
	}
	return nil, nil
}

// readSubtrees reads GeneralSubtrees, after so many others.
//
//	GeneralSubtree ::= SEQUENCE {
//	     base                    GeneralName,
//	     minimum         [0]     BaseDistance DEFAULT 0,
//	     maximum         [1]     BaseDistance OPTIONAL }
func readSubtrees(list cryptobyte.String, others int) ([]subtree, error) {
	var subtrees []subtree
	for !list.Empty() {
		var s cryptobyte.String
		if !list.ReadASN1(&s, cbasn1.SEQUENCE) {
			return nil, errMalformed
		}
		k, value, ok := readGeneralName(&s)
		if !ok {
			return nil, errMalformed
		}
		// "The minimum MUST be zero, and maximum MUST be absent"; in DER, a zero is
		// the default and absent.
		if !s.Empty() {
			return nil, errDistance
		}
		base, ok := newSubtree(k, value)
		if !ok {
			return nil, fmt.Errorf("have %s that is not one: %.80q", k, value)
		}
		if subtrees = append(subtrees, base); others+len(subtrees) > MaxSubtrees {
			return nil, errTooMany
		}
	}
	return subtrees, nil
}

// newSubtree reads the base of a subtree. It accepts kinds that are not
// implemented: they matter only if such a name occurs.
func newSubtree(k kind, value []byte) (s subtree, ok bool) {
	s.kind = k
	switch k {
	case dNSName, uniformResourceIdentifier:
		s.host, s.below, ok = readDomain(string(value))
		if k == uniformResourceIdentifier && isAddress(s.host) {
			return s, false
		}
	case rfc822Name:
		if strings.Contains(string(value), "@") {
			s.local, s.host, ok = readMailbox(string(value))
		} else {
			s.host, s.below, ok = readDomain(string(value))
		}
	case iPAddress:
		if len(value) != 8 && len(value) != 32 {
			return s, false
		}
		s.address, s.mask = value[:len(value)/2], value[len(value)/2:]
		ok = contiguous(s.mask)
	case directoryName:
		s.dn, ok = readDirectoryName(value)
	default:
		ok = true
	}
	return s, ok
}

// contiguous reports whether a mask is ones followed by zeros, as CIDR writes
// it (RFC 4632 §3.1).
func contiguous(mask []byte) bool {
	ended := false
	for _, b := range mask {
		for bit := byte(0x80); bit > 0; bit >>= 1 {
			switch {
			case b&bit == 0:
				ended = true
			case ended:
				return false
			}
		}
	}
	return true
}

func constructed(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
