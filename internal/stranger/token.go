// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stranger

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
)

// World is what a stranger attacks, and knows: the anchors of a verifier, and a
// token that somebody sent to it.
type World struct {
	// Root and Namesakes are the anchors; the latter have one name.
	Root      *testca.Party
	Namesakes []*testca.Party
	// Leaf is below an intermediate below the root, and Other below one of the
	// namesakes.
	Leaf, Other *testca.Party
}

// NewWorld makes the certificates, all of them with P-256 keys.
func NewWorld() *World {
	w := &World{Root: testca.New(testca.Named("Strangers' root"))}
	for i := range stapled.MaxChain - 1 {
		w.Namesakes = append(w.Namesakes, testca.New(testca.Named("Namesake"), testca.WithKey(testca.Key(testca.P256, fmt.Sprint("namesake ", i)))))
	}
	w.Leaf = w.Root.Intermediate().Leaf()
	w.Other = w.Namesakes[len(w.Namesakes)-1].Intermediate(testca.Named("Genuine")).Leaf()
	return w
}

// Token is what a stranger sends.
type Token struct{ Name, Raw string }

// Tokens returns a token of every shape, each of them as large as may be where
// size makes it more expensive.
func (w *World) Tokens() []Token {
	all := w.forged()
	all = append(all, w.headers()...)
	for _, shape := range Shapes() {
		switch shape.Name {
		case "extensions", "policies", "extended key usages", "empty URIs", "subject of many organizational units",
			"CRL distribution points", "authority information access", "one long URI that is malformed":
			all = append(all, Token{"6 KiB, refused unparsed: " + shape.Name, w.token(shape.Make(stapled.MaxChainBytes, Place{Issuer: w.Root.Cert.RawSubject}))})
		}
		if chain := w.chain(shape, 1); chain != nil {
			all = append(all, Token{"one certificate: " + shape.Name, w.token(chain...)})
		}
		if chain := w.chain(shape, stapled.MaxChain); chain != nil {
			all = append(all, Token{"five certificates: " + shape.Name, w.token(chain...)})
		}
	}
	return all
}

// chain makes n certificates of a shape, each below the next and the last below
// the root, as large as the limits permit; nil if they permit none.
func (w *World) chain(shape Shape, n int) [][]byte {
	best := [][]byte(nil)
	for low, high := 0, stapled.MaxChainBytes/n; low < high; {
		size := (low + high + 1) / 2
		chain := make([][]byte, n)
		issuer := w.Root.Cert.RawSubject
		var budget certx5c.Budget
		fits, small := true, false
		for i := n - 1; i >= 0 && fits && !small; i-- {
			chain[i] = shape.Make(size, Place{issuer, Name(1, fmt.Sprint(i)), byte(i)})
			if small = chain[i] == nil; small {
				break
			}
			if fits = budget.Spend(chain[i]) == nil; !fits {
				break
			}
			c, err := certx5c.ParseDER(chain[i])
			if err != nil { // it is refused for its content, which may be as large as it likes
				issuer = Name(1, fmt.Sprint(i))
				continue
			}
			issuer = c.RawSubject
		}
		switch {
		case small:
			low = size
		case fits:
			best, low = chain, size
		default:
			high = size - 1
		}
	}
	return best
}

// token carries these certificates, and a signature that is none.
func (w *World) token(chain ...[]byte) string {
	t := testca.NewToken(w.Leaf)
	present(t, chain)
	return t.Compact()
}

// present replaces x5c, and makes alg fit the key.
func present(t *testca.Token, chain [][]byte) {
	x5c := make([]string, len(chain))
	for i, der := range chain {
		x5c[i] = base64.StdEncoding.EncodeToString(der)
	}
	t.Header.Set("x5c", x5c)
	t.Header.Drop("kid")
	if c, err := certx5c.ParseDER(chain[0]); err == nil {
		t.Header.Set("alg", algorithmOf(c.PublicKey))
	}
}

func algorithmOf(key any) string {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return map[int]string{256: "ES256", 384: "ES384", 521: "ES512"}[key.Curve.Params().BitSize]
	case ed25519.PublicKey:
		return "EdDSA"
	case *rsa.PublicKey:
		return "RS256"
	}
	return "ES256"
}

// spoiled breaks the signature of a token but keeps its form.
func spoiled(raw string) string {
	i := strings.LastIndexByte(raw, '.')
	signature, err := base64.RawURLEncoding.DecodeString(raw[i+1:])
	if err != nil {
		panic(err)
	}
	signature[len(signature)/2] ^= 1
	return raw[:i+1] + base64.RawURLEncoding.EncodeToString(signature)
}

// forged are tokens of made-up and of genuine certificates.
func (w *World) forged() []Token {
	attacker := testca.Key(testca.P256, "attacker")
	forged := func(t *testca.Template) { t.SigningKey = attacker }
	issuing := w.Leaf.Issuer
	selfNamed := testca.New(testca.Named("Namesake"), testca.WithKey(testca.Key(testca.P256, "self-named")))
	for i := range stapled.MaxChain - 2 {
		selfNamed = selfNamed.Intermediate(testca.Named("Namesake"), testca.WithKey(testca.Key(testca.P256, fmt.Sprint("self-named ", i))))
	}
	five := selfNamed.Intermediate(testca.Named("Namesake"), testca.WithKey(attacker))
	deep := w.Root.Intermediate(forged)
	for i := range stapled.MaxChain - 2 {
		deep = deep.Intermediate(testca.Named(fmt.Sprint("Level ", i)), forged)
	}
	public := func(p *testca.Party, edits ...testca.Edit) [][]byte {
		return [][]byte{p.Leaf(append(edits, forged)...).Cert.Raw}
	}
	exponent := testca.OversizedRSA(4096)
	exponent.E = 1<<31 - 1
	of := func(key any) testca.Edit { return func(t *testca.Template) { t.PublicKey = key } }
	staples := testca.NewToken(w.Leaf)
	staples.Header.Set("ocsp", w.crowdedStaples())
	bound := testca.NewToken(w.Leaf, w.Leaf.Staple())
	bound.RawPayload = bytes.Repeat([]byte("0"), 8<<10)
	return []Token{
		{"made-up leaf of a made-up CA", testca.New(testca.Named("Nobody")).Intermediate().Leaf().Token()},
		{"made-up leaf of the anchor", w.Root.Leaf(forged).Token()},
		{"five made-up certificates below the anchor", deep.Leaf(forged).Token()},
		{"made-up leaf of the genuine intermediate", issuing.Leaf(forged).Token()},
		{"made-up CA of the genuine intermediate", issuing.Intermediate(testca.Named("Issuing"), forged).Leaf().Token()},
		{"made-up leaf of a genuine leaf", w.Leaf.Leaf().Token()},
		{"genuine chain, bad signature", spoiled(w.Leaf.Token())},
		{"genuine chain, bad signature, 8 KiB of payload", spoiled(bound.Compact())},
		{"genuine chain, bad signature, six staples of four certificates each", spoiled(staples.Compact())},
		{"genuine chain below one of four namesakes, bad signature", spoiled(w.Other.Token())},
		{"made-up leaf of four namesakes", w.Namesakes[0].Leaf(forged, func(t *testca.Template) { t.NoAuthorityKeyID = true }).Token()},
		{"five self-named certificates, four anchors of the name", five.Token()},
		{"an anchor's key as the leaf", w.Root.Leaf(testca.WithKey(w.Root.Key), forged).Token()},
		{"an anchor as the leaf", w.token(w.Root.Cert.Raw)},
		{"genuine intermediate as the leaf", w.token(issuing.Cert.Raw)},
		{"made-up leaf of RSA 4096 and a large exponent", w.token(public(w.Root, of(exponent))...)},
		{"made-up leaf of RSA 4096 that all but has the fingerprint", w.token(public(w.Root, of(testca.AlmostFingerprintedRSA(4096)))...)},
		{"made-up leaf of P-521", w.token(public(w.Root, testca.Keyed(testca.P521))...)},
		{"made-up leaf of Ed25519", w.token(public(w.Root, testca.Keyed(testca.Ed25519))...)},
		{"16 KiB of base64 that is no header", strings.Repeat("A", stapled.MaxTokenBytes-4) + ".A.A"},
		{"16 KiB of base64 that is no payload", cut(w.Leaf.Token()) + "." + strings.Repeat("A", 10<<10) + "." + strings.Repeat("W", 86)},
	}
}

func cut(raw string) string { header, _, _ := strings.Cut(raw, "."); return header }

// crowdedStaples are six staples of four certificates each, as large as may be
// together.
func (w *World) crowdedStaples() []string {
	embedded := Grown(300, func(n int) Certificate { return Certificate{Subject: Name(n, "a")} })
	c := testca.MustParse(embedded)
	der := w.Leaf.Staple(testca.SignedBy(w.Leaf.Issuer, c, c, c, c))
	return []string{standard(der), standard(der), standard(der), standard(der), standard(der), standard(der)}[:min(stapled.MaxChain+1, stapled.MaxStapleBytes/len(der))]
}

func standard(der []byte) string { return base64.StdEncoding.EncodeToString(der) }

// headers are tokens of a genuine chain whose header has another member, of a
// shape that is slow to read, and whose signature is bad.
func (w *World) headers() []Token {
	var all []Token
	for _, shape := range Texts() {
		all = append(all,
			Token{"header of a genuine chain: " + shape.Name, w.headed(testca.NewToken(w.Leaf, w.Leaf.Staple()), shape)},
			Token{"header alone: " + shape.Name, w.headed(&testca.Token{Key: w.Leaf.Key, Alg: "ES256"}, shape)},
			Token{"payload: " + shape.Name, w.paid(shape)})
	}
	return all
}

func (w *World) headed(t *testca.Token, shape Text) string {
	genuine := string(t.Header.Bytes())
	room := (stapled.MaxTokenBytes-200)*3/4 - len(genuine) - len(t.Claims.Bytes())
	text := shape.Make(room)
	t.RawHeader = []byte(strings.Replace(genuine[:len(genuine)-1]+","+text+"}", "{,", "{", 1))
	return spoiled(t.Compact())
}

func (w *World) paid(shape Text) string {
	t := testca.NewToken(w.Leaf, w.Leaf.Staple())
	t.RawPayload = []byte("{" + shape.Make((stapled.MaxTokenBytes-200)*3/4-len(t.Header.Bytes())) + "}")
	return spoiled(t.Compact())
}

// Text is a kind of JSON text. Make returns members of at most so many bytes
// together.
type Text struct {
	Name string
	Make func(size int) string
}

// Texts lists the texts that cost most to read for their size.
func Texts() []Text {
	array := func(name string, element func(i int) string) Text {
		return Text{name, func(size int) string { return `"x":[` + joined(size-10, element) + `]` }}
	}
	object := func(members int, name func(i int) string) string {
		return "{" + joined(1<<20, func(i int) string {
			if i >= members {
				return ""
			}
			return name(i) + ":0"
		}) + "}"
	}
	digits := func(i int) string { return fmt.Sprintf(`"%02d"`, i) }
	folding := func(i int) string { return `"` + strings.Repeat("ſK", 6) + fmt.Sprint(i) + `"` }
	escaped := func(i int) string { return fmt.Sprintf(`"\u004%x\u005%x"`, i/16%16, i%16) }
	return []Text{
		{"31 objects of 64 members", func(size int) string { return Nested(size, 31, object(64, digits)) }},
		{"objects of 64 members", func(size int) string { return Nested(size, 1<<10, object(64, digits)) }},
		{"objects of 16 members", func(size int) string { return Nested(size, 1<<10, object(16, digits)) }},
		{"248 members in objects of 62", func(size int) string { return Nested(size, 4, object(61, digits)) }},
		{"members at the top", func(size int) string {
			return joined(size, func(i int) string {
				if i > 57 {
					return ""
				}
				return digits(i) + ":0"
			})
		}},
		{"names of 150 bytes that fold", func(size int) string {
			return joined(size, func(i int) string {
				if i > 57 {
					return ""
				}
				return `"` + strings.Repeat("ſK", 30) + fmt.Sprint(i) + `":0`
			})
		}},
		{"names that fold", func(size int) string { return Nested(size, 3, object(60, folding)) }},
		{"names of escapes", func(size int) string { return Nested(size, 3, object(60, escaped)) }},
		{"16 levels", func(size int) string { return `"x":` + strings.Repeat("[", 14) + strings.Repeat("]", 14) }},
		array("16 levels, many times", func(int) string { return strings.Repeat("[", 13) + strings.Repeat("]", 13) }),
		array("numbers", func(int) string { return "1" }),
		array("numbers with exponents", func(int) string { return "-1.5e-10" }),
		array("empty strings", func(int) string { return `""` }),
		array("strings of an escape", func(int) string { return `"\u0041"` }),
		array("strings of a surrogate pair", func(int) string { return `"\ud83d\ude00"` }),
		array("empty objects", func(int) string { return "{}" }),
		{"one string of escapes", func(size int) string { return `"x":"` + strings.Repeat(`\u0041`, (size-10)/6) + `"` }},
		{"one string of surrogate pairs", func(size int) string { return `"x":"` + strings.Repeat(`\ud83d\ude00`, (size-10)/12) + `"` }},
		{"one string of two-byte characters", func(size int) string { return `"x":"` + strings.Repeat("ä", (size-10)/2) + `"` }},
		{"one name of escapes", func(size int) string { return `"` + strings.Repeat(`\u0041`, (size-10)/6) + `":0` }},
		{"one name of letters that fold", func(size int) string { return `"` + strings.Repeat("ſ", (size-10)/2) + `":0` }},
		{"white space", func(size int) string { return `"x":` + strings.Repeat(" ", size-10) + "0" }},
	}
}

// Nested is an array of at most n copies of a value.
func Nested(size, n int, value string) string {
	return `"x":[` + joined(size-10, func(i int) string {
		if i >= n {
			return ""
		}
		return value
	}) + `]`
}

// joined joins elements by commas, until one is empty or there are so many
// bytes.
func joined(size int, element func(i int) string) string {
	var b strings.Builder
	for i := 0; ; i++ {
		text := element(i)
		if text == "" || b.Len()+1+len(text) > size {
			return b.String()
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(text)
	}
}
