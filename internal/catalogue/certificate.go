// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"bytes"
	"crypto"
	_ "crypto/md5" // signatures that must be refused
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

func certificateCases() []Case {
	var cases []Case
	for name, change := range inOrder(
		"in_base64url", func(s string) string { return strings.NewReplacer("+", "-", "/", "_").Replace(s) },
		"without_padding", func(s string) string { return strings.TrimRight(s, "=") },
		"with_more_padding", suffix("===="),
		"with_line_break", func(s string) string { return s[:64] + "\n" + s[64:] },
		"with_carriage_return_at_the_end", suffix("\r\n"),
		"with_space", func(s string) string { return s[:64] + " " + s[64:] },
		"with_trailing_bits", setTrailingBits,
		"in_PEM", func(s string) string {
			return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: unstandard(s)}))
		},
		"in_hexadecimal", func(s string) string { return hex.EncodeToString(unstandard(s)) + "=" },
		"empty", text(""),
	) {
		cases = append(cases, Case{name: "certificate_" + name, rules: "3.1", leaf: oddLeaf, edit: x5c(0, change), want: stapled.Malformed})
	}
	for name, change := range inOrder(
		"with_trailing_byte", func(s string) string { return standard(append(unstandard(s), 0)) },
		"twice_in_one_element", func(s string) string { return standard(append(unstandard(s), unstandard(s)...)) },
		"cut_off", func(s string) string { return standard(unstandard(s)[:200]) },
		"is_only_its_tbs", func(s string) string { return standard(testca.MustParse(unstandard(s)).RawTBSCertificate) },
		"is_only_its_key", func(s string) string { return standard(testca.MustParse(unstandard(s)).RawSubjectPublicKeyInfo) },
		"is_one_zero_byte", text("AA=="),
		"is_text", text(standard([]byte("a certificate"))),
		"with_leading_byte", func(s string) string { return standard(append([]byte{0}, unstandard(s)...)) },
		"without_its_last_byte", func(s string) string { return standard(unstandard(s)[:len(unstandard(s))-1]) },
		"in_PEM_in_base64", func(s string) string {
			return standard(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: unstandard(s)}))
		},
	) {
		cases = append(cases, Case{name: "certificate_" + name, rules: "3.2", edit: x5c(0, change), want: stapled.ChainInvalid})
	}
	for _, row := range []struct {
		name    string
		parties func(*Maker) []*testca.Party
	}{
		{"chain_in_reverse_order", func(m *Maker) []*testca.Party { return []*testca.Party{m.ca, m.client} }},
		{"chain_with_the_leaf_twice", func(m *Maker) []*testca.Party { return []*testca.Party{m.client, m.client, m.ca} }},
		{"chain_with_the_intermediate_twice", func(m *Maker) []*testca.Party { return []*testca.Party{m.client, m.ca, m.ca} }},
		{"chain_with_an_unrelated_certificate_inside", func(m *Maker) []*testca.Party { return []*testca.Party{m.client, m.sibling, m.ca} }},
		{"chain_with_an_unrelated_certificate_at_the_end", func(m *Maker) []*testca.Party { return []*testca.Party{m.client, m.ca, m.stranger} }},
		{"chain_with_another_leaf_at_the_end", func(m *Maker) []*testca.Party { return []*testca.Party{m.client, m.ca, m.other} }},
		{"chain_with_another_leaf_at_the_beginning", func(m *Maker) []*testca.Party { return []*testca.Party{m.other, m.client, m.ca} }},
		{"chain_with_the_wrong_intermediate", func(m *Maker) []*testca.Party { return []*testca.Party{m.client, m.sibling} }},
	} {
		cases = append(cases, Case{name: row.name, rules: "3.3", edit: certificateChain(row.parties), want: stapled.ChainInvalid})
	}
	cases = append(cases,
		Case{name: "chain_with_a_self_issued_intermediate_twice", rules: "3.3", want: stapled.ChainInvalid,
			comment: "The intermediate has the name of its issuer, so that only the repetition is wrong.",
			edit: presented(func(m *Maker) []*testca.Party {
				again := m.newCA(m.ca)
				return []*testca.Party{m.newLeaf(again), again, again, m.ca}
			})},
		Case{name: "chain_with_two_intermediates_exchanged", rules: "3.3", want: stapled.ChainInvalid, edit: presented(func(m *Maker) []*testca.Party {
			issuing := m.newCA(m.ca, testca.Named("Issuing"))
			return []*testca.Party{m.newLeaf(issuing), m.ca, issuing}
		})},
		Case{name: "certificate_with_escaped_space_behind_it", rules: "3.1", want: stapled.Malformed, edit: func(_ *Maker, t *testca.Token) {
			list := t.Header.Get("x5c").([]string)
			t.Header.Set("x5c", literal(`["`+list[0]+`\u0020","`+list[1]+`"]`))
		}},
		Case{name: "issuer_name_in_another_string_type", rules: "3.3", want: stapled.ChainInvalid,
			comment: "The subject of the intermediate is a PrintableString, the issuer of the leaf the same text as a UTF8String.",
			leaf: func(m *Maker) *testca.Party {
				p := m.newLeaf(alias(m.ca, m.ca.Key, func(c *x509.Certificate) {
					c.RawSubject = bytes.Replace(c.RawSubject, []byte("\x13\x0cIntermediate"), []byte("\x0c\x0cIntermediate"), 1)
				}))
				p.Issuer = m.ca
				return p
			}},
		Case{name: "certificate_with_65_names", rules: "3.2", leaf: named([]string{clientURI}, slices.Repeat([]string{"client.test.example"}, 64)...), want: stapled.ChainInvalid},
		Case{name: "certificate_with_64_names", rules: "3.2", leaf: named([]string{clientURI}, slices.Repeat([]string{"client.test.example"}, 63)...)},
		Case{name: "kid_of_another_certificate", rules: "3.7", want: stapled.KeyMismatch,
			edit: func(m *Maker, t *testca.Token) { t.Header.Set("kid", certx5c.KeyID(m.other.Cert)) }},
		Case{name: "kid_of_the_intermediate", rules: "3.7", want: stapled.KeyMismatch,
			edit: func(m *Maker, t *testca.Token) { t.Header.Set("kid", certx5c.KeyID(m.ca.Cert)) }},
		Case{name: "kid_empty", rules: "3.7", edit: header("kid", ""), want: stapled.KeyMismatch},
		Case{name: "kid_in_another_case", rules: "3.7", want: stapled.KeyMismatch,
			edit: func(m *Maker, t *testca.Token) { t.Header.Set("kid", strings.ToLower(certx5c.KeyID(m.client.Cert))) }},
		Case{name: "kid_with_padding", rules: "3.7", want: stapled.KeyMismatch,
			edit: func(m *Maker, t *testca.Token) { t.Header.Set("kid", certx5c.KeyID(m.client.Cert)+"=") }},
		Case{name: "x5t_S256_of_another_certificate", rules: "3.7", want: stapled.KeyMismatch,
			edit: func(m *Maker, t *testca.Token) { t.Header.Add("x5t#S256", certx5c.KeyID(m.other.Cert)) }},
		Case{name: "x5t_S256_of_another_certificate_without_kid", rules: "3.7", want: stapled.KeyMismatch,
			edit: edits(dropHeader("kid"), func(m *Maker, t *testca.Token) { t.Header.Add("x5t#S256", certx5c.KeyID(m.other.Cert)) })},
		Case{name: "x5t_S256_of_the_leaf_and_kid_of_another_certificate", rules: "3.7", want: stapled.KeyMismatch, edit: func(m *Maker, t *testca.Token) {
			t.Header.Set("kid", certx5c.KeyID(m.other.Cert))
			t.Header.Add("x5t#S256", certx5c.KeyID(m.client.Cert))
		}},
		Case{name: "x5t_S256_empty", rules: "3.7", edit: addHeader("x5t#S256", ""), want: stapled.KeyMismatch},
		Case{name: "kid_is_a_name", rules: "3.7", edit: header("kid", "key-1"), want: stapled.KeyMismatch},
		Case{name: "kid_in_hexadecimal", rules: "3.7", edit: kid(func(c *x509.Certificate) string {
			sum := sha256.Sum256(c.Raw)
			return hex.EncodeToString(sum[:])
		}), want: stapled.KeyMismatch},
		Case{name: "kid_cut_off", rules: "3.7", edit: kid(func(c *x509.Certificate) string { return certx5c.KeyID(c)[:42] }), want: stapled.KeyMismatch},
		Case{name: "kid_of_the_key", rules: "3.7", edit: kid(func(c *x509.Certificate) string {
			sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
			return segment(sum[:])
		}), want: stapled.KeyMismatch},
		Case{name: "kid_absent", rules: "3.7", edit: dropHeader("kid")},
		Case{name: "kid_and_x5t_S256", rules: "3.7",
			edit: func(m *Maker, t *testca.Token) { t.Header.Add("x5t#S256", certx5c.KeyID(m.client.Cert)) }},
		Case{name: "x5t_S256_without_kid", rules: "3.7",
			edit: edits(dropHeader("kid"), func(m *Maker, t *testca.Token) { t.Header.Add("x5t#S256", certx5c.KeyID(m.client.Cert)) })},
	)
	return slices.Concat(cases, partsCases(), keyCases(), weakKeyCases(), certificateSignatureCases())
}

// keyCases returns the cases for rules 3.4 and 3.6.
func keyCases() []Case {
	cases := []Case{
		{name: "leaf_key_RSA_1024", rules: "3.4", leaf: client(testca.Keyed(testca.RSA1024)), want: stapled.AlgorithmRejected},
		{name: "leaf_key_RSA_2040", rules: "3.4", leaf: client(testca.Keyed(rsa2040)), want: stapled.AlgorithmRejected},
		{name: "leaf_key_RSA_3072", rules: "3.4", leaf: client(testca.Keyed(rsa3072))},
		{name: "leaf_key_RSA_4096", rules: "3.4", leaf: client(testca.Keyed(rsa4096))},
		{name: "leaf_key_RSA_4097", rules: "3.4", leaf: publicLeaf(4097), edit: borrowed, want: stapled.AlgorithmRejected},
		{name: "leaf_key_RSA_16384", rules: "3.4", leaf: publicLeaf(16384), edit: borrowed, want: stapled.AlgorithmRejected,
			comment: "Verifying with such a key is what costs."},
		{name: "leaf_key_P-224", rules: "3.4", leaf: client(testca.Keyed(testca.P224)), edit: header("alg", "ES256"), want: stapled.AlgorithmRejected},
		{name: "intermediate_key_RSA_1024", rules: "3.4", leaf: below(testca.Keyed(testca.RSA1024)), want: stapled.AlgorithmRejected},
		{name: "intermediate_key_RSA_16384", rules: "3.4", want: stapled.AlgorithmRejected, edit: presented(func(m *Maker) []*testca.Party {
			ca := m.newCA(m.root, func(t *testca.Template) { t.PublicKey = testca.OversizedRSA(16384) })
			leaf := m.newLeaf(ca, func(t *testca.Template) { t.SigningKey = m.ring.key(testca.P256, "namesake") })
			return []*testca.Party{leaf, ca}
		})},
		{name: "intermediate_key_P-224", rules: "3.4", leaf: below(testca.Keyed(testca.P224)), want: stapled.AlgorithmRejected},
		{name: "intermediate_key_with_unused_bits", rules: "3.4 4.1", row: "T20", want: stapled.AlgorithmRejected,
			anchors: []string{"root", "intermediate"}, scopes: map[string][]string{"intermediate": {"other.example"}},
			comment: "The key of an anchor with a scope, encoded otherwise, below an anchor without one: some parsers shift the bits back.",
			leaf: func(m *Maker) *testca.Party {
				return m.newLeaf(m.newCA(m.ca.Alias(3), testca.Named("Issuing")))
			}},
	}
	for _, row := range []struct {
		kind testca.Kind
		algs []string
	}{
		{testca.P256, []string{"ES384", "ES512", "EdDSA", "RS256", "PS256"}},
		{testca.P384, []string{"ES256", "ES512"}},
		{testca.P521, []string{"ES256", "ES384"}},
		{testca.Ed25519, []string{"ES256", "RS256"}},
		{testca.RSA2048, []string{"ES256", "EdDSA"}},
	} {
		for _, alg := range row.algs {
			cases = append(cases, Case{name: "alg_" + alg + "_with_a_leaf_key_" + string(row.kind), rules: "3.6",
				leaf: client(testca.Keyed(row.kind)), edit: header("alg", alg), want: stapled.KeyMismatch})
		}
	}
	return append(cases, Case{name: "alg_of_P-256_signed_with_a_leaf_key_P-384", rules: "3.6", leaf: client(testca.Keyed(testca.P384)),
		edit: algorithm("ES256"), want: stapled.KeyMismatch})
}

// certificateSignatureCases returns the cases for rule 3.5.
func certificateSignatureCases() []Case {
	weakCA := func(kind testca.Kind, edits ...testca.Edit) func(*Maker) *testca.Party {
		return func(m *Maker) *testca.Party { return m.newLeaf(m.newCA(m.root, testca.Keyed(kind)), edits...) }
	}
	return []Case{
		{name: "leaf_signed_with_ECDSA_and_SHA-1", rules: "3.5", leaf: client(signedWith(x509.ECDSAWithSHA1)), want: stapled.AlgorithmRejected},
		{name: "leaf_signed_with_RSA_and_SHA-1", rules: "3.5", leaf: weakCA(testca.RSA2048, signedWith(x509.SHA1WithRSA)), want: stapled.AlgorithmRejected},
		{name: "leaf_signed_with_RSA_and_MD5", rules: "3.5", want: stapled.AlgorithmRejected,
			leaf: func(m *Maker) *testca.Party {
				p := weakCA(testca.RSA2048)(m)
				return withCert(p, resign(p, "2a864886f70d01010b", "2a864886f70d010104", crypto.MD5))
			}},
		{name: "leaf_signed_with_RSA_and_MD2", rules: "3.5", want: stapled.AlgorithmRejected, comment: "Its algorithm says so.",
			leaf: func(m *Maker) *testca.Party {
				p := weakCA(testca.RSA2048)(m)
				return withCert(p, resign(p, "2a864886f70d01010b", "2a864886f70d010102", crypto.MD5))
			}},
		{name: "leaf_signed_with_an_unknown_algorithm", rules: "3.5", want: stapled.AlgorithmRejected,
			comment: "Its OID is 1.2.840.10045.4.3.5.",
			leaf: func(m *Maker) *testca.Party {
				p := m.newLeaf(m.ca)
				return withCert(p, resign(p, "2a8648ce3d040302", "2a8648ce3d040305", crypto.SHA256))
			}},
		{name: "intermediate_signed_with_ECDSA_and_SHA-1", rules: "3.5", leaf: below(signedWith(x509.ECDSAWithSHA1)), want: stapled.AlgorithmRejected},
	}
}

// kid sets kid to a value computed from the usual leaf.
func kid(of func(*x509.Certificate) string) edit {
	return func(m *Maker, t *testca.Token) { t.Header.Set("kid", of(m.client.Cert)) }
}

// presented makes the token carry another chain, signed with the key of its
// leaf.
func presented(parties func(*Maker) []*testca.Party) edit {
	return func(m *Maker, t *testca.Token) {
		list := parties(m)
		certificateChain(func(*Maker) []*testca.Party { return list })(m, t)
		t.Key, t.Alg = list[0].Key, testca.JWSAlgorithm(list[0].Key)
		t.Header.Set("alg", t.Alg)
	}
}

// oddLeaf is a leaf whose base64 contains everything an encoder can get wrong:
// both special characters, padding and unused bits.
func oddLeaf(m *Maker) *testca.Party {
	for {
		p := m.newLeaf(m.ca)
		if s := standard(p.Cert.Raw); strings.Contains(s, "+") && strings.Contains(s, "/") && strings.HasSuffix(s, "=") {
			return p
		}
	}
}

const base64standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// setTrailingBits sets the lowest of the unused bits of padded base64.
func setTrailingBits(s string) string {
	end := strings.IndexByte(s, '=')
	last := strings.IndexByte(base64standard, s[end-1])
	return s[:end-1] + string(base64standard[last|1]) + s[end:]
}

// publicLeaf makes a leaf with a key that nobody holds.
func publicLeaf(bits int) func(*Maker) *testca.Party {
	return client(func(t *testca.Template) { t.PublicKey = testca.OversizedRSA(bits) })
}

// borrowed signs as RS256 with a key other than the leaf's.
func borrowed(m *Maker, t *testca.Token) {
	signedBy(testca.RSA2048, "client", "RS256")(m, t)
	t.Header.Set("alg", "RS256")
}

// resign replaces both OIDs of the signature algorithm with one of the same
// length, and signs with the hash.
func resign(p *testca.Party, from, to string, hash crypto.Hash) []byte {
	der := cryptobyte.String(p.Cert.Raw)
	var tbs, identifier cryptobyte.String
	if !der.ReadASN1(&der, cbasn1.SEQUENCE) || !der.ReadASN1Element(&tbs, cbasn1.SEQUENCE) || !der.ReadASN1Element(&identifier, cbasn1.SEQUENCE) {
		panic("a certificate that was just made is malformed")
	}
	tbs = bytes.ReplaceAll(tbs, unhex(from), unhex(to))
	h := hash.New()
	h.Write(tbs)
	signature, err := repeat(p.Issuer.Key).Sign(nil, h.Sum(nil), hash)
	if err != nil {
		panic(err)
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes(bytes.ReplaceAll(identifier, unhex(from), unhex(to)))
		b.AddASN1BitString(signature)
	})
	return b.BytesOrPanic()
}

func unhex(s string) []byte {
	data, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return data
}
