// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

func sizeShapeCases() []spec {
	cases := []spec{
		{name: "token_of_16384_bytes", rules: "1.1", edit: padTo(16384),
			comment: "Filled up by a claim that nobody knows."},
		{name: "token_of_16385_bytes", rules: "1.1", edit: padTo(16385), want: stapled.TooLarge},
		{name: "garbage_of_16385_bytes", rules: "1.1", after: whole(text(strings.Repeat("A", 16385))), want: stapled.TooLarge,
			comment: "The size is looked at before anything else."},
		{name: "five_certificates", rules: "1.6", leaf: deep(4)},
		{name: "six_certificates", rules: "1.6", leaf: deep(5), want: stapled.TooLarge},
		{name: "forty_certificates", rules: "1.6", want: stapled.TooLarge,
			edit: func(_ *maker, t *testca.Token) {
				list := t.Header.Get("x5c").([]string)
				for len(list) < 40 {
					list = append(list, "MAA=")
				}
				t.Header.Set("x5c", list)
			},
			comment: "The limit is held before the certificates are looked at."},
		{name: "certificate_of_6144_bytes", rules: "1.6", leaf: leafOf(6144),
			comment: "Filled up by an extension that is not critical."},
		{name: "certificate_of_6147_bytes", rules: "1.6", leaf: leafOf(6147), want: stapled.TooLarge},
		{name: "two_certificates_of_6147_bytes_together", rules: "1.6", want: stapled.TooLarge,
			edit:    header("x5c", []string{standard(make([]byte, 3072)), standard(make([]byte, 3075))}),
			comment: "The limit is held before the certificates are looked at."},
		{name: "staple_of_8190_bytes", rules: "1.6", staples: stapleOf(8190)},
		{name: "staple_of_8192_bytes", rules: "1.6", staples: stapleOf(8192), comment: "Padding does not count."},
		{name: "staple_of_8193_bytes", rules: "1.6", staples: stapleOf(8193), want: stapled.TooLarge},
		{name: "two_staples_of_8193_bytes_together", rules: "1.6", want: stapled.TooLarge,
			edit: header("ocsp", []string{standard(make([]byte, 4095)), standard(make([]byte, 4098))})},
	}
	for name, change := range inOrder(
		"empty_token", text(""),
		"one_segment", func(s string) string { return strings.Split(s, ".")[0] },
		"two_segments", func(s string) string { return s[:strings.LastIndex(s, ".")] },
		"four_segments", suffix(".AAAA"),
		"five_segments", suffix(".AAAA.AAAA"),
		"three_dots_only", text("..."),
		"two_dots_only", text(".."),
		"leading_dot", prefix("."),
		"trailing_dot", suffix("."),
		"json_serialization_flattened", func(s string) string {
			p := strings.Split(s, ".")
			return fmt.Sprintf(`{"payload":"%s","protected":"%s","signature":"%s"}`, p[1], p[0], p[2])
		},
		"json_serialization_general", func(s string) string {
			p := strings.Split(s, ".")
			return fmt.Sprintf(`{"payload":"%s","signatures":[{"protected":"%s","signature":"%s"}]}`, p[1], p[0], p[2])
		},
		"bearer_prefix", prefix("Bearer "),
	) {
		cases = append(cases, spec{name: name, rules: "1.2", after: whole(change), want: stapled.Malformed})
	}
	segments := []string{"header", "payload", "signature"}
	for i, name := range segments {
		cases = append(cases, spec{name: "empty_" + name, rules: "1.2", after: part(i, text("")), want: stapled.Malformed})
	}
	for i, name := range segments {
		for variant, change := range inOrder(
			"padded", func(s string) string { return s + strings.Repeat("=", (4-len(s)%4)%4) + pad(len(s)) },
			"with_trailing_bits", trailingBits,
			"with_one_character_more", oneMore,
			"with_space", func(s string) string { return s[:8] + " " + s[8:] },
			"with_line_break", func(s string) string { return s[:8] + "\n" + s[8:] },
			"of_the_other_alphabet", func(s string) string { return "+/" + s[2:] },
			"with_a_letter_beyond_ascii", func(s string) string { return s[:8] + "é" + s[8:] },
		) {
			cases = append(cases, spec{name: name + "_" + variant, rules: "1.3", after: part(i, change), want: stapled.Malformed,
				edit: unevenSegments})
		}
	}
	for name, change := range inOrder(
		"space_before_the_token", prefix(" "),
		"line_break_after_the_token", suffix("\n"),
		"NUL_after_the_token", suffix("\x00"),
		"percent_encoded_dot", func(s string) string { return strings.Replace(s, ".", "%2E", 1) + ".AAAA" },
	) {
		cases = append(cases, spec{name: name, rules: "1.3", after: whole(change), want: stapled.Malformed})
	}
	return append(cases, headerTypeCases()...)
}

// headerTypeCases are about rule 1.5.
func headerTypeCases() []spec {
	var cases []spec
	for _, row := range []struct{ name, member, value string }{
		{"alg_is_a_number", "alg", "256"},
		{"alg_is_null", "alg", "null"},
		{"alg_is_an_array", "alg", `["ES256"]`},
		{"typ_is_null", "typ", "null"},
		{"typ_is_an_object", "typ", "{}"},
		{"kid_is_a_number", "kid", "1"},
		{"kid_is_null", "kid", "null"},
		{"x5t_S256_is_true", "x5t#S256", "true"},
		{"x5c_is_null", "x5c", "null"},
		{"x5c_is_a_string", "x5c", `"MAA="`},
		{"x5c_is_an_object", "x5c", `{"0":"MAA="}`},
		{"x5c_holds_null", "x5c", "[null]"},
		{"x5c_holds_a_number", "x5c", "[1]"},
		{"x5c_holds_an_array", "x5c", `[["MAA="]]`},
		{"ocsp_is_null", "ocsp", "null"},
		{"ocsp_is_a_string", "ocsp", `"MAA="`},
		{"ocsp_is_false", "ocsp", "false"},
		{"ocsp_is_an_object", "ocsp", "{}"},
		{"ocsp_holds_null", "ocsp", "[null]"},
		{"ocsp_holds_a_number", "ocsp", "[1]"},
		{"ocsp_holds_an_object", "ocsp", "[{}]"},
	} {
		cases = append(cases, spec{name: row.name, rules: "1.5", edit: header(row.member, literal(row.value)), want: stapled.Malformed})
	}
	return append(cases, jsonCases("header", "1.4", headerText)...)
}

// padTo makes the token so long.
func padTo(size int) edit {
	return func(m *maker, t *testca.Token) {
		// Not every length can be reached through one segment.
		for h := range 3 {
			t.Header.Set("fill", strings.Repeat("h", h))
			for p := 0; ; p++ {
				t.Claims.Set("fill", strings.Repeat("p", p+8000))
				length := base64.RawURLEncoding.EncodedLen
				switch now := length(len(t.Header.Bytes())) + length(len(t.Claims.Bytes())) + length(64) + 2; {
				case now == size:
					return
				case now > size:
				default:
					continue
				}
				break
			}
		}
		panic(fmt.Errorf("cannot make a token of %d bytes", size))
	}
}

// deep is a leaf with so many intermediates above it.
func deep(intermediates int) func(*maker) *testca.Party {
	return func(m *maker) *testca.Party {
		issuer := m.root
		for i := range intermediates {
			issuer = m.newCA(issuer, testca.Named(fmt.Sprintf("Intermediate %d", i+1)))
		}
		return m.newLeaf(issuer)
	}
}

func belowRoot(m *maker) *testca.Party { return m.newLeaf(m.root) }

// leafOf is a leaf of so many bytes.
func leafOf(size int) func(*maker) *testca.Party {
	return func(m *maker) *testca.Party {
		for fill := size; fill > 0; fill-- {
			p := m.newLeaf(m.root, func(t *testca.Template) {
				t.ExtraExtensions = []pkix.Extension{{Id: privateOID, Value: make([]byte, fill)}}
			})
			if len(p.Cert.Raw) == size {
				return p
			}
		}
		panic(fmt.Errorf("cannot make a certificate of %d bytes", size))
	}
}

// stapleOf makes a staple of so many bytes.
func stapleOf(size int) func(*maker, *testca.Party) [][]byte {
	return stapleFor(func(m *maker, leaf *testca.Party) []byte {
		for fill := size; fill > 0; fill-- {
			der := m.staple(leaf, func(r *testca.Response) {
				r.Extensions = []testca.Extension{{ID: privateOID, Value: make([]byte, fill)}}
			})
			if len(der) == size {
				return der
			}
		}
		panic(fmt.Errorf("cannot make a staple of %d bytes", size))
	})
}

// pad is what padding looks like where none belongs.
func pad(length int) string {
	if length%4 == 0 {
		return "===="
	}
	return ""
}

// unevenSegments gives every segment unused trailing bits: a header and a
// payload of 3n+1 bytes, and a signature of 64.
func unevenSegments(_ *maker, t *testca.Token) {
	for i := 0; len(t.Header.Bytes())%3 != 1; i++ {
		t.Header.Set("fill", strings.Repeat("x", i))
	}
	for i := 0; len(t.Claims.Bytes())%3 != 1; i++ {
		t.Claims.Set("fill", strings.Repeat("x", i))
	}
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// trailingBits sets the lowest of the unused bits.
func trailingBits(s string) string {
	last := strings.IndexByte(base64url, s[len(s)-1])
	return s[:len(s)-1] + string(base64url[last|1])
}

// oneMore gives a length that no base64 text has.
func oneMore(s string) string {
	for len(s)%4 != 1 {
		s += "A"
	}
	return s
}

var privateOID = []int{1, 3, 6, 1, 4, 1, 32473, 1} // RFC 5612
