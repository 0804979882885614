// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"slices"
	"strings"

	"github.com/stapledjwt/stapled/gateway"
)

// identity is what an adapter does to the headers of an accepted request.
type identity struct {
	config  Config
	names   map[string]bool // of the identity headers, folded
	aliases []string        // of the same, in lower case
}

func newIdentity(cfg Config) *identity {
	i := &identity{config: cfg, names: make(map[string]bool)}
	for _, name := range identityNames {
		i.names[fold(name)] = true
		i.aliases = append(i.aliases, aliases(strings.ToLower(name))...)
	}
	return i
}

// identityNames are the headers that are always set.
var identityNames = []string{
	gateway.HeaderIssuer, gateway.HeaderIdentity, gateway.HeaderSubject, gateway.HeaderTokenID, gateway.HeaderClaims,
}

// values returns every identity header. At an open route all are empty.
func (i *identity) values(grant gateway.Grant) (map[string]string, error) {
	return gateway.IdentityHeaders{}.Values(grant)
}

// remove returns the headers to remove from an accepted request, in lower case:
// the token, and what an upstream could mistake for an identity header. A proxy
// may hide headers from us, so the usual spellings are always among them.
func (i *identity) remove(present func(func(string) bool)) []string {
	var names []string
	if !i.config.UnsafeForwardAuthorization {
		names = append(names, "authorization")
	}
	names = append(names, i.aliases...)
	for name := range present {
		name = strings.ToLower(name)
		if !slices.Contains(names, name) && i.isAlias(name) {
			names = append(names, name)
		}
	}
	return names
}

// isAlias reports whether an upstream could mistake a header for an identity
// header, without being one.
func (i *identity) isAlias(name string) bool {
	folded := fold(name)
	return folded != name && (i.names[folded] || strings.HasPrefix(folded, "stapled-"))
}

// aliases returns the other spellings of a name with underscores or dots.
func aliases(name string) []string {
	words := strings.Split(name, "-")
	spellings := []string{words[0]}
	for _, word := range words[1:] {
		var longer []string
		for _, spelling := range spellings {
			for _, separator := range []string{"-", "_", "."} {
				longer = append(longer, spelling+separator+word)
			}
		}
		spellings = longer
	}
	return slices.DeleteFunc(spellings, func(spelling string) bool { return spelling == name })
}

// fold returns a name in lower case with a hyphen in place of everything that is
// neither a letter nor a digit. CGI and its descendants (RFC 3875 §4.1.18) do
// not distinguish names that fold to the same.
func fold(name string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'A' <= c && c <= 'Z':
			return c - 'A' + 'a'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			return c
		}
		return '-'
	}, name)
}
