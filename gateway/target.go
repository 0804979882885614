// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"net/http"
	"strings"
)

// checkTarget accepts a request only if its target (RFC 9112 §3.2) reaches the
// upstream as a path below the upstream's own and a query, both byte for byte
// as the client sent them. A proxy that corrects a target and passes it on lets
// clients bypass filters that saw the original.
func (p *Proxy) checkTarget(r *http.Request) error {
	hosts := r.Header["Host"] // with HTTP/2, beside :authority
	switch {
	case strings.ContainsFunc(r.Method, notToken):
		return errors.New("the method is not a token (RFC 9110 §9.1)")
	case r.Method == http.MethodConnect:
		return errors.New("the method is CONNECT, and this is not a tunnel")
	case r.URL.Opaque != "":
		// "GET x:http://other/ HTTP/1.1" would arrive as "GET http://other/ HTTP/1.1",
		// and the upstream believes the host of such a target.
		return errors.New("the target is not a path")
	case r.URL.Path != "" && r.URL.Path[0] != '/':
		return errors.New("the path does not begin with a slash")
	case r.ProtoMajor > 1 && !strings.HasPrefix(r.RequestURI, "/"):
		// RFC 9113 §8.3.1. Only HTTP/1.1 has the absolute form (RFC 9112
		// §3.2.2).
		return errors.New("the :path does not begin with a slash")
	case strings.ContainsFunc(r.Host, notHost):
		// It goes into X-Forwarded-Host. net/http checks it only for HTTP/1.1.
		return errors.New("the host has characters in it that no host has")
	case len(hosts) > 1 || len(hosts) == 1 && hosts[0] != r.Host:
		return errors.New("the Host header is not the :authority (RFC 9113 §8.3.1)")
	case r.URL.RawPath != "" && r.URL.RawPath != r.URL.EscapedPath():
		// net/url would encode the whole path again: "%2F" would become a
		// slash.
		return errors.New("the path has characters in it that must be percent-encoded in a URL (RFC 3986 §3.3)")
	case strings.ContainsFunc(r.URL.RawQuery, endsTarget):
		return errors.New("the query has a space, a control character, a fragment or a non-ASCII character in it; percent-encode it (RFC 3986 §3.4)")
	case strings.Trim(p.upstream.Path, "/") != "" && dotted(r.URL.Path):
		return errors.New("the path has dots in it that lead out of the upstream's path")
	}
	return nil
}

// endsTarget reports whether an upstream could take a character for the end of
// the target. HTTP/2 carries them all. Beyond ASCII, some servers read the
// request line as ISO 8859-1 and split it at the no-break space in "\xc3\xa0",
// an à.
func endsTarget(c rune) bool { return c <= ' ' || c >= 0x7f || c == '#' }

// withoutQuery removes the query, where clients put secrets.
func withoutQuery(target string) string {
	path, _, _ := strings.Cut(target, "?")
	return path
}
