// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"

	"github.com/stapledjwt/stapled/internal/testca"
)

// maker makes what the cases are made of, by package testca, and takes from it
// what changes between two runs: keys, serial numbers and signatures.
type maker struct {
	ring    *keyring
	anchors []anchor

	// root is the usual anchor; ca is below it, and client and other are below
	// that; short is a client of the root itself, for cases that are not about
	// certificates. sibling is a second CA below the root, stranger a root that
	// is no anchor unless a case says so.
	root, ca, client, other, short, sibling, stranger *testca.Party

	// scope and serials give each certificate of a case a serial number that
	// does not depend on other cases.
	scope   string
	serials int
}

// anchor is a CA certificate that cases trust, by its name.
type anchor struct {
	name, comment string
	cert          *x509.Certificate
}

func newMaker(ring *keyring) *maker {
	m := &maker{ring: ring, scope: "world"}
	m.root = m.anchor("root", "The usual root.", m.newRoot())
	m.stranger = m.anchor("stranger", "A root with which the usual one has nothing to do.", m.newRoot(testca.Named("Stranger")))
	m.ca = m.anchor("intermediate", "An intermediate CA below root, for verifiers that trust only it.", m.newCA(m.root))
	m.sibling = m.newCA(m.root, testca.Named("Sibling"))
	m.client = m.newLeaf(m.ca)
	m.short = m.newLeaf(m.root)
	m.other = m.newLeaf(m.ca, testca.Named("other"), func(t *testca.Template) {
		t.URIs[0].Path = "/other"
		t.DNSNames = []string{"other.test.example"}
	})
	return m
}

// enter begins a case.
func (m *maker) enter(name string) { m.scope, m.serials = name, 0 }

// anchor makes a party trusted by a name.
func (m *maker) anchor(name, comment string, p *testca.Party) *testca.Party {
	m.anchors = append(m.anchors, anchor{name, comment, p.Cert})
	return p
}

func (m *maker) hasAnchor(name string) bool {
	for _, a := range m.anchors {
		if a.name == name {
			return true
		}
	}
	return false
}

func (m *maker) encodeAnchors() []byte {
	var lines []string
	for _, a := range m.anchors {
		lines = append(lines, fmt.Sprintf("\n  {\n   \"name\": %s,\n   \"comment\": %s,\n   \"certificate\": %s\n  }",
			inline(a.name), inline(a.comment), inline(a.cert.Raw)))
	}
	return []byte("{\n \"anchors\": [" + strings.Join(lines, ",") + "\n ]\n}\n")
}

func (m *maker) newRoot(edits ...testca.Edit) *testca.Party {
	return testca.New(m.repeatable(nil, edits)...)
}

func (m *maker) newCA(issuer *testca.Party, edits ...testca.Edit) *testca.Party {
	return issuer.Intermediate(m.repeatable(issuer, edits)...)
}

func (m *maker) newLeaf(issuer *testca.Party, edits ...testca.Edit) *testca.Party {
	return issuer.Leaf(m.repeatable(issuer, edits)...)
}

func (m *maker) newDelegate(issuer *testca.Party, edits ...testca.Edit) *testca.Party {
	return issuer.Delegate(m.repeatable(issuer, edits)...)
}

// repeatable puts the edits of a case between two that make the certificate
// the same in each run.
func (m *maker) repeatable(issuer *testca.Party, edits []testca.Edit) []testca.Edit {
	all := []testca.Edit{func(t *testca.Template) { t.SerialNumber = m.serial() }}
	all = append(all, edits...)
	return append(all, func(t *testca.Template) {
		if t.Key == nil && t.PublicKey == nil {
			t.Key = m.ring.key(t.Kind, t.Subject.CommonName)
		}
		switch {
		case t.SigningKey != nil:
		case issuer != nil:
			t.SigningKey = issuer.Key
		default:
			t.SigningKey = t.Key
		}
		t.SigningKey = repeat(t.SigningKey)
		// The library's own choice has changed before, and is for CAs only.
		if t.IsCA && t.SubjectKeyId == nil && t.Key != nil {
			t.SubjectKeyId = keyIdentifier(t.Key.Public())
		}
	})
}

func keyIdentifier(key crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(der)
	return sum[:20]
}

func (m *maker) serial() *big.Int {
	m.serials++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", m.scope, m.serials))
	return new(big.Int).SetUint64(binary.BigEndian.Uint64(sum[:])>>1 | 1<<62)
}

// staple is a good one for the subject, unless edited.
func (m *maker) staple(subject *testca.Party, edits ...func(*testca.Response)) []byte {
	return subject.Staple(append(edits, func(r *testca.Response) { r.SigningKey = repeat(r.SigningKey) })...)
}

// compact signs a token and gives its compact serialization.
func (m *maker) compact(t *testca.Token) string {
	header, payload := t.RawHeader, t.RawPayload
	if header == nil {
		header = t.Header.Bytes()
	}
	if payload == nil {
		payload = t.Claims.Bytes()
	}
	return m.join(header, payload, func(input []byte) []byte { return signJWS(t.Key, t.Alg, input) })
}

func (m *maker) join(header, payload []byte, sign func(input []byte) []byte) string {
	input := segment(header) + "." + segment(payload)
	return input + "." + segment(sign([]byte(input)))
}
