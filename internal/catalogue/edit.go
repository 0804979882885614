// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
)

// Edits of a token.

func edits(list ...edit) edit {
	return func(m *Maker, t *testca.Token) {
		for _, e := range list {
			e(m, t)
		}
	}
}

func header(name string, value any) edit {
	return func(_ *Maker, t *testca.Token) { t.Header.Set(name, value) }
}

func addHeader(name string, value any) edit {
	return func(_ *Maker, t *testca.Token) { t.Header.Add(name, value) }
}

func dropHeader(name string) edit {
	return func(_ *Maker, t *testca.Token) { t.Header.Drop(name) }
}

func claim(name string, value any) edit {
	return func(_ *Maker, t *testca.Token) { t.Claims.Set(name, value) }
}

func dropClaim(name string) edit {
	return func(_ *Maker, t *testca.Token) { t.Claims.Drop(name) }
}

// headerText and claimsText edit the JSON text before it is signed.
func headerText(change func(string) string) edit {
	return func(_ *Maker, t *testca.Token) { t.RawHeader = []byte(change(string(t.Header.Bytes()))) }
}

func claimsText(change func(string) string) edit {
	return func(_ *Maker, t *testca.Token) { t.RawPayload = []byte(change(string(t.Claims.Bytes()))) }
}

// text replaces the JSON text.
func text(whole string) func(string) string { return func(string) string { return whole } }

func prefix(with string) func(string) string { return func(s string) string { return with + s } }

func suffix(with string) func(string) string { return func(s string) string { return s + with } }

// first puts a member before all others.
func first(member string) func(string) string {
	return func(s string) string { return "{" + member + "," + s[1:] }
}

// last puts a member after all others.
func last(member string) func(string) string {
	return func(s string) string { return s[:len(s)-1] + "," + member + "}" }
}

// literal uses a JSON text as a value.
func literal(text string) json.RawMessage { return json.RawMessage(text) }

// signedBy signs with another key and algorithm than the leaf's.
func signedBy(kind testca.Kind, name, alg string) edit {
	return func(m *Maker, t *testca.Token) { t.Key, t.Alg = m.ring.key(kind, name), alg }
}

// algorithm signs with the leaf key and an algorithm of its own family.
func algorithm(alg string) edit {
	return func(_ *Maker, t *testca.Token) {
		t.Alg = alg
		t.Header.Set("alg", alg)
	}
}

// chain makes x5c carry other certificates. The key stays.
func chain(make func(*Maker) []*x509.Certificate) edit {
	return func(m *Maker, t *testca.Token) {
		list := make(m)
		t.Header.Set("kid", certx5c.KeyID(list[0]))
		t.Header.Set("x5c", certx5c.Encode(list))
	}
}

// x5c and ocsp edit one element.
func x5c(i int, change func(string) string) edit { return element("x5c", i, change) }

func ocsp(i int, change func(string) string) edit { return element("ocsp", i, change) }

func element(name string, i int, change func(string) string) edit {
	return func(_ *Maker, t *testca.Token) {
		list := append([]string(nil), t.Header.Get(name).([]string)...)
		list[i] = change(list[i])
		t.Header.Set(name, list)
	}
}

// times sets iat, nbf and exp, relative to testca.Now.
func times(iat, nbf, exp time.Duration) edit {
	return edits(claim("iat", unix(iat)), claim("nbf", unix(nbf)), claim("exp", unix(exp)))
}

func until(sinceNow time.Duration) *time.Duration { return &sinceNow }

func unix(since time.Duration) int64 { return testca.Now.Add(since).Unix() }

// Staples.

// oneStaple makes an edited staple for the leaf.
func oneStaple(edits ...func(*testca.Response)) func(*Maker, *testca.Party) [][]byte {
	return func(m *Maker, leaf *testca.Party) [][]byte { return [][]byte{m.staple(leaf, edits...)} }
}

// stapleFor makes a staple that depends on more than the leaf.
func stapleFor(make func(m *Maker, leaf *testca.Party) []byte) func(*Maker, *testca.Party) [][]byte {
	return func(m *Maker, leaf *testca.Party) [][]byte { return [][]byte{make(m, leaf)} }
}

// single edits the only SingleResponse.
func single(change func(*testca.Single)) func(*testca.Response) {
	return func(r *testca.Response) { change(&r.Singles[0]) }
}

// window sets thisUpdate, with producedAt, and nextUpdate, relative to
// testca.Now.
func window(this, next time.Duration) func(*testca.Response) {
	return func(r *testca.Response) {
		r.ProducedAt = testca.Now.Add(this)
		r.Singles[0].ThisUpdate, r.Singles[0].NextUpdate = testca.Now.Add(this), testca.Now.Add(next)
	}
}

func revoked(r *testca.Response) { r.Singles[0].Status = testca.Revoked }

func inside(name string, change func([]byte) []byte) func(*testca.Response) {
	return func(r *testca.Response) { r.Inside[name] = change }
}

func around(name string, change func([]byte) []byte) func(*testca.Response) {
	return func(r *testca.Response) { r.Around[name] = change }
}

// Leaves and chains.

// client makes the usual client with edits and another serial number.
func client(edits ...testca.Edit) func(*Maker) *testca.Party {
	return func(m *Maker) *testca.Party { return m.newLeaf(m.ca, edits...) }
}

// directly makes the usual client, edited, directly below the root.
func directly(edits ...testca.Edit) func(*Maker) *testca.Party {
	return func(m *Maker) *testca.Party { return m.newLeaf(m.root, edits...) }
}

// below makes a client below an edited intermediate.
func below(edits ...testca.Edit) func(*Maker) *testca.Party {
	return func(m *Maker) *testca.Party { return m.newLeaf(m.newCA(m.root, edits...)) }
}

// uses changes the key usages of a certificate.
func uses(usage x509.KeyUsage, extended ...x509.ExtKeyUsage) testca.Edit {
	return func(t *testca.Template) { t.KeyUsage, t.ExtKeyUsage = usage, extended }
}

func signedWith(algorithm x509.SignatureAlgorithm) testca.Edit {
	return func(t *testca.Template) { t.SignatureAlgorithm = algorithm }
}

// withCert returns the party with another certificate.
func withCert(p *testca.Party, der []byte) *testca.Party {
	return &testca.Party{Cert: testca.MustParse(der), Key: p.Key, Issuer: p.Issuer}
}

// alias returns the party as somebody else would present it: as an issuer with
// its certificate, edited after parsing.
func alias(p *testca.Party, key crypto.Signer, change func(*x509.Certificate)) *testca.Party {
	c := *p.Cert
	change(&c)
	return &testca.Party{Cert: &c, Key: key, Issuer: p.Issuer}
}

// Encodings.

func segment(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func standard(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

func unstandard(text string) []byte {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return data
}

// part edits one of the three segments of a token.
func part(i int, change func(string) string) func(*Maker, string) string {
	return func(_ *Maker, raw string) string {
		segments := strings.Split(raw, ".")
		segments[i] = change(segments[i])
		return strings.Join(segments, ".")
	}
}

// whole replaces the token.
func whole(change func(string) string) func(*Maker, string) string {
	return func(_ *Maker, raw string) string { return change(raw) }
}

// flip changes a bit of the last byte.
func flip(data []byte) []byte {
	changed := append([]byte(nil), data...)
	changed[len(changed)-1] ^= 1
	return changed
}
