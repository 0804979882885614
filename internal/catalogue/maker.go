// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"math/big"
	"path/filepath"

	"github.com/stapledjwt/stapled/internal/testca"
)

// Maker uses package testca to make the parts of the cases, but removes what
// changes between two runs: keys, serial numbers and signatures.
type Maker struct {
	ring    *Keyring
	anchors []Anchor

	// root is the usual anchor; ca is below it, and client and other are below ca;
	// short is a client of the root itself, for cases that are not about
	// certificates. sibling is a second CA below the root, stranger a root that is
	// not an anchor unless a case says so.
	root, ca, client, other, short, sibling, stranger *testca.Party

	// scope and serials give each certificate of a case a serial number that
	// does not depend on other cases.
	scope   string
	serials int
}

// Anchor is a named CA that cases trust.
type Anchor struct {
	Name, Comment string
	*testca.Party
}

// NewMaker makes the CA that all cases share.
func NewMaker(ring *Keyring) *Maker {
	m := &Maker{ring: ring, scope: "world"}
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

// ForTests makes the cases with the keys in a directory of vectors, and new
// keys where some are missing. It panics if it cannot read them.
func ForTests(dir string) *Maker {
	ring, err := LoadKeys(filepath.Join(dir, KeysFile))
	if err != nil {
		panic(err)
	}
	ring.Grows = true
	return NewMaker(ring)
}

// enter begins a case.
func (m *Maker) enter(name string) { m.scope, m.serials = name, 0 }

// anchor registers a party as a trusted anchor under a name.
func (m *Maker) anchor(name, comment string, p *testca.Party) *testca.Party {
	if m.anchorOf(name) == nil {
		m.anchors = append(m.anchors, Anchor{name, comment, p})
	}
	return p
}

// anchorOf returns the anchor with this name, if it has been made.
func (m *Maker) anchorOf(name string) *testca.Party {
	for _, a := range m.anchors {
		if a.Name == name {
			return a.Party
		}
	}
	return nil
}

// Anchors returns the anchors of the cases made so far.
func (m *Maker) Anchors() []Anchor { return m.anchors }

// Root returns the usual anchor.
func (m *Maker) Root() *testca.Party { return m.root }

// Intermediate returns the CA below the root that issued client and other.
func (m *Maker) Intermediate() *testca.Party { return m.ca }

// Client returns the holder of tokens in cases that do not set another.
func (m *Maker) Client() *testca.Party { return m.client }

// Other returns a second client of the intermediate.
func (m *Maker) Other() *testca.Party { return m.other }

// Sibling returns a second CA below the root.
func (m *Maker) Sibling() *testca.Party { return m.sibling }

// Stranger returns a root that is not an anchor unless a case says so.
func (m *Maker) Stranger() *testca.Party { return m.stranger }

func (m *Maker) newRoot(edits ...testca.Edit) *testca.Party {
	return testca.New(m.repeatable(nil, edits)...)
}

func (m *Maker) newCA(issuer *testca.Party, edits ...testca.Edit) *testca.Party {
	return issuer.Intermediate(m.repeatable(issuer, edits)...)
}

func (m *Maker) newLeaf(issuer *testca.Party, edits ...testca.Edit) *testca.Party {
	return issuer.Leaf(m.repeatable(issuer, edits)...)
}

func (m *Maker) newDelegate(issuer *testca.Party, edits ...testca.Edit) *testca.Party {
	return issuer.Delegate(m.repeatable(issuer, edits)...)
}

// repeatable puts the edits of a case between two that make the certificate
// the same in each run.
func (m *Maker) repeatable(issuer *testca.Party, edits []testca.Edit) []testca.Edit {
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

func (m *Maker) serial() *big.Int {
	m.serials++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", m.scope, m.serials))
	return new(big.Int).SetUint64(binary.BigEndian.Uint64(sum[:])>>1 | 1<<62)
}

// staple makes a good staple for the subject, unless edited.
func (m *Maker) staple(subject *testca.Party, edits ...func(*testca.Response)) []byte {
	return subject.Staple(append(edits, func(r *testca.Response) { r.SigningKey = repeat(r.SigningKey) })...)
}

// compact signs a token and returns its compact serialization.
func (m *Maker) compact(t *testca.Token) string {
	header, payload := t.RawHeader, t.RawPayload
	if header == nil {
		header = t.Header.Bytes()
	}
	if payload == nil {
		payload = t.Claims.Bytes()
	}
	return m.join(header, payload, func(input []byte) []byte { return signJWS(t.Key, t.Alg, input) })
}

func (m *Maker) join(header, payload []byte, sign func(input []byte) []byte) string {
	input := segment(header) + "." + segment(payload)
	return input + "." + segment(sign([]byte(input)))
}
