// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package san

import (
	"net/netip"
	"strings"
)

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
			if !isAlphanumeric(c) && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

// isURI accepts a URI with a scheme and a host (RFC 3986 §3) and nothing that
// could be mistaken for another host: no userinfo, and no percent-encoding in
// the authority. Other URIs name no issuer: a URI "orders.internal" would be
// equal to the DNS name of another certificate, and "urn:x" is under no CA's
// name constraints.
func isURI(uri string) bool {
	scheme, rest, found := strings.Cut(uri, "://")
	if !found || !isScheme(scheme) {
		return false
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	return isAuthority(rest[:end]) && isVisible(rest[end:])
}

// isScheme accepts a scheme (RFC 3986 §3.1).
func isScheme(s string) bool {
	for i, c := range []byte(s) {
		if !isAlphanumeric(c) && c != '+' && c != '-' && c != '.' || i == 0 && !isLetter(c) {
			return false
		}
	}
	return s != ""
}

// isAuthority accepts a host name, an IPv4 address or an IPv6 address in
// brackets without a zone, and an optional port of one to five digits (RFC 3986
// §3.2).
func isAuthority(s string) bool {
	if !strings.HasPrefix(s, "[") {
		host, port, found := strings.Cut(s, ":")
		return isHost(host) && (!found || isPort(port))
	}
	literal, rest, closed := strings.Cut(s[1:], "]")
	address, err := netip.ParseAddr(literal)
	if !closed || err != nil || !address.Is6() || address.Zone() != "" {
		return false
	}
	port, found := strings.CutPrefix(rest, ":")
	return rest == "" || found && isPort(port)
}

func isPort(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 5
}

// isPath accepts the empty string and an absolute URI path (RFC 3986 §3.3)
// without query and fragment.
func isPath(s string) bool {
	if s == "" {
		return true
	}
	return s[0] == '/' && !strings.ContainsAny(s, "?#") && isVisible(s)
}

// isVisible accepts the characters that may stand in a URI (RFC 3986 §2).
func isVisible(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`\"<>^{}|`+"`", c) >= 0 {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
