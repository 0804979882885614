// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// thumbprint returns the x5t#S256 of a certificate (RFC 8705 §3.1).
func thumbprint(p *testca.Party) string {
	sum := sha256.Sum256(p.Cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// confirms binds a token to the certificate of a peer.
func confirms(peer func(*Maker) *testca.Party) edit {
	return func(m *Maker, t *testca.Token) {
		t.Claims.Set("cnf", literal(`{"x5t#S256":"`+thumbprint(peer(m))+`"}`))
	}
}

// cnf sets the claim to a text in which DIGEST stands for that of the client of
// the root, which is also the peer.
func cnf(text string) edit {
	return func(m *Maker, t *testca.Token) {
		t.Claims.Set("cnf", literal(strings.ReplaceAll(text, "DIGEST", thumbprint(m.short))))
	}
}

// bindingCases returns the cases for rule 7.9.
func bindingCases() []Case {
	shortest := func(m *Maker) *testca.Party { return m.short }
	cases := []Case{
		{name: "cnf_of_another_peer", edit: confirms((*Maker).Other), peer: shortest, comment: "The peer is the token's leaf, but cnf alone decides."},
		{name: "cnf_and_another_clients_certificate", edit: confirms(shortest), peer: (*Maker).Other, comment: "A stolen token."},
		{name: "cnf_and_the_certificate_of_the_CA", edit: confirms(shortest), peer: (*Maker).Root},
		{name: "cnf_without_a_peer", edit: confirms(shortest)},
		{name: "htm_and_a_peer", edit: claim("htm", "GET"), peer: shortest},
		{name: "htm_beside_a_cnf_that_fits", edit: edits(confirms(shortest), claim("htm", "GET")), peer: shortest},
	}
	for _, name := range []string{"htm", "htu", "htq", "htd"} {
		cases = append(cases,
			Case{name: name + "_without_a_request", edit: claim(name, "GET")},
			Case{name: name + "_of_null", edit: claim(name, nil)})
	}
	for i, value := range []string{
		"null", "1", "true", `"DIGEST"`, `["DIGEST"]`, `{}`, `[]`, `""`,
		`{"x5t#S256":null}`, `{"x5t#S256":1}`, `{"x5t#S256":["DIGEST"]}`, `{"x5t#S256":""}`,
		`{"x5t#S256":"DIGEST="}`, `{"x5t#S256":" DIGEST"}`, `{"x5t#S256":"DIGEST\n"}`, `{"x5t#S256":"DIGESTAA"}`,
		`{"x5t#s256":"DIGEST"}`, `{"X5T#S256":"DIGEST"}`, `{"x5t":"DIGEST"}`, `{"jkt":"DIGEST"}`,
		`{"x5t#S256":"DIGEST","jkt":"DIGEST"}`, `{"jkt":"DIGEST","x5t#S256":"DIGEST"}`, `{"x5t#S256":"DIGEST","":null}`,
		`{"x5t#S256":"DIGEST","kid":"a"}`, `{"x5t#S256":{"x5t#S256":"DIGEST"}}`, `[{"x5t#S256":"DIGEST"}]`,
	} {
		cases = append(cases, Case{name: fmt.Sprintf("cnf_malformed_%d", i+1), edit: cnf(value), peer: shortest,
			comment: "cnf is " + value + ", and DIGEST is that of the peer."})
	}
	cases = append(cases,
		Case{name: "cnf_with_trailing_bits", peer: shortest, edit: func(m *Maker, t *testca.Token) {
			digest := thumbprint(m.short)
			t.Claims.Set("cnf", literal(`{"x5t#S256":"`+digest[:42]+nextCharacter(digest[42])+`"}`))
		}, comment: "The last character decodes to the same bytes, but has an unused bit set."},
		Case{name: "cnf_in_hexadecimal", peer: shortest, edit: func(m *Maker, t *testca.Token) {
			t.Claims.Set("cnf", literal(fmt.Sprintf(`{"x5t#S256":"%x"}`, sha256.Sum256(m.short.Cert.Raw))))
		}})
	for i := range cases {
		cases[i].rules, cases[i].want = "7.9", stapled.BindingMismatch
	}
	owner := Case{comment: "The owner.", edit: confirms(shortest), peer: shortest}
	thief := Case{comment: "Another client, with the same token.", edit: confirms(shortest), peer: (*Maker).Other, want: stapled.BindingMismatch}
	nobody := Case{comment: "A connection without a client certificate.", edit: confirms(shortest), want: stapled.BindingMismatch}
	return append(cases,
		Case{name: "cnf_of_the_peer", rules: "7.9", edit: confirms(shortest), peer: shortest},
		Case{name: "cnf_of_a_peer_that_is_not_the_leaf", rules: "7.9", edit: confirms((*Maker).Other), peer: (*Maker).Other},
		Case{name: "cnf_with_escapes_and_space", rules: "7.9", edit: cnf(` { "\u0078\u0035t#S256" : "DIGEST" } `), peer: shortest},
		Case{name: "unbound_token_from_a_peer", rules: "7.9", peer: (*Maker).Other},
		Case{name: "names_of_bindings_further_down", rules: "7.9", edit: claim("request", literal(`{"htm":"GET","cnf":{}}`))},
		Case{name: "cnf_at_every_use", rules: "7.9", steps: []Case{owner, thief, nobody, owner}},
		Case{name: "cnf_of_another_before_the_owner", rules: "7.9", steps: []Case{thief, nobody, owner, thief}},
	)
}

// nextCharacter returns the character of base64url after c, whose last bit is
// not set.
func nextCharacter(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)+1])
}
