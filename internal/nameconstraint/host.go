// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package nameconstraint

import "strings"

// readDomain reads a constraint on hosts: "h", ".h" or the empty string. below
// is set for the form with a dot, which RFC 5280 §4.2.1.10 defines for URIs and
// e-mail addresses, and which CAs also use for DNS names (erratum 5997).
func readDomain(text string) (host string, below, ok bool) {
	host, below = strings.CutPrefix(text, ".")
	return lower(host), below, text == "" || isHost(host)
}

// readDNSName reads a dNSName: a host name, or a wildcard for the names one
// label below a host.
func readDNSName(text string) (host string, wildcard, ok bool) {
	host, wildcard = strings.CutPrefix(text, "*.")
	return lower(host), wildcard, isHost(host)
}

// readMailbox reads "local@host" (RFC 5321 §4.1.2). The local part is a
// Dot-string: a Quoted-string has several spellings, which an exact comparison
// would take for several mailboxes.
func readMailbox(text string) (local, host string, ok bool) {
	local, host, ok = strings.Cut(text, "@")
	return local, lower(host), ok && isDotString(local) && isHost(host)
}

// hostOf returns the host of a URI in lower case, without userinfo and port
// (RFC 3986 §3.2). There is none without an authority, and none that is a name
// if the authority has an IP address.
func hostOf(uri string) (string, bool) {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || !isScheme(scheme) {
		return "", false
	}
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	// A second "@" remains in what is then not a host name.
	if userinfo, after, ok := strings.Cut(authority, "@"); ok {
		if !isUserinfo(userinfo) {
			return "", false
		}
		authority = after
	}
	host, port, _ := strings.Cut(authority, ":")
	if strings.Trim(port, "0123456789") != "" || !isHost(host) || isAddress(host) {
		return "", false
	}
	return lower(host), true
}

// isScheme accepts a scheme (RFC 3986 §3.1).
func isScheme(s string) bool {
	for i, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != ""
}

// isUserinfo accepts userinfo (RFC 3986 §3.2.1). Some readers take a host to end
// at a backslash.
func isUserinfo(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~%!$&'()*+,;=:", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// isHost accepts labels of letters, digits, hyphens and underscores, joined by
// single dots (RFC 1123 §2.1, plus common practice).
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

// isAddress reports whether a host is an IPv4 address, and not a name: its last
// label is a number.
func isAddress(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// isDotString accepts atoms joined by single dots (RFC 5321 §4.1.2).
func isDotString(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for _, c := range []byte(atom) {
			if c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>[]:;@\,"`, c) >= 0 {
				return false
			}
		}
	}
	return true
}

// lower folds the case of ASCII letters, as RFC 4343 does for DNS names.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// isBelow reports whether a host has one or more labels in front of another.
func isBelow(host, parent string) bool {
	return len(host) > len(parent) && strings.HasSuffix(host, parent) && host[len(host)-len(parent)-1] == '.'
}
