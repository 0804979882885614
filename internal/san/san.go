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

// Names are the subject alternative names of a leaf that can name an issuer,
// exactly as the certificate writes them. [Of] and [Usable] leave out all
// others, so that whatever holds a Names need not look at them again.
type Names struct {
	// URIs and DNS are in the order of the certificate.
	URIs, DNS []string
}

var oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}

// Of reads the names of a leaf that can name an issuer.
func Of(leaf *x509.Certificate) (Names, error) {
	uris, dns, err := Listed(leaf)
	if err != nil {
		return Names{}, err
	}
	return Usable(uris, dns), nil
}

// Listed reads all URIs and DNS names of a leaf (RFC 5280 §4.2.1.6), whether or
// not they can name an issuer. It takes the URIs from the extension itself,
// because url.URL may write them differently.
func Listed(leaf *x509.Certificate) (uris, dns []string, err error) {
	for _, ext := range leaf.Extensions {
		if !ext.Id.Equal(oidSubjectAltName) {
			continue
		}
		list := cryptobyte.String(ext.Value)
		if !list.ReadASN1(&list, cbasn1.SEQUENCE) {
			return nil, nil, stapled.Errorf(stapled.IssuerMismatch, "malformed subjectAltName")
		}
		for !list.Empty() {
			var value cryptobyte.String
			var tag cbasn1.Tag
			if !list.ReadAnyASN1(&value, &tag) {
				return nil, nil, stapled.Errorf(stapled.IssuerMismatch, "malformed subjectAltName")
			}
			switch tag {
			case cbasn1.Tag(2).ContextSpecific():
				dns = append(dns, string(value))
			case cbasn1.Tag(6).ContextSpecific():
				uris = append(uris, string(value))
			}
		}
	}
	return uris, dns, nil
}

// Usable returns those of the names that can name an issuer: URIs with a scheme
// and a host and without userinfo, and DNS names that are host names.
func Usable(uris, dns []string) Names {
	var names Names
	for _, uri := range uris {
		if isURI(uri) {
			names.URIs = append(names.URIs, uri)
		}
	}
	for _, name := range dns {
		if isHost(name) {
			names.DNS = append(names.DNS, name)
		}
	}
	return names
}

// Identity returns the leaf's first URI, else its first DNS name. It is empty
// if the leaf has neither.
func (n Names) Identity() string {
	switch {
	case len(n.URIs) > 0:
		return n.URIs[0]
	case len(n.DNS) > 0:
		return n.DNS[0]
	}
	return ""
}

// Issuer returns the iss claim that suits the leaf best: its first URI, else
// https:// followed by its first DNS name.
func (n Names) Issuer() string {
	if len(n.URIs) == 0 && len(n.DNS) > 0 {
		return "https://" + n.DNS[0]
	}
	return n.Identity()
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
// CA could speak as any issuer.
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
		if iss == dns {
			return nil
		}
		if path, ok := strings.CutPrefix(rest, dns); https && ok && isPath(path) {
			return nil
		}
	}
	return stapled.Errorf(stapled.IssuerMismatch, "the certificate does not name the issuer %.80q", iss)
}
