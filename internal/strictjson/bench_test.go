// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"testing"
	"time"
)

// maxText is the most JSON that a token can hold, header and payload together:
// its 16,384 bytes are base64url.
const maxText = 16384 / 4 * 3

// hostileTexts are the most expensive texts that anyone can make, each as long
// as it can be.
func hostileTexts() map[string]string {
	const all = MaxMembers - 1
	// named returns objects that together have all members whose names are as long
	// as may be. The rest of the text is a string that costs much.
	named := func(objects int, letter string) string {
		each := all / objects
		length := MaxNameBytes/all - len("000")
		var b strings.Builder
		for range objects {
			b.WriteString(",{")
			for i := range each {
				fmt.Fprintf(&b, `"%s%03d":0,`, strings.Repeat(letter, length/len(letter)), i)
			}
			b.WriteString(`"":0}`)
		}
		text := `{"a":[` + b.String()[1:] + `],"b":"`
		return text + strings.Repeat(`\n`, (maxText-len(text)-2)/2) + `"}`
	}
	array := func(element string) string {
		n := min(MaxElements, (maxText-10)/(len(element)+1))
		text := `{"a":[` + strings.Repeat(element+",", n-1) + element + `],"":"`
		return text + strings.Repeat(`\n`, max(maxText-len(text)-2, 0)/2) + `"}`
	}
	long := func(names int, letter string) string {
		var b strings.Builder
		for i := range names {
			fmt.Fprintf(&b, `,"%s%d":0`, strings.Repeat(letter, (MaxNameBytes/names-1)/len(letter)), i)
		}
		return "{" + b.String()[1:] + `,"":"` + strings.Repeat(`\n`, (maxText-MaxNameBytes-100)/2) + `"}`
	}
	whole := func(letter string) string {
		return `{"a":"` + strings.Repeat(letter, (maxText-10)/len(letter)) + `"}`
	}
	random := func(letters ...string) string {
		r := mathrand.New(mathrand.NewPCG(1, 2))
		var b strings.Builder
		for b.Len() < maxText-20 {
			b.WriteString(letters[r.IntN(len(letters))])
		}
		return `{"a":"` + b.String() + `"}`
	}
	var many strings.Builder
	for i := range 31 {
		fmt.Fprintf(&many, `,"%d":{`, i)
		for c := range 64 {
			fmt.Fprintf(&many, `"%c":0,`, "abcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+-./:;<=>?@[]^_{|}~ ,'"[c])
		}
		many.WriteString(`"":0}`)
	}
	deep := strings.Repeat(`{"a":`, 13) + named(1, "x") + strings.Repeat("}", 13)
	return map[string]string{
		"31 objects of 64 members":         "{" + many.String()[1:] + "}",
		"255 members, long prefix":         named(1, "a"),
		"255 members, upper case":          named(1, "A"),
		"255 members, Cyrillic":            named(1, "Я"),
		"255 members, sigma":               named(1, "ς"),
		"255 members, three bytes":         named(1, "ᾳ"),
		"255 members, Kelvin":              named(1, "\u212a"),
		"255 members, Deseret":             named(1, "𐐀"),
		"255 members, without case":        named(1, "語"),
		"255 members, escaped":             named(1, `\n`),
		"255 members, escaped letters":     named(1, `\u0041`),
		"255 members, escaped sigma":       named(1, `\u03c2`),
		"255 members at depth 16":          deep,
		"15 objects of 16 members":         named(15, "Я"),
		"60 objects of 5 members":          named(60, "Я"),
		"one long name, sigma":             long(1, "ς"),
		"one long name, Kelvin":            long(1, "\u212a"),
		"two long names, sigma":            long(2, "ς"),
		"two long names, escaped":          long(2, `\n`),
		"array of digits":                  array("0"),
		"array of numbers":                 array("-1.5e+10"),
		"array of empty arrays":            array("[]"),
		"array of empty objects":           array("{}"),
		"array of empty strings":           array(`""`),
		"array of short strings":           array(`"a"`),
		"array of true":                    array("true"),
		"array of deep arrays":             array(nestedArrays(14)),
		"strings with an escape each":      array(`"\n"`),
		"white space":                      `{"a":[` + strings.Repeat(" ", maxText-10) + `]}`,
		"white space in an array":          array(" 0 "),
		"a string with escapes":            whole(`\n`),
		"a string of escaped letters":      whole(`\u00e9`),
		"a string of surrogate pairs":      whole(`\ud83d\ude00`),
		"a string beyond ASCII":            whole("é"),
		"a string of random escapes":       random(`\n`, "a"),
		"a string of all kinds of escapes": random(`\n`, "a", `\u0041`),
		"a string of random lengths":       random("a", "é", "語", "𐐀"),
		"a long number":                    `{"a":` + strings.Repeat("1", maxText-10) + `}`,
	}
}

func nestedArrays(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// usualTexts are the header and the payload of a usual token.
var usualTexts = map[string]string{
	"usual header": `{"alg":"ES256","typ":"stapled+jwt","kid":"` + strings.Repeat("k", 43) + `","x5c":["` + strings.Repeat("c", 780) +
		`","` + strings.Repeat("c", 700) + `"],"ocsp":["` + strings.Repeat("s", 500) + `"]}`,
	"usual payload, 6 members": `{"iss":"spiffe://test.example/client","aud":"orders","iat":1772366400,"nbf":1772366400,"exp":1772366700,"jti":"jhSJ8dTgYT6mWmXE2Oaqrg"}`,
	"usual payload, 12 members": `{"iss":"spiffe://test.example/client","sub":"alice","aud":"orders","iat":1772366400,"nbf":1772366400,"exp":1772366700,"jti":"jhSJ8dTgYT6mWmXE2Oaqrg",` +
		`"scope":"read write","tenant":"acme","emailVerified":true,"roles":["admin","dev"],"address":{"country":"CH","postalCode":"8000"}}`,
}

// BenchmarkHostile reports the cost of reading each text as a multiple of one
// raw P-256 verification, measured alternately with it. Both are the fastest of
// all runs, so that a busy machine changes little.
func BenchmarkHostile(b *testing.B) { benchmarkTexts(b, hostileTexts()) }

// BenchmarkUsual does the same for the texts of a usual token.
func BenchmarkUsual(b *testing.B) { benchmarkTexts(b, usualTexts) }

func benchmarkTexts(b *testing.B, texts map[string]string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("raw"))
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			if len(text) > maxText {
				text = text[:maxText] // it is refused before its end
			}
			b.ReportAllocs()
			parsing, raw := time.Hour, time.Hour
			for b.Loop() {
				start := time.Now()
				var buffer [16]Member
				ParseObject(text, Claims, buffer[:0])
				middle := time.Now()
				if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
					b.Fatal("raw verification failed")
				}
				parsing = min(parsing, middle.Sub(start))
				raw = min(raw, time.Since(middle))
			}
			b.ReportMetric(float64(parsing.Nanoseconds()), "ns/text")
			b.ReportMetric(float64(parsing)/float64(raw), "x/raw")
		})
	}
}
