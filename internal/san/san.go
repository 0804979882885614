// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package san reads the names in a leaf certificate, and decides which iss the
// leaf may claim.
package san

import (
	"crypto/x509"
	"encoding/asn1"
	"strings"

	"github.com/stapledjwt/stapled"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Names are the subject alternative names of a leaf that can identify an
// issuer, exactly as the certificate writes them.
type Names struct {
	// URIs and DNS are in the order of the certificate.
	URIs, DNS []string
}

var oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}

// Of reads the names of a leaf (RFC 5280 §4.2.1.6). It takes the URIs
// from the extension itself, because url.URL may write them differently.
func Of(leaf *x509.Certificate) (Names, error) {
	var names Names
	for _, ext := range leaf.Extensions {
		if !ext.Id.Equal(oidSubjectAltName) {
			continue
		}
		list := cryptobyte.String(ext.Value)
		if !list.ReadASN1(&list, cbasn1.SEQUENCE) {
			return Names{}, stapled.Errorf(stapled.IssuerMismatch, "malformed subjectAltName")
		}
		for !list.Empty() {
			var value cryptobyte.String
			var tag cbasn1.Tag
			if !list.ReadAnyASN1(&value, &tag) {
				return Names{}, stapled.Errorf(stapled.IssuerMismatch, "malformed subjectAltName")
			}
			switch tag {
			case cbasn1.Tag(2).ContextSpecific():
				names.DNS = append(names.DNS, string(value))
			case cbasn1.Tag(6).ContextSpecific():
				names.URIs = append(names.URIs, string(value))
			}
		}
	}
	return names, nil
}

// isHost accepts labels of letters, digits, hyphens and underscores, joined by
// dots (RFC 1123 §2.1, plus common practice). A dNSName can hold any text, and
// crypto/x509 checks it against the name constraints of a CA by what follows
// its last dots: a name of another kind, or of another host, could hide in
// front of them.
func isHost(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if label == "" {
			return false
		}
		for _, c := range []byte(label) {
			switch {
			case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
			default:
				return false
			}
		}
	}
	return true
}

// Identity returns the leaf's first URI, else its first DNS name that is a host
// name. It is empty if the leaf has neither.
func (n Names) Identity() string {
	if len(n.URIs) > 0 {
		return n.URIs[0]
	}
	return n.host()
}

// Issuer returns the iss claim that suits the leaf best: its first URI, else
// https:// followed by its first DNS name that is a host name.
func (n Names) Issuer() string {
	if host := n.host(); len(n.URIs) == 0 && host != "" {
		return "https://" + host
	}
	return n.Identity()
}

func (n Names) host() string {
	for _, dns := range n.DNS {
		if isHost(dns) {
			return dns
		}
	}
	return ""
}

// Scope decides which names count.
type Scope interface {
	CoversDNS(name string) bool
	CoversURI(uri string) bool
}

// Within returns the names that a scope covers, in the same order.
func (n Names) Within(s Scope) Names {
	var within Names
	for _, uri := range n.URIs {
		if s.CoversURI(uri) {
			within.URIs = append(within.URIs, uri)
		}
	}
	for _, dns := range n.DNS {
		if s.CoversDNS(dns) {
			within.DNS = append(within.DNS, dns)
		}
	}
	return within
}

// CheckIssuer returns IssuerMismatch unless iss names the leaf: exactly one of
// its URIs, exactly one of its DNS names, or https:// followed by exactly one
// of its DNS names and an optional path. Without this rule any certificate of a
// CA could speak as any issuer. A DNS name that is not a host name, such as a
// wildcard, names nobody.
func (n Names) CheckIssuer(iss string) error {
	if iss == "" {
		return stapled.Errorf(stapled.IssuerMismatch, "no issuer")
	}
	for _, uri := range n.URIs {
		if iss == uri {
			return nil
		}
	}
	rest, https := strings.CutPrefix(iss, "https://")
	for _, dns := range n.DNS {
		if !isHost(dns) {
			continue
		}
		if iss == dns {
			return nil
		}
		if path, ok := strings.CutPrefix(rest, dns); https && ok && isPath(path) {
			return nil
		}
	}
	return stapled.Errorf(stapled.IssuerMismatch, "the certificate does not name the issuer %.80q", iss)
}

// isPath accepts the empty string and an absolute URI path (RFC 3986 §3.3)
// without query and fragment.
func isPath(s string) bool {
	if s == "" {
		return true
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`?#\"<>^{}|`+"`", c) >= 0 {
			return false
		}
	}
	return s[0] == '/'
}
