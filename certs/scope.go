// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// scope lists the names that an anchor may vouch for; nil means all names.
type scope []string

// CheckScope says what is wrong with a scope, as [NewScopedAnchors] does.
func CheckScope(entries []string) error {
	_, err := newScope(entries)
	return err
}

func (s scope) equal(other scope) bool { return slices.Equal(s, other) && (s == nil) == (other == nil) }

// newScope checks the entries of a scope.
func newScope(entries []string) (scope, error) {
	if entries == nil {
		return nil, nil
	}
	if len(entries) == 0 {
		return nil, errors.New("the scope is empty, so the anchor could vouch for nothing: leave it out for all names")
	}
	for _, entry := range entries {
		if err := checkScope(entry); err != nil {
			return nil, fmt.Errorf("scope %q: %w", entry, err)
		}
	}
	s := slices.Clone(scope(entries))
	slices.Sort(s)
	return slices.Compact(s), nil
}

func checkScope(entry string) error {
	if strings.ToLower(entry) != entry {
		return errors.New("write it in lower case")
	}
	host, isBelow := strings.CutPrefix(entry, ".")
	if scheme, rest, isURI := strings.Cut(entry, "://"); isURI {
		if !isScheme(scheme) {
			return errors.New("what comes before :// is not a URI scheme")
		}
		host, isBelow = rest, false
	}
	switch {
	case strings.Contains(host, "*"):
		return errors.New("write .example.com for all names below example.com; there are no wildcards")
	case strings.ContainsAny(host, ":/@?#"):
		return errors.New("a scope has a host, and neither port, path nor user")
	case strings.HasSuffix(host, "."):
		return errors.New("leave out the dot at the end")
	case !isBelow && isAddress(host):
		return errors.New("a scope cannot be an IP address")
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return errors.New("write example.com, .example.com for all names below it, or scheme://example.com for URIs")
		}
	}
	return nil
}

// isScheme accepts a URI scheme (RFC 3986 §3.1) in lower case.
func isScheme(s string) bool {
	return s != "" && 'a' <= s[0] && s[0] <= 'z' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}

// isAddress reports whether a URI parser could take the host for an IPv4 address
// (RFC 3986 §3.2.2).
func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	last := host[strings.LastIndexByte(host, '.')+1:]
	return err == nil || last != "" && strings.Trim(last, "0123456789") == ""
}

// unscoped is false for the zero Anchor, which vouches for nothing.
func (a *Anchor) unscoped() bool { return a.scope == nil && len(a.certificates) > 0 }

// CoversDNS reports whether the anchor may vouch for a dNSName, compared
// without regard to ASCII case.
func (a *Anchor) CoversDNS(name string) bool {
	return a.unscoped() || slices.ContainsFunc(a.scope, func(entry string) bool {
		switch {
		case isURIs(entry):
			return false
		case entry[0] == '.':
			at := len(name) - len(entry)
			return at > 0 && sameASCII(name[at:], entry)
		}
		return sameASCII(name, entry)
	})
}

// CoversURI reports whether the anchor may vouch for a URI: whether the scope
// names its scheme and host, compared without regard to ASCII case, and nothing
// or a path follows them.
func (a *Anchor) CoversURI(uri string) bool {
	return a.unscoped() || slices.ContainsFunc(a.scope, func(entry string) bool {
		if len(uri) < len(entry) || !isURIs(entry) {
			return false
		}
		rest := uri[len(entry):]
		return sameASCII(uri[:len(entry)], entry) && (rest == "" || rest[0] == '/')
	})
}

// isURIs reports whether an entry is about URIs, and so about no DNS name.
func isURIs(entry string) bool { return strings.Contains(entry, "://") }

// sameASCII compares with ASCII text. Letters beyond ASCII fold to it too, but
// take more bytes.
func sameASCII(s, ascii string) bool { return len(s) == len(ascii) && strings.EqualFold(s, ascii) }

// Scope returns the names that the anchor may vouch for, sorted; nil means all
// names. Each call returns a new slice.
func (a *Anchor) Scope() []string { return slices.Clone(a.scope) }
