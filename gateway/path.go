// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"strings"
)

// canonicalPath decodes a path that every server reads in the same way, and
// refuses all others. Routes and rules compare decoded paths: an upstream takes
// /a%3Ab for /a:b.
//
// It decodes once, so /%2541 becomes /%41. An upstream that decodes twice is
// not protected.
func canonicalPath(path string) (string, error) {
	switch {
	case path == "": // RFC 9110 §4.2.3
		return "/", nil
	case path[0] != '/':
		return "", errors.New("the path does not begin with a slash")
	}
	encoded := false
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '%':
			if err := checkOctet(path[i:]); err != nil {
				return "", fmt.Errorf("the path has %w in it", err)
			}
			encoded, i = true, i+2
		case c == '/':
			if i > 0 && path[i-1] == '/' {
				return "", errors.New("the path has an empty segment in it")
			}
		case !pathCharacter(c):
			return "", fmt.Errorf("the path has the character %q in it", c)
		}
	}
	if dotted(path) { // an encoded dot has been refused above
		return "", errors.New("the path has dot segments in it")
	}
	if !encoded {
		return path, nil
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '%' {
			c, i = unhex(path[i+1])<<4|unhex(path[i+2]), i+2
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

// checkOctet accepts the percent-encoded octet that a text begins with (RFC
// 3986 §2.1) if every server decodes it, and no sooner than it resolves the
// path.
func checkOctet(s string) error {
	if len(s) < 3 || !upperHex(s[1]) || !upperHex(s[2]) {
		return errors.New("a percent sign without two upper-case hexadecimal digits")
	}
	c := unhex(s[1])<<4 | unhex(s[2])
	switch {
	case c == '/' || c == '\\' || c == 0:
		return fmt.Errorf("an encoded %q", c)
	case alphanumeric(rune(c)) || strings.IndexByte("-._~", c) >= 0:
		return fmt.Errorf("%s for %q, which needs no encoding,", s[:3], c) // RFC 3986 §6.2.2.2
	}
	return nil
}

// pathCharacter reports whether a character stands for itself in a segment (RFC
// 3986 §3.3). The semicolon does not: some servers drop what follows it.
func pathCharacter(c byte) bool {
	return alphanumeric(rune(c)) || strings.IndexByte("-._~!$&'()*+,=:@", c) >= 0
}

func upperHex(c byte) bool { return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' }

// unhex returns the value of an upper-case hexadecimal digit.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'A' + 10
}

// dotted reports whether a path has segments "." or ".." (RFC 3986 §3.3), which
// an upstream would resolve. Some do so even if parameters follow.
func dotted(path string) bool {
	for segment := range strings.FieldsFuncSeq(path, func(c rune) bool { return c == '/' || c == '\\' }) {
		if segment, _, _ = strings.Cut(segment, ";"); segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
