// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import "strings"

// notToken reports whether a character is not allowed in a method (RFC 9110
// §5.6.2). The server checks it only for HTTP/1.1.
func notToken(c rune) bool { return !alphanumeric(c) && !strings.ContainsRune("!#$%&'*+-.^_`|~", c) }

// notHost reports whether a character is not allowed in a host or port (RFC
// 3986 §3.2.2). RFC 3986 allows a comma, but it looks like a second host in
// X-Forwarded-Host.
func notHost(c rune) bool { return !alphanumeric(c) && !strings.ContainsRune("-._~%!$&'()*+;=:[]", c) }

func alphanumeric(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isToken reports whether a text is a token (RFC 9110 §5.6.2): a method, or the
// name of a header.
func isToken(s string) bool { return s != "" && !strings.ContainsFunc(s, notToken) }

// hostname returns a host without its port and without the dot of the root, in
// lower case. It reports false if it is not a host with at most one port, which
// an upstream could read in another way.
func hostname(host string) (string, bool) {
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		name, port = host[:i], host[i+1:]
	}
	bracketed := strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]")
	switch {
	case strings.Trim(port, "0123456789") != "":
		return "", false
	case !bracketed && strings.ContainsAny(name, "[]:"), strings.ContainsFunc(name, notHost):
		return "", false
	}
	return strings.ToLower(strings.TrimSuffix(name, ".")), true
}
