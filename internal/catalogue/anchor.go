// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto/x509"
	"slices"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// followedBy appends certificates to the chain of the usual token.
func followedBy(others ...func(*Maker) *testca.Party) edit {
	return func(m *Maker, t *testca.Token) {
		list := slices.Clone(t.Header.Get("x5c").([]string))
		for _, other := range others {
			list = append(list, standard(other(m).Cert.Raw))
		}
		t.Header.Set("x5c", list)
	}
}

// registered makes an anchor the first time that a case asks for it.
func (m *Maker) registered(name, comment string, make func() *testca.Party) *testca.Party {
	if p := m.anchorOf(name); p != nil {
		return p
	}
	return m.anchor(name, comment, make())
}

func theRoot(m *Maker) *testca.Party { return m.root }

// renewedRoot has the name and the key of the usual root, another validity, and
// a key identifier by another method.
func renewedRoot(m *Maker) *testca.Party {
	return m.registered("root-renewed", "The usual root, renewed: the same name and key, another key identifier and a later end.", func() *testca.Party {
		return m.newRoot(testca.WithKey(m.root.Key), testca.Valid(testca.Now.Add(-time.Hour), testca.Now.AddDate(20, 0, 0)),
			func(t *testca.Template) { t.SubjectKeyId = []byte("by another method") })
	})
}

// crossSigned is the next root, certified by the usual one.
func crossSigned(m *Maker) *testca.Party {
	next := nextRoot(m)
	return m.newCA(m.root, testca.Named("Root"), testca.WithKey(next.Key))
}

// oldRoot signed itself with SHA-1.
func oldRoot(m *Maker) *testca.Party {
	return m.registered("root-sha1", "A root that signed itself with SHA-1.", func() *testca.Party {
		return m.newRoot(testca.Named("Old root"), testca.Keyed(testca.RSA2048), signedWith(x509.SHA1WithRSA))
	})
}

// narrowRoot is the usual root as its own issuer constrained it.
func narrowRoot(m *Maker) *testca.Party {
	return m.registered("root-narrow", "The usual root's name and key, and name constraints that permit other.example; it ends last.", func() *testca.Party {
		return m.newRoot(testca.WithKey(m.root.Key), testca.Valid(testca.Now.Add(-time.Hour), testca.Now.AddDate(30, 0, 0)),
			func(t *testca.Template) {
				t.PermittedDNSDomains, t.PermittedDNSDomainsCritical = []string{"other.example"}, true
			})
	})
}

// anchorCases returns the cases about what an anchor is, and where it cuts the
// path (rules 3.3, 4.1 and 5.2).
func anchorCases() []Case {
	const untrusted, invalid = stapled.ChainUntrusted, stapled.ChainInvalid
	both := []string{"root", "intermediate"}
	return slices.Concat([]Case{
		{name: "chain_with_the_anchor", rules: "3.3 4.1", edit: followedBy(theRoot), anchor: "root",
			comment: "The path ends below it."},
		{name: "chain_with_an_old_anchor_signed_with_SHA-1", rules: "3.3 3.5 4.1", anchors: []string{"root-sha1"}, anchor: "root-sha1",
			leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.newCA(oldRoot(m))) }, edit: followedBy(oldRoot)},
		{name: "chain_with_an_intermediate_that_is_an_anchor", rules: "3.3 4.1", anchors: both, anchor: "intermediate"},
		{name: "chain_with_an_intermediate_that_is_the_only_anchor", rules: "3.3 4.1", anchors: []string{"intermediate"}, anchor: "intermediate",
			edit: followedBy(theRoot), comment: "What follows the anchor counts for nothing."},
		{name: "chain_with_staples_beyond_the_anchor", rules: "6.1 6.2 6.3", anchors: []string{"intermediate"}, policy: wholeChain, anchor: "intermediate",
			staples: withIntermediate(), comment: "A token for verifiers of the root, at one that trusts the intermediate."},
		{name: "chain_with_a_revoked_anchor", rules: "6.2 6.11", anchors: []string{"intermediate"}, anchor: "intermediate",
			staples: withIntermediate(revoked), comment: "An anchor is trusted as it is, and what its own issuer says counts for nothing."},
		{name: "chain_with_junk_in_place_of_a_staple_beyond_the_anchor", rules: "6.2 6.3", anchors: []string{"intermediate"}, anchor: "intermediate",
			staples: withIntermediate(), edit: ocsp(1, func(string) string { return "no base64" })},
		{name: "chain_with_more_staples_than_certificates_beyond_the_anchor", rules: "6.2", anchors: []string{"intermediate"}, want: stapled.StapleMalformed,
			staples: func(m *Maker, leaf *testca.Party) [][]byte {
				return [][]byte{m.staple(leaf), m.staple(leaf.Issuer), m.staple(leaf.Issuer)}
			}},
		{name: "chain_with_the_cross-signed_anchor", rules: "3.3 4.1", anchors: []string{"root-next"}, anchor: "root-next",
			leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.newCA(nextRoot(m))) }, edit: followedBy(crossSigned, theRoot)},
		{name: "chain_through_the_cross-signed_root", rules: "3.3 4.1", anchor: "root",
			leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.newCA(nextRoot(m))) }, edit: followedBy(crossSigned)},
		{name: "root_of_another_key_identifier", rules: "4.1", anchors: []string{"root-renewed"}, anchor: "root-renewed", leaf: func(m *Maker) *testca.Party {
			renewedRoot(m)
			return m.client
		}, comment: "The authority key identifier decides nothing."},
		{name: "root_and_its_renewal", rules: "4.1", anchors: []string{"root", "root-renewed"}, anchor: "root", leaf: func(m *Maker) *testca.Party {
			renewedRoot(m)
			return m.client
		}},
		{name: "namesakes_one_way", rules: "4.1", anchors: []string{"root", "root-next"}, anchor: "root", leaf: known(nextRoot)},
		{name: "namesakes_the_other_way", rules: "4.1", anchors: []string{"root-next", "root"}, anchor: "root", leaf: known(nextRoot)},
		{name: "root_that_permits_less_beside_one_that_permits_all", rules: "4.1 5.2", anchors: []string{"root-narrow", "root"}, anchor: "root", leaf: known(narrowRoot),
			comment: "One of the certificates of an anchor is enough."},
		{name: "root_that_permits_less", rules: "5.2", row: "T25", anchors: []string{"root-narrow"}, leaf: known(narrowRoot), want: untrusted},

		{name: "chain_that_is_the_anchor", row: "T22", rules: "4.1", want: untrusted, edit: presented(func(m *Maker) []*testca.Party { return []*testca.Party{m.root} })},
		{name: "leaf_with_the_key_of_another_anchor", row: "T22", rules: "4.1", anchors: []string{"root", "stranger"}, want: untrusted,
			leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.ca, testca.WithKey(m.stranger.Key)) }},
		{name: "leaf_with_the_name_and_key_of_another_anchor", row: "T22", rules: "4.1", anchors: []string{"root", "stranger"}, want: untrusted,
			leaf: func(m *Maker) *testca.Party {
				return m.newLeaf(m.ca, testca.WithKey(m.stranger.Key), testca.Named("Stranger"))
			}},
		{name: "leaf_of_the_root_followed_by_an_intermediate_anchor", row: "T22", rules: "4.1", anchors: both, want: untrusted,
			comment: "The anchor in x5c did not sign the leaf, and no other one is tried.",
			leaf: func(m *Maker) *testca.Party {
				return m.newLeaf(m.ca, func(t *testca.Template) { t.SigningKey = repeat(m.root.Key) })
			}},
		{name: "chain_with_the_anchor_twice", rules: "3.3", want: invalid, edit: followedBy(theRoot, theRoot)},
		{name: "chain_with_the_anchor_and_an_unrelated_certificate", rules: "3.3", want: invalid, edit: followedBy(theRoot, func(m *Maker) *testca.Party { return m.stranger })},
		{name: "chain_with_the_anchor_before_the_intermediate", rules: "3.3", want: invalid,
			edit: presented(func(m *Maker) []*testca.Party { return []*testca.Party{m.client, m.root, m.ca} })},
		{name: "five_self-named_certificates_and_four_anchors_of_the_name", row: "T23", rules: "4.1", want: untrusted,
			anchors: []string{"root", "root-next", "root-third", "root-fourth"}, leaf: selfNamed},
	}, scopeCases(), swapCases())
}

// known makes an anchor, and then the usual client.
func known(anchor func(*Maker) *testca.Party) func(*Maker) *testca.Party {
	return func(m *Maker) *testca.Party {
		anchor(m)
		return m.client
	}
}

// selfNamed is a chain of five certificates with the name of four anchors, made
// by somebody with none of their keys.
func selfNamed(m *Maker) *testca.Party {
	nextRoot(m)
	for _, name := range []string{"third", "fourth"} {
		m.registered("root-"+name, "Another root of the same name.", func() *testca.Party {
			return m.newRoot(testca.WithKey(m.ring.key(testca.P256, "Root, "+name)))
		})
	}
	p := m.newRoot(testca.WithKey(m.ring.key(testca.P256, "self-named 0")))
	for i := range 3 {
		p = m.newCA(p, testca.Named("Root"), testca.WithKey(m.ring.key(testca.P256, "self-named "+string(rune('1'+i)))))
	}
	return m.newLeaf(p)
}

// scopeCases returns the cases about the names for which an anchor may vouch
// (rule 5.2).
func scopeCases() []Case {
	const untrusted, mismatch = stapled.ChainUntrusted, stapled.IssuerMismatch
	scoped := func(scope ...string) map[string][]string { return map[string][]string{"root": scope} }
	cases := []Case{
		{name: "scope_of_another_name", row: "T20", scopes: scoped("other.example"), want: untrusted},
		{name: "scope_of_a_host_does_not_cover_URIs", row: "T20", scopes: scoped("test.example"), want: untrusted,
			leaf: client(func(t *testca.Template) { t.DNSNames = nil })},
		{name: "scope_below_a_name_is_not_the_name", row: "T20", scopes: scoped("." + clientDNS), want: untrusted},
		{name: "scope_of_a_name_is_not_what_is_below_it", row: "T20", scopes: scoped("test.example"), want: untrusted},
		{name: "scope_of_a_suffix", row: "T20", scopes: scoped(".est.example"), want: untrusted},
		{name: "scope_of_another_scheme", row: "T20", scopes: scoped("https://test.example"), want: untrusted},
		{name: "scope_of_a_host_that_is_longer", row: "T20", scopes: scoped("spiffe://test.exampl"), want: untrusted},
		{name: "scope_of_a_URI_with_a_port", row: "T20", scopes: scoped("https://test.example"), want: untrusted,
			leaf: client(func(t *testca.Template) {
				t.URIs[0].Scheme, t.URIs[0].Host = "https", "test.example:8443"
			})},
		{name: "scope_and_a_leaf_without_names", row: "T20", scopes: scoped(clientDNS), want: untrusted,
			leaf: client(func(t *testca.Template) { t.DNSNames, t.URIs = nil, nil })},
		{name: "scoped_intermediate_below_an_unscoped_root", row: "T20", anchors: []string{"root", "intermediate"},
			scopes: map[string][]string{"intermediate": {"other.example"}}, want: untrusted,
			comment: "The root alone would allow it, and nothing falls back to it."},
		{name: "scoped_root_and_an_intermediate_that_may_vouch_for_all", anchors: []string{"root", "intermediate"},
			scopes: scoped("other.example"), anchor: "intermediate"},
		{name: "iss_out_of_scope_beside_a_name_in_scope", row: "T21", rules: "7.3", scopes: scoped(clientDNS), want: mismatch},
		{name: "iss_in_scope_beside_a_name_out_of_it", scopes: scoped(clientDNS), edit: claim("iss", "https://"+clientDNS),
			issuer: "https://" + clientDNS, identity: clientDNS, comment: "The identity is the first name in scope."},
		{name: "scope_below_a_name", scopes: scoped(".test.example"), edit: claim("iss", clientDNS), issuer: clientDNS, identity: clientDNS},
		{name: "scope_below_a_name_two_labels_above", scopes: scoped(".example"), edit: claim("iss", clientDNS), issuer: clientDNS, identity: clientDNS},
		{name: "scope_of_a_name_in_another_case", scopes: scoped(clientDNS), leaf: client(func(t *testca.Template) { t.DNSNames = []string{"Client.TEST.example"} }),
			edit: claim("iss", "Client.TEST.example"), issuer: "Client.TEST.example", identity: "Client.TEST.example"},
		{name: "scope_of_URIs", scopes: scoped("spiffe://test.example"), edit: claim("iss", clientURI)},
		{name: "scope_of_URIs_and_a_URI_without_a_path", scopes: scoped("spiffe://test.example"),
			leaf: client(func(t *testca.Template) { t.URIs[0].Path = "" }), edit: claim("iss", "spiffe://test.example"),
			issuer: "spiffe://test.example", identity: "spiffe://test.example"},
		{name: "scope_of_several_names", scopes: scoped("other.example", "spiffe://test.example", clientDNS)},
	}
	for i := range cases {
		if cases[i].rules == "" {
			cases[i].rules = "5.2"
		}
	}
	return cases
}

// swapCases returns sequences in which the anchors are replaced, or the token is
// for another audience of the verifier.
func swapCases() []Case {
	const untrusted, audience = stapled.ChainUntrusted, stapled.AudienceMismatch
	minute := time.Minute
	billing := &View{Audience: "billing", Type: stapled.Type, MaxLifetime: 3600}
	same := &View{Audience: "orders", Type: stapled.Type, MaxLifetime: 3600}
	otherType := &View{Audience: "orders", Type: "at+jwt", MaxLifetime: 3600}
	short := &View{Audience: "orders", Type: stapled.Type, MaxLifetime: 60}
	issuers := &View{Audience: "orders", Type: stapled.Type, MaxLifetime: 3600, Issuers: []string{"https://other.example"}}
	good := goodAt(-minute)
	return []Case{
		{name: "anchor_removed", row: "T24", rules: "4.1", leaf: client(), steps: []Case{
			{staples: good},
			{anchors: []string{"stranger"}, staples: good, want: untrusted, comment: "The token was accepted before, and the anchors are others."},
			{staples: good, edit: claim("jti", "second"), want: untrusted, comment: "Its header, with other claims."},
			{anchors: []string{"root"}, staples: good, comment: "The anchor is back."},
		}},
		{name: "anchor_replaced_by_its_intermediate", rules: "4.1", leaf: client(), steps: []Case{
			{staples: good, anchor: "root"},
			{anchors: []string{"intermediate"}, staples: good, anchor: "intermediate"},
			{anchors: []string{"root", "intermediate"}, staples: good, anchor: "intermediate"},
			{anchors: []string{"root"}, staples: good, anchor: "root"},
		}},
		{name: "revocation_survives_a_change_of_anchors", row: "T24", rules: "6.10", leaf: client(), steps: []Case{
			{staples: oneStaple(revoked, window(-2*minute, 9*minute)), want: stapled.CertificateRevoked},
			{anchors: []string{"intermediate"}, staples: goodAt(-3 * minute), want: stapled.CertificateRevoked},
		}},
		{name: "token_in_another_view", row: "T24", rules: "7.4 2.1 7.3 7.8", leaf: client(), steps: []Case{
			{staples: good},
			{view: billing, staples: good, want: audience},
			{view: same, staples: good, comment: "Another view of the same audience."},
			{view: otherType, staples: good, want: stapled.TypeRejected},
			{view: short, staples: good, want: stapled.ClaimsInvalid},
			{view: issuers, staples: good, want: stapled.IssuerMismatch},
			{view: billing, staples: good, edit: claim("aud", "billing"), comment: "The same header, for the other audience."},
			{staples: good, edit: claim("aud", "billing"), want: audience},
		}},
		{name: "revocation_seen_in_another_view", row: "T24", rules: "6.10", leaf: client(), steps: []Case{
			{view: same, staples: oneStaple(revoked, window(-2*minute, 9*minute)), want: stapled.CertificateRevoked},
			{staples: goodAt(-3 * minute), want: stapled.CertificateRevoked},
		}},
	}
}
