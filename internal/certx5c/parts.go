// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certx5c

import (
	"github.com/stapledjwt/stapled"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The extensions that hold lists, as their identifiers in DER: crypto/x509
// reads these (RFC 5280 §4.2.1.4 to §4.2.1.6, §4.2.1.10, §4.2.1.12, §4.2.1.13,
// §4.2.2.1).
const (
	subjectAltName        = "\x55\x1d\x11"
	nameConstraints       = "\x55\x1d\x1e"
	crlDistributionPoints = "\x55\x1d\x1f"
	certificatePolicies   = "\x55\x1d\x20"
	policyMappings        = "\x55\x1d\x21"
	extKeyUsage           = "\x55\x1d\x25"
	authorityInfoAccess   = "\x2b\x06\x01\x05\x05\x07\x01\x01"
)

// Counts says how much there is to parse in a certificate. Parsing costs a
// stranger nothing and the verifier an allocation for each part, so the parts
// are counted first, and counting allocates nothing.
type Counts struct {
	// Parts is the number of attributes in the issuer and subject names and of
	// elements of the lists in extensions. Those that cost
	// a parser more count as more: an extension as two, a URI in the subjectAltName
	// as four.
	Parts int
	// Bytes is the size of the names and of the lists, without tag and length.
	Bytes int
	// Names is the number of names in the subjectAltName; they are also parts.
	Names int
	// LongestID is the length in octets of the longest identifier of an
	// extension, and LongestName that of the longest name in the subjectAltName
	// or the name constraints.
	LongestID, LongestName int
	// LongestAlgorithm is the length of the longer AlgorithmIdentifier.
	LongestAlgorithm int
	// EmptyRDN says that a name has an RDN without an attribute.
	EmptyRDN bool
}

// Count counts the parts of a certificate, as far as it is well-formed; a
// parser gets no further either.
func Count(der []byte) Counts {
	var n Counts
	var tbs, field cryptobyte.String
	input := cryptobyte.String(der)
	if !input.ReadASN1(&tbs, cbasn1.SEQUENCE) || !tbs.ReadASN1(&tbs, cbasn1.SEQUENCE) {
		return n
	}
	// TBSCertificate (RFC 5280 §4.1): version, serialNumber, signature; issuer,
	// validity, subject; subjectPublicKeyInfo, which begins with its algorithm; the
	// unique identifiers, which have no parts; extensions.
	tbs.SkipOptionalASN1(tag(0))
	if !tbs.SkipASN1(cbasn1.INTEGER) || !n.algorithm(&tbs) ||
		!tbs.ReadASN1(&field, cbasn1.SEQUENCE) || !n.name(field) || !tbs.SkipASN1(cbasn1.SEQUENCE) ||
		!tbs.ReadASN1(&field, cbasn1.SEQUENCE) || !n.name(field) ||
		!tbs.ReadASN1(&field, cbasn1.SEQUENCE) || !n.algorithm(&field) {
		return n
	}
	for kind := cbasn1.Tag(0); kind != tag(3); {
		if !tbs.ReadAnyASN1(&field, &kind) {
			return n
		}
	}
	if field.ReadASN1(&field, cbasn1.SEQUENCE) {
		n.extensions(field)
	}
	return n
}

func (n *Counts) algorithm(in *cryptobyte.String) bool {
	var identifier cryptobyte.String
	if !in.ReadASN1(&identifier, cbasn1.SEQUENCE) {
		return false
	}
	n.LongestAlgorithm = max(n.LongestAlgorithm, len(identifier))
	return true
}

// name counts the attributes of a Name (RFC 5280 §4.1.2.4).
func (n *Counts) name(rdns cryptobyte.String) bool {
	n.Bytes += len(rdns)
	var rdn cryptobyte.String
	for !rdns.Empty() {
		if !rdns.ReadASN1(&rdn, cbasn1.SET) {
			return false
		}
		if rdn.Empty() {
			n.EmptyRDN = true
			return false
		}
		n.Parts += elements(rdn)
	}
	return true
}

func (n *Counts) extensions(list cryptobyte.String) {
	var ext, id, value cryptobyte.String
	for !list.Empty() {
		n.Parts += 2
		if !list.ReadASN1(&ext, cbasn1.SEQUENCE) || !ext.ReadASN1(&id, cbasn1.OBJECT_IDENTIFIER) {
			return
		}
		n.LongestID = max(n.LongestID, len(id))
		if !ext.SkipOptionalASN1(cbasn1.BOOLEAN) || !ext.ReadASN1(&value, cbasn1.OCTET_STRING) {
			return
		}
		if value.ReadASN1(&value, cbasn1.SEQUENCE) {
			n.value(string(id), value)
		}
	}
}

// value counts the elements of a list in an extension.
func (n *Counts) value(id string, list cryptobyte.String) {
	switch id {
	case certificatePolicies, policyMappings, extKeyUsage, authorityInfoAccess, subjectAltName, crlDistributionPoints, nameConstraints:
		n.Bytes += len(list)
	}
	switch id {
	case certificatePolicies, policyMappings, extKeyUsage, authorityInfoAccess:
		n.Parts += elements(list)
	case subjectAltName:
		names := n.names(list)
		n.Names += names
	case crlDistributionPoints:
		n.points(list)
	case nameConstraints:
		n.subtrees(list)
	}
}

// names counts GeneralNames, as parts too, and returns their number.
func (n *Counts) names(list cryptobyte.String) int {
	count := 0
	for !list.Empty() {
		count++
		n.Parts++
		var name cryptobyte.String
		var tag cbasn1.Tag
		if !list.ReadAnyASN1(&name, &tag) {
			break
		}
		if tag == cbasn1.Tag(6).ContextSpecific() {
			n.Parts += 3
		}
		n.LongestName = max(n.LongestName, len(name))
	}
	return count
}

// points counts CRL distribution points and their names.
func (n *Counts) points(list cryptobyte.String) {
	for !list.Empty() {
		n.Parts++
		var point, full cryptobyte.String
		if !list.ReadASN1(&point, cbasn1.SEQUENCE) {
			return
		}
		if point.ReadASN1(&point, tag(0)) && point.ReadASN1(&full, tag(0)) {
			n.Parts += elements(full)
		}
	}
}

// subtrees counts the subtrees of name constraints, permitted and excluded.
func (n *Counts) subtrees(constraints cryptobyte.String) {
	var list, subtree, base cryptobyte.String
	for !constraints.Empty() {
		if !constraints.ReadAnyASN1(&list, new(cbasn1.Tag)) {
			return
		}
		for !list.Empty() {
			n.Parts++
			if !list.ReadASN1(&subtree, cbasn1.SEQUENCE) || !subtree.ReadAnyASN1(&base, new(cbasn1.Tag)) {
				return
			}
			n.LongestName = max(n.LongestName, len(base))
		}
	}
}

// elements counts the elements of a list. One that is cut short counts too.
func elements(list cryptobyte.String) int {
	count := 0
	for !list.Empty() {
		count++
		if !list.ReadAnyASN1(new(cryptobyte.String), new(cbasn1.Tag)) {
			break
		}
	}
	return count
}

func tag(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }

// check returns ChainInvalid for a certificate that rule 3.2 does not let
// anybody parse.
func (n *Counts) check() error {
	switch {
	case n.Names > stapled.MaxNames:
		return stapled.Errorf(stapled.ChainInvalid, "a certificate has more than %d names", stapled.MaxNames)
	case n.LongestName > stapled.MaxNameBytes:
		return stapled.Errorf(stapled.ChainInvalid, "a certificate has a name of %d bytes, more than %d", n.LongestName, stapled.MaxNameBytes)
	case n.LongestID > stapled.MaxExtensionIDBytes:
		return stapled.Errorf(stapled.ChainInvalid, "an extension has an identifier of %d bytes, more than %d", n.LongestID, stapled.MaxExtensionIDBytes)
	case n.LongestAlgorithm > stapled.MaxAlgorithmBytes:
		return stapled.Errorf(stapled.ChainInvalid, "a certificate has an AlgorithmIdentifier of %d bytes, more than %d", n.LongestAlgorithm, stapled.MaxAlgorithmBytes)
	case n.EmptyRDN:
		return stapled.Errorf(stapled.ChainInvalid, "a certificate has an issuer or subject with an empty RDN")
	}
	return nil
}
