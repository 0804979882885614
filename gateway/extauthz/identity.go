// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"slices"
	"strings"
)

// identity is what an adapter does to the headers of an accepted request.
type identity struct {
	config  Config
	names   []string // of the identity headers, in lower case
	removed []string // on every accepted request, in lower case
}

func newIdentity(cfg Config) *identity {
	i := &identity{config: cfg}
	if !cfg.UnsafeForwardAuthorization {
		i.removed = append(i.removed, strings.ToLower(cfg.Gateway.TokenHeader()))
	}
	for _, name := range cfg.IdentityHeaders.Names() {
		name = strings.ToLower(name)
		i.names = append(i.names, name)
		i.removed = append(i.removed, aliases(name)...)
	}
	i.removed = slices.Clip(i.removed)
	return i
}

// remove returns the headers to remove from an accepted request, in lower case:
// the token, and what an upstream could mistake for an identity header. A proxy
// may hide headers from us, so the usual spellings are always among them.
func (i *identity) remove(present func(func(string) bool)) []string {
	names := i.removed
	for name := range present {
		name = strings.ToLower(name)
		if i.isAlias(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// isAlias reports whether an upstream could mistake a header for an identity
// header, without being one. Envoy itself sets the other headers of
// [gateway.IdentityHeaders.Reserved], such as x-forwarded-for.
func (i *identity) isAlias(name string) bool {
	switch {
	case i.config.IdentityHeaders.Alias(name):
		return true
	case name == "forwarded", name == "x-real-ip":
		return false
	}
	return !strings.HasPrefix(name, "x-forwarded-") && !slices.Contains(i.names, name) && i.config.IdentityHeaders.Reserved(name)
}

// aliases returns the other spellings of a name with underscores or dots: all of
// them for a name of up to four words, and the uniform ones for a longer name.
func aliases(name string) []string {
	words := strings.Split(name, "-")
	if len(words) > 4 {
		return []string{strings.Join(words, "_"), strings.Join(words, ".")}
	}
	spellings := words[:1]
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
