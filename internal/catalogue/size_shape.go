// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

func sizeShapeCases() []Case {
	cases := []Case{
		{name: "token_of_16384_bytes", rules: "1.1", edit: padTo(16384),
			comment: "Filled up by a claim that nobody knows."},
		{name: "token_of_16385_bytes", rules: "1.1", edit: padTo(16385), want: stapled.TooLarge},
		{name: "garbage_of_16385_bytes", rules: "1.1", after: whole(text(strings.Repeat("A", 16385))), want: stapled.TooLarge,
			comment: "The size is looked at before anything else."},
		{name: "five_certificates", rules: "1.6", leaf: deep(4)},
		{name: "six_certificates", rules: "1.6", leaf: deep(5), want: stapled.TooLarge},
		{name: "forty_certificates", rules: "1.6", want: stapled.TooLarge,
			edit: func(_ *Maker, t *testca.Token) {
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
		{row: "S28", name: "staple_of_8193_bytes", rules: "1.6", staples: stapleOf(8193), want: stapled.TooLarge},
		{row: "S28", name: "two_staples_of_8193_bytes_together", rules: "1.6", want: stapled.TooLarge,
			edit: header("ocsp", []string{standard(make([]byte, 4095)), standard(make([]byte, 4098))})},
		{row: "S28", name: "staple_of_1_MiB_of_zeros", rules: "1.1", unpublished: true, want: stapled.TooLarge,
			edit: header("ocsp", []string{standard(make([]byte, 1<<20))})},
		{row: "S30", name: "seven_staples", rules: "1.6", edit: header("ocsp", slices.Repeat([]string{"MAA="}, 7)), want: stapled.TooLarge},
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
		"two_dots_in_the_middle", func(s string) string { return strings.Replace(s, ".", "..", 1) },
		"json_serialization_with_an_unprotected_header", func(s string) string {
			p := strings.Split(s, ".")
			return fmt.Sprintf(`{"protected":"%s","header":{"ocsp":[]},"payload":"%s","signature":"%s"}`, p[0], p[1], p[2])
		},
	) {
		cases = append(cases, Case{name: name, rules: "1.2", after: whole(change), want: stapled.Malformed})
	}
	segments := []string{"header", "payload", "signature"}
	for i, name := range segments {
		cases = append(cases, Case{name: "empty_" + name, rules: "1.2", after: part(i, text("")), want: stapled.Malformed})
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
			cases = append(cases, Case{name: name + "_" + variant, rules: "1.3", after: part(i, change), want: stapled.Malformed,
				edit: unevenSegments})
		}
	}
	for name, change := range inOrder(
		"space_before_the_token", prefix(" "),
		"line_break_after_the_token", suffix("\n"),
		"NUL_after_the_token", suffix("\x00"),
		"percent_encoded_dot", func(s string) string { return strings.Replace(s, ".", "%2E", 1) + ".AAAA" },
	) {
		cases = append(cases, Case{name: name, rules: "1.3", after: whole(change), want: stapled.Malformed})
	}
	return slices.Concat(cases, characterCases(), headerTypeCases())
}

// padTo pads the token to this size.
func padTo(size int) edit {
	return func(m *Maker, t *testca.Token) {
		// One segment alone cannot reach every length.
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

// deep makes a leaf with this many intermediates above it.
func deep(intermediates int) func(*Maker) *testca.Party {
	return func(m *Maker) *testca.Party {
		issuer := m.root
		for i := range intermediates {
			issuer = m.newCA(issuer, testca.Named(fmt.Sprintf("Intermediate %d", i+1)))
		}
		return m.newLeaf(issuer)
	}
}

func belowRoot(m *Maker) *testca.Party { return m.newLeaf(m.root) }

// leafOf makes a leaf of this many bytes.
func leafOf(size int) func(*Maker) *testca.Party {
	return func(m *Maker) *testca.Party {
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

// stapleOf makes a staple of this many bytes.
func stapleOf(size int) func(*Maker, *testca.Party) [][]byte {
	return stapleFor(func(m *Maker, leaf *testca.Party) []byte {
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

var privateOID = []int{1, 3, 6, 1, 4, 1, 32473, 1} // RFC 5612
