// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
)

// lastSecond is the feature of a path with a certificate whose notAfter is
// now: openssl takes it for expired, and RFC 5280 §4.1.2.5 does not.
const lastSecond = "notAfter is now"

const selfIssued = "a self-issued CA"

// scenario is a path before it is issued.
type scenario struct {
	random   *rand.Rand
	features map[string]bool
	// all has the certificates, leaf first, and the anchor last. If rooted is not
	// set, the anchor is an intermediate.
	all    []*planned
	rooted bool
	// about is the kind of most names.
	about kind
}

// planned is a certificate before it is issued.
type planned struct {
	edits []testca.Edit
	// wrongAuthority: its authorityKeyIdentifier is not that of its issuer's key.
	// openssl looks for another issuer then, and finds none; rule 4.1 does not
	// exclude one for it. openssl is given the same path with the right one.
	wrongAuthority bool
	// anyUsage: a CA for anyExtendedKeyUsage. openssl wants clientAuth itself; RFC
	// 5280 §4.2.1.12 and rule 4.4 do not. openssl is given both.
	anyUsage bool
}

func newScenario(random *rand.Rand) *scenario {
	s := &scenario{random: random, features: make(map[string]bool), rooted: random.IntN(8) > 0, about: kind(random.IntN(int(mixed) + 1))}
	cas := 1 + random.IntN(4)
	// Most paths have few features, so that one does not hide the other.
	rate := []int{80, 40, 6}[random.IntN(3)]
	s.all = append(s.all, s.leaf(rate))
	for i := range cas {
		s.all = append(s.all, s.ca(i, i == cas-1, rate))
	}
	if !s.rooted {
		s.features["the anchor is an intermediate"] = true
	}
	s.features[fmt.Sprintf("%d CAs", cas)] = true
	return s
}

// parties issues the path, as package certpath is given it, or openssl.
func (s *scenario) parties(forOpenSSL bool) []*testca.Party {
	var party *testca.Party
	if !s.rooted {
		party = testca.New(testca.Named("Above"))
	}
	path := make([]*testca.Party, len(s.all))
	for i := len(s.all) - 1; i >= 0; i-- {
		p, issuer := s.all[i], party
		edits := slices.Concat(p.edits, []testca.Edit{func(t *testca.Template) {
			if p.anyUsage {
				t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
				if forOpenSSL {
					t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
				}
			}
			identify(t, p, issuer, forOpenSSL && s.features[selfIssued], forOpenSSL)
		}})
		switch {
		case i == 0:
			party = issuer.Leaf(edits...)
		case issuer == nil:
			party = testca.New(edits...)
		default:
			party = issuer.Intermediate(edits...)
		}
		path[i] = party
	}
	return path
}

// identify writes the identifiers of the issuer's key and of the own. If all must
// have them, they do: among issuers of one name, openssl picks one by these, and
// tries no other; and without the first it takes a self-issued certificate for
// a self-signed one.
func identify(t *testca.Template, p *planned, issuer *testca.Party, all, forOpenSSL bool) {
	if all && t.SubjectKeyId == nil {
		spki, err := x509.MarshalPKIXPublicKey(t.Key.Public())
		if err != nil {
			panic(err)
		}
		t.SubjectKeyId = spki[len(spki)-20:]
	}
	switch {
	case issuer == nil:
	case p.wrongAuthority && !forOpenSSL:
		t.NoAuthorityKeyID, t.AuthorityKeyId = true, []byte("another key")
	case all || !t.NoAuthorityKeyID:
		// Package x509 leaves it out of a self-issued certificate.
		t.NoAuthorityKeyID, t.AuthorityKeyId = true, issuer.Cert.SubjectKeyId
	}
}

// sometimes is true in one of n cases, and then the path has the feature.
func (s *scenario) sometimes(n int, feature string) bool {
	if s.random.IntN(n) != 0 {
		return false
	}
	s.features[feature] = true
	return true
}

func (s *scenario) leaf(rate int) *planned {
	p := new(planned)
	edit := func(e testca.Edit) { p.edits = append(p.edits, e) }
	edit(testca.WithKey(testca.Key(testca.P256, "client")))
	edit(testca.SubjectDER(s.subject("client")))
	edit(testca.AltNames(s.names()...))
	if s.sometimes(rate, "a key usage of the leaf") {
		usage := []x509.KeyUsage{0, x509.KeyUsageKeyEncipherment, x509.KeyUsageKeyAgreement, x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement}[s.random.IntN(4)]
		edit(func(t *testca.Template) { t.KeyUsage = usage })
	}
	if s.sometimes(rate, "extended key usages of the leaf") {
		usages := s.extendedUsages()
		edit(func(t *testca.Template) { t.ExtKeyUsage = usages })
	}
	if s.sometimes(2*rate, "the leaf is a CA") {
		edit(func(t *testca.Template) { t.IsCA, t.BasicConstraintsValid = true, true })
	}
	if s.sometimes(2*rate, "constraints of the leaf") {
		edit(s.constraints())
	}
	s.common(p, rate)
	return p
}

func (s *scenario) ca(i int, anchor bool, rate int) *planned {
	p := new(planned)
	edit := func(e testca.Edit) { p.edits = append(p.edits, e) }
	edit(testca.WithKey(testca.Key(testca.P256, fmt.Sprintf("CA %d", i))))
	name := fmt.Sprintf("CA %d", i)
	if i > 0 && s.sometimes(8, selfIssued) {
		// The subject of the one below.
		below := s.all[i]
		subject := templateOf(below).RawSubject
		edit(testca.SubjectDER(subject))
	} else {
		edit(testca.SubjectDER(s.subject(name)))
	}
	if s.sometimes(3, "name constraints") {
		edit(s.constraints())
	}
	if s.sometimes(2*rate, "names of a CA") {
		edit(testca.AltNames(s.names()...))
	}
	if s.sometimes(rate, "a path length") {
		length := s.random.IntN(4)
		edit(func(t *testca.Template) { t.MaxPathLen, t.MaxPathLenZero = length, length == 0 })
	} else if s.sometimes(rate, "basicConstraints of a CA") {
		edit(s.basicConstraints())
	}
	if s.sometimes(rate, "a key usage of a CA") {
		usage := []x509.KeyUsage{0, x509.KeyUsageCRLSign, x509.KeyUsageDigitalSignature, x509.KeyUsageCertSign}[s.random.IntN(4)]
		edit(func(t *testca.Template) { t.KeyUsage = usage })
	}
	if s.sometimes(rate, "extended key usages of a CA") {
		if p.anyUsage = s.sometimes(3, "a CA for any extended key usage"); !p.anyUsage {
			usages := s.extendedUsages()
			edit(func(t *testca.Template) { t.ExtKeyUsage = usages })
		}
	}
	if s.sometimes(rate, "a subjectKeyIdentifier of another method") {
		edit(func(t *testca.Template) { t.SubjectKeyId = []byte(name) })
	}
	s.common(p, rate)
	if anchor {
		p.wrongAuthority = false // of the anchor's own issuer nobody asks
	}
	return p
}

// common adds what any certificate can have.
func (s *scenario) common(p *planned, rate int) {
	edit := func(e testca.Edit) { p.edits = append(p.edits, e) }
	if s.sometimes(rate, "a validity with an end near now") {
		edit(s.validity())
	}
	if s.sometimes(2*rate, "an unknown critical extension") {
		edit(unknown(true))
	} else if s.sometimes(2*rate, "an unknown extension") {
		edit(unknown(false))
	}
	if s.sometimes(2*rate, "a broken signature") {
		edit(func(t *testca.Template) { t.SigningKey = testca.Key(testca.P256, "namesake") })
	}
	switch s.random.IntN(4 * rate) {
	case 0:
		s.features["no authorityKeyIdentifier"] = true
		edit(func(t *testca.Template) { t.NoAuthorityKeyID = true })
	case 1:
		s.features["a wrong authorityKeyIdentifier"] = true
		p.wrongAuthority = true
	}
	s.policies(p, rate)
}

func unknown(critical bool) testca.Edit {
	return func(t *testca.Template) {
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: []int{1, 3, 6, 1, 4, 1, 32473, 9}, Critical: critical, Value: []byte{5, 0}})
	}
}

// validity begins or ends within a second of now.
func (s *scenario) validity() testca.Edit {
	from, to := now.Add(-time.Hour), now.Add(time.Hour)
	switch s.random.IntN(6) {
	case 0:
		from = now
	case 1:
		from = now.Add(time.Second)
	case 2:
		from = now.Add(-time.Second)
	case 3:
		to = now
		s.features[lastSecond] = true
	case 4:
		to = now.Add(time.Second)
	case 5:
		to = now.Add(-time.Second)
	}
	return testca.Valid(from, to)
}

func (s *scenario) basicConstraints() testca.Edit {
	switch s.random.IntN(3) {
	case 0: // absent
		return func(t *testca.Template) { t.IsCA, t.BasicConstraintsValid = false, false }
	case 1: // not a CA
		return func(t *testca.Template) { t.IsCA = false }
	}
	return func(t *testca.Template) { // not critical
		t.IsCA, t.BasicConstraintsValid = false, false
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: []int{2, 5, 29, 19}, Value: []byte{0x30, 3, 1, 1, 0xff}})
	}
}

func (s *scenario) extendedUsages() []x509.ExtKeyUsage {
	const client, server = x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth
	return [][]x509.ExtKeyUsage{nil, {client}, {server}, {client, server}, {x509.ExtKeyUsageAny, client}, {x509.ExtKeyUsageOCSPSigning}}[s.random.IntN(6)]
}

func (s *scenario) policies(p *planned, rate int) {
	if !s.sometimes(rate, "policies") {
		return
	}
	edit := func(e testca.Edit) { p.edits = append(p.edits, e) }
	list := []asn1.ObjectIdentifier{testca.Policy(1 + s.random.IntN(2))}
	if s.random.IntN(3) == 0 {
		list = append(list, testca.AnyPolicy)
	}
	edit(testca.Policies(list...))
	if s.sometimes(3, "policies required") {
		edit(testca.PolicyConstraints(s.random.IntN(3), s.random.IntN(4)-1))
	}
	if s.sometimes(6, "any-policy inhibited") {
		edit(testca.InhibitAnyPolicy(byte(s.random.IntN(2))))
	}
	if s.sometimes(6, "policies mapped") {
		from, to := testca.Policy(1+s.random.IntN(2)), testca.Policy(1+s.random.IntN(2))
		if s.random.IntN(6) == 0 {
			to = testca.AnyPolicy
		}
		edit(testca.PolicyMappings([2]asn1.ObjectIdentifier{from, to}))
	}
}

func templateOf(p *planned) *testca.Template {
	t := new(testca.Template)
	for _, edit := range p.edits {
		edit(t)
	}
	return t
}
