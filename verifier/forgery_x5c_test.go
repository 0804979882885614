// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
)

// stapleListForgeries are T3: the shape of ocsp.
var stapleListForgeries = []forgery{
	{row: "T03", name: "absent", want: stapled.StapleMissing, edit: dropHeader("ocsp")},
	{row: "T03", name: "empty array", want: stapled.StapleMissing, edit: setHeader("ocsp", []string{})},
	{row: "T03", name: "null", want: stapled.Malformed, edit: setHeader("ocsp", nil)},
	{row: "T03", name: "a string", want: stapled.Malformed, edit: func(w *world, t *testca.Token) {
		t.Header.Set("ocsp", encodeStaples(w.leaf.Staple())[0])
	}},
	{row: "T03", name: "an object", want: stapled.Malformed, edit: setHeader("ocsp", map[string]string{})},
	{row: "T03", name: "true", want: stapled.Malformed, edit: setHeader("ocsp", true)},
	{row: "T03", name: "array of null", want: stapled.Malformed, edit: setHeader("ocsp", []any{nil})},
	{row: "T03", name: "array of a number", want: stapled.Malformed, edit: setHeader("ocsp", []int{1})},
	{row: "T03", name: "array of an array", want: stapled.Malformed, edit: setHeader("ocsp", [][]string{{"MAA="}})},
	{row: "T03", name: "a good staple, then null", want: stapled.Malformed, edit: func(w *world, t *testca.Token) {
		t.Header.Set("ocsp", []any{encodeStaples(w.leaf.Staple())[0], nil})
	}},
	{row: "T03", name: "an empty string", want: stapled.StapleMalformed, edit: setHeader("ocsp", []string{""})},
	{row: "T03", name: "another case", want: stapled.StapleMissing, edit: func(w *world, t *testca.Token) {
		t.Header.Drop("ocsp")
		t.Header.Add("OCSP", encodeStaples(w.leaf.Staple()))
	}},
	{row: "T03", name: "in the claims", want: stapled.StapleMissing, edit: func(w *world, t *testca.Token) {
		t.Header.Drop("ocsp")
		t.Claims.Add("ocsp", encodeStaples(w.leaf.Staple()))
	}},
	{row: "T03", name: "of the leaf only, where all are required", want: stapled.StapleMissing,
		config: requireChain,
		edit:   func(w *world, t *testca.Token) { t.Header.Set("ocsp", encodeStaples(w.leaf.Staple())) }},
	{row: "T03", name: "none, where all are required", want: stapled.StapleMissing, config: requireChain, edit: dropHeader("ocsp")},
}

func requireChain(_ *world, cfg *Config) { cfg.StapleChain = true }

// x5c sets the chain without changing who signs.
func x5c(of func(w *world) []*x509.Certificate) edit {
	return func(w *world, t *testca.Token) { t.Header.Set("x5c", certx5c.Encode(of(w))) }
}

func list(c ...*x509.Certificate) []*x509.Certificate { return c }

// encodedLeaf makes x5c of another encoding of the leaf, and the intermediate.
func encodedLeaf(encode func(der []byte) string) edit {
	return func(w *world, t *testca.Token) {
		t.Header.Set("x5c", []string{encode(w.leaf.Cert.Raw), certx5c.Encode(list(w.intermediate.Cert))[0]})
	}
}

func std(der []byte) string { return base64.StdEncoding.EncodeToString(der) }

// chainForgeries are T4: the shape of x5c.
var chainForgeries = []forgery{
	{row: "T04", name: "absent", want: stapled.Malformed, edit: dropHeader("x5c")},
	{row: "T04", name: "empty array", want: stapled.Malformed, edit: setHeader("x5c", []string{})},
	{row: "T04", name: "null", want: stapled.Malformed, edit: setHeader("x5c", nil)},
	{row: "T04", name: "a string", want: stapled.Malformed, edit: func(w *world, t *testca.Token) { t.Header.Set("x5c", std(w.leaf.Cert.Raw)) }},
	{row: "T04", name: "array of null", want: stapled.Malformed, edit: setHeader("x5c", []any{nil})},
	{row: "T04", name: "array of a number", want: stapled.Malformed, edit: setHeader("x5c", []int{1})},
	{row: "T04", name: "array of arrays", want: stapled.Malformed, edit: func(w *world, t *testca.Token) {
		t.Header.Set("x5c", [][]string{certx5c.Encode(w.leaf.Chain())})
	}},
	{row: "T04", name: "an empty string", want: stapled.Malformed, edit: setHeader("x5c", []string{""})},
	{row: "T04", name: "another case", want: stapled.Malformed, edit: func(w *world, t *testca.Token) {
		t.Header.Drop("x5c")
		t.Header.Add("X5C", certx5c.Encode(w.leaf.Chain()))
	}},
	{row: "T04", name: "in the claims", want: stapled.Malformed, edit: func(w *world, t *testca.Token) {
		t.Header.Drop("x5c")
		t.Claims.Add("x5c", certx5c.Encode(w.leaf.Chain()))
	}},
	{row: "T04", name: "base64url", want: stapled.Malformed, edit: encodedLeaf(func(der []byte) string {
		return base64.URLEncoding.EncodeToString(append(bytes.Clone(der), 0xfb, 0xff, 0xfe))
	})},
	{row: "T04", name: "without padding", want: stapled.Malformed, edit: encodedLeaf(func(der []byte) string {
		for len(der)%3 == 0 {
			der = append(bytes.Clone(der), 0)
		}
		return base64.RawStdEncoding.EncodeToString(der)
	})},
	{row: "T04", name: "line breaks in the base64", want: stapled.Malformed, edit: encodedLeaf(func(der []byte) string {
		s := std(der)
		return s[:64] + "\n" + s[64:]
	})},
	{row: "T04", name: "a trailing line break", want: stapled.Malformed, edit: encodedLeaf(func(der []byte) string { return std(der) + "\r\n" })},
	{row: "T04", name: "stray trailing bits", want: stapled.Malformed, edit: encodedLeaf(func(der []byte) string {
		for len(der)%3 != 1 {
			der = append(bytes.Clone(der), 0)
		}
		s := strings.TrimRight(std(der), "=")
		return s[:len(s)-1] + string(s[len(s)-1]+1) + "=="
	})},
	{row: "T04", name: "PEM inside", want: stapled.Malformed, edit: encodedLeaf(func(der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	})},
	{row: "T04", name: "PEM inside base64", want: stapled.ChainInvalid, edit: encodedLeaf(func(der []byte) string {
		return std(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	})},
	{row: "T04", name: "no certificate", want: stapled.ChainInvalid, edit: encodedLeaf(func([]byte) string { return "MAA=" })},
	{row: "T04", name: "trailing bytes", want: stapled.ChainInvalid, edit: encodedLeaf(func(der []byte) string { return std(append(bytes.Clone(der), 0)) })},
	{row: "T04", name: "leading byte", want: stapled.ChainInvalid, edit: encodedLeaf(func(der []byte) string { return std(append([]byte{0}, der...)) })},
	{row: "T04", name: "truncated", want: stapled.ChainInvalid, edit: encodedLeaf(func(der []byte) string { return std(der[:len(der)-1]) })},
	{row: "T04", name: "two certificates in one", want: stapled.ChainInvalid, edit: encodedLeaf(func(der []byte) string {
		return std(append(bytes.Clone(der), der...))
	})},
	{row: "T04", name: "200 short strings", want: stapled.TooLarge, edit: setHeader("x5c", strings.Split(strings.Repeat("MAA= ", 200), " ")[:200])},
	{row: "T04", name: "200 certificates", want: stapled.TooLarge, edit: x5c(func(w *world) (chain []*x509.Certificate) {
		for range 200 {
			chain = append(chain, w.leaf.Cert)
		}
		return chain
	})},
	{row: "T04", name: "six certificates", want: stapled.TooLarge, edit: func(w *world, t *testca.Token) {
		p := w.root
		for range 5 {
			p = p.Intermediate()
		}
		leaf := p.Leaf()
		present(t, leaf.Key, leaf.Chain()...)
	}},
	{row: "T04", name: "order shuffled", want: stapled.ChainInvalid, edit: x5c(func(w *world) []*x509.Certificate {
		return list(w.intermediate.Cert, w.leaf.Cert)
	})},
	{row: "T04", name: "two intermediates shuffled", want: stapled.ChainInvalid, edit: func(w *world, t *testca.Token) {
		issuing := w.intermediate.Intermediate(testca.Named("Issuing"))
		leaf := issuing.Leaf()
		present(t, leaf.Key, leaf.Cert, w.intermediate.Cert, issuing.Cert)
	}},
	{row: "T04", name: "leaf twice", want: stapled.ChainInvalid, edit: x5c(func(w *world) []*x509.Certificate {
		return list(w.leaf.Cert, w.leaf.Cert, w.intermediate.Cert)
	})},
	{row: "T04", name: "intermediate twice", want: stapled.ChainInvalid, edit: x5c(func(w *world) []*x509.Certificate {
		return list(w.leaf.Cert, w.intermediate.Cert, w.intermediate.Cert)
	})},
	{row: "T04", name: "self-issued twice", want: stapled.ChainInvalid, edit: func(w *world, t *testca.Token) {
		// Its name is its issuer's, so that only the repetition is wrong.
		again := w.intermediate.Intermediate()
		leaf := again.Leaf()
		present(t, leaf.Key, leaf.Cert, again.Cert, again.Cert, w.intermediate.Cert)
	}},
	{row: "T04", name: "root included", want: stapled.ChainInvalid, edit: x5c(func(w *world) []*x509.Certificate {
		return list(w.leaf.Cert, w.intermediate.Cert, w.root.Cert)
	})},
	{row: "T04", name: "anchor alone", want: stapled.ChainInvalid, edit: func(w *world, t *testca.Token) {
		present(t, w.root.Key, w.root.Cert)
	}},
	{row: "T04", name: "unknown root included", want: stapled.ChainUntrusted, edit: func(w *world, t *testca.Token) {
		leaf := w.stranger.Intermediate().Leaf()
		present(t, leaf.Key, append(leaf.Chain(), w.stranger.Cert)...)
	}},
	{row: "T04", name: "unrelated certificate in the middle", want: stapled.ChainInvalid, edit: x5c(func(w *world) []*x509.Certificate {
		return list(w.leaf.Cert, w.sibling.Cert, w.intermediate.Cert)
	})},
	{row: "T04", name: "unrelated certificate at the end", want: stapled.ChainInvalid, edit: x5c(func(w *world) []*x509.Certificate {
		return list(w.leaf.Cert, w.intermediate.Cert, w.other.Cert)
	})},
	{row: "T04", name: "unrelated certificate at the beginning", want: stapled.ChainInvalid, edit: x5c(func(w *world) []*x509.Certificate {
		return list(w.other.Cert, w.leaf.Cert, w.intermediate.Cert)
	})},
	{row: "T04", name: "another chain behind the leaf", want: stapled.ChainInvalid, edit: x5c(func(w *world) []*x509.Certificate {
		return list(w.leaf.Cert, w.sibling.Cert)
	})},
	{row: "T04", name: "intermediate left out", want: stapled.ChainUntrusted, edit: x5c(func(w *world) []*x509.Certificate {
		return list(w.leaf.Cert)
	})},
	{row: "T04", name: "65 names", want: stapled.ChainInvalid, leaf: leafOf(func(t *testca.Template) {
		t.DNSNames = slices.Repeat([]string{"client.test.example"}, 65-len(t.URIs))
	})},
	{row: "T04", name: "escaped white space", want: stapled.Malformed, edit: func(w *world, t *testca.Token) {
		t.Header.Set("x5c", json.RawMessage(`["`+std(w.leaf.Cert.Raw)+`\u0020","`+std(w.intermediate.Cert.Raw)+`"]`))
	}},
}
