// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// ErrName says that a certificate names nobody, or somebody else.
var ErrName = errors.New("name mismatch")

// Names are the subject alternative names of a leaf that can identify an
// issuer, exactly as the certificate writes them.
type Names struct {
	// URIs and DNS are in the order of the certificate.
	URIs, DNS []string
}

var oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}

// NamesOf reads the names of a leaf (RFC 5280 §4.2.1.6). It takes the URIs
// from the extension itself, because url.URL may write them differently.
func NamesOf(leaf *x509.Certificate) (Names, error) {
	var names Names
	for _, ext := range leaf.Extensions {
		if !ext.Id.Equal(oidSubjectAltName) {
			continue
		}
		list := cryptobyte.String(ext.Value)
		if !list.ReadASN1(&list, cbasn1.SEQUENCE) {
			return Names{}, fmt.Errorf("%w: malformed subjectAltName", ErrName)
		}
		for !list.Empty() {
			var value cryptobyte.String
			var tag cbasn1.Tag
			if !list.ReadAnyASN1(&value, &tag) {
				return Names{}, fmt.Errorf("%w: malformed subjectAltName", ErrName)
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

// Identity is what the leaf names: its first URI, else its first DNS name. It
// is empty when the leaf has neither.
func (n Names) Identity() string {
	switch {
	case len(n.URIs) > 0:
		return n.URIs[0]
	case len(n.DNS) > 0:
		return n.DNS[0]
	}
	return ""
}

// Issuer is the iss claim that suits the leaf best: its first URI, else
// https:// and its first DNS name.
func (n Names) Issuer() string {
	if len(n.URIs) == 0 && len(n.DNS) > 0 {
		return "https://" + n.DNS[0]
	}
	return n.Identity()
}

// CheckIssuer returns ErrName unless iss names the leaf: exactly one of its
// URIs, exactly one of its DNS names, or https:// followed by exactly one of
// its DNS names and an optional path. Without this rule any certificate of a
// CA could speak as any issuer.
func (n Names) CheckIssuer(iss string) error {
	if iss == "" {
		return fmt.Errorf("%w: no issuer", ErrName)
	}
	for _, uri := range n.URIs {
		if iss == uri {
			return nil
		}
	}
	rest, https := strings.CutPrefix(iss, "https://")
	for _, dns := range n.DNS {
		// A wildcard names a set of hosts, not a party.
		if dns == "" || strings.Contains(dns, "*") {
			continue
		}
		if iss == dns {
			return nil
		}
		if path, ok := strings.CutPrefix(rest, dns); https && ok && isPath(path) {
			return nil
		}
	}
	return fmt.Errorf("%w: the certificate does not name the issuer %.80q", ErrName, iss)
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
