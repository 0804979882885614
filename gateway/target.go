// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"net/http"
	"strings"
)

// checkTarget lets through a request whose target (RFC 9112 §3.2) the upstream
// gets as a path below its own and a query, both byte for byte as the client has
// sent them, and nothing else. A proxy that corrects a target and passes it on
// lets clients past filters that saw the other one.
func (p *Proxy) checkTarget(r *http.Request) error {
	switch {
	case r.Method == http.MethodConnect:
		return errors.New("the method is CONNECT: this is no tunnel")
	case r.URL.Opaque != "":
		// "GET x:http://other/ HTTP/1.1" would arrive as "GET http://other/ HTTP/1.1",
		// and the upstream believes the host of such a target.
		return errors.New("the target is no path")
	case r.URL.Path != "" && r.URL.Path[0] != '/':
		return errors.New("the path does not begin with a slash")
	case r.URL.RawPath != "" && r.URL.RawPath != r.URL.EscapedPath():
		// net/url encodes such a path anew, and then all of it: "%2F" becomes a
		// slash.
		return errors.New("the path has characters in it that must be percent-encoded in a URL (RFC 3986 §3.3)")
	case strings.ContainsFunc(r.URL.RawQuery, endsTarget):
		return errors.New("the query has a space, a control character, a fragment or a non-ASCII character in it; percent-encode it (RFC 3986 §3.4)")
	case strings.Trim(p.upstream.Path, "/") != "" && dotted(r.URL.Path):
		return errors.New("the path has dots in it that lead out of the upstream's path")
	}
	return nil
}

// endsTarget reports which characters an upstream could take for the end of the
// target. HTTP/2 carries them all. Beyond ASCII, some servers read the request
// line as ISO 8859-1 and split it at the no-break space in "\xc3\xa0", an à.
func endsTarget(c rune) bool { return c <= ' ' || c >= 0x7f || c == '#' }

// dotted reports whether a path has segments "." or ".." (RFC 3986 §3.3), which
// an upstream would resolve, some also with parameters behind them.
func dotted(path string) bool {
	for segment := range strings.FieldsFuncSeq(path, func(c rune) bool { return c == '/' || c == '\\' }) {
		if segment, _, _ = strings.Cut(segment, ";"); segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// withoutQuery leaves out what clients put secrets in.
func withoutQuery(target string) string {
	path, _, _ := strings.Cut(target, "?")
	return path
}
