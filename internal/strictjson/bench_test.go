// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
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
	// object fills an object with this many members whose names are as long as
	// fits.
	object := func(members, size int, name func(i, length int) string) string {
		length := size/members - len(`"":0,`)
		var b strings.Builder
		for i := range members {
			fmt.Fprintf(&b, `,"%s":0`, name(i, length))
		}
		return "{" + b.String()[1:] + "}"
	}
	// of returns names of one rune, which differ at the end.
	of := func(text string) func(i, length int) string {
		return func(i, length int) string {
			return strings.Repeat(text, (length-4)/len(text)) + fmt.Sprintf("%03d", i)
		}
	}
	array := func(element string) string {
		n := (maxText - 10) / (len(element) + 1)
		return `{"a":[` + strings.Repeat(element+",", n-1) + element + `]}`
	}
	// siblings spreads members over objects.
	siblings := func(objects, members, size int, name func(i, length int) string) string {
		one := object(members, size/objects-1, name)
		return `{"a":[` + strings.Repeat(one+",", objects-1) + one + `]}`
	}
	deep := strings.Repeat(`{"a":`, 15) + object(240, maxText-200, of("x")) + strings.Repeat("}", 15)
	many := "{" + strings.TrimSuffix(strings.Repeat(object(64, 390, func(i, _ int) string { return fmt.Sprintf("%c", '0'+i) })+",", 31), ",") + "}"
	many = strings.ReplaceAll(many, `"\":0`, `"~":0`)
	for i := range 31 {
		many = strings.Replace(many, "{\"0", fmt.Sprintf(`"%d":{ "0`, i), 1)
	}
	return map[string]string{
		"31 objects of 64 members":     "{" + strings.TrimPrefix(many, "{"),
		"256 members, long prefix":     object(256, maxText, of("a")),
		"256 members, upper case":      object(256, maxText, of("A")),
		"256 members, Cyrillic":        object(256, maxText, of("Я")),
		"256 members, sigma":           object(256, maxText, of("ς")),
		"256 members, three bytes":     object(256, maxText, of("ᾳ")),
		"256 members, Kelvin":          object(256, maxText, of("\u212a")),
		"256 members, Deseret":         object(256, maxText, of("𐐀")),
		"256 members, without case":    object(256, maxText, of("語")),
		"256 members, escaped":         object(256, maxText, of(`\n`)),
		"256 members, escaped letters": object(256, maxText, of(`\u0041`)),
		"256 members, escaped sigma":   object(256, maxText, of(`\u03c2`)),
		"256 members, short":           object(256, maxText, func(i, _ int) string { return fmt.Sprintf("%03d", i) }),
		"240 members at depth 16":      deep,
		"16 objects of 16 members":     siblings(15, 16, maxText-20, of("Я")),
		"60 objects of 4 members":      siblings(60, 4, maxText-20, of("Я")),
		"one long name, sigma":         object(1, maxText, of("ς")),
		"one long name, Kelvin":        object(1, maxText, of("\u212a")),
		"two long names, sigma":        object(2, maxText, of("ς")),
		"two long names, escaped":      object(2, maxText, of(`\n`)),
		"array of digits":              array("0"),
		"array of numbers":             array("-1.5e+10"),
		"array of empty arrays":        array("[]"),
		"array of empty objects":       array("{}"),
		"array of empty strings":       array(`""`),
		"array of short strings":       array(`"a"`),
		"array of true":                array("true"),
		"array of null":                array("null"),
		"array of deep arrays":         array(nestedArrays(14)),
		"white space":                  `{"a":[` + strings.Repeat(" ", maxText-10) + `]}`,
		"white space in an array":      array(" 0 "),
		"a string with escapes":        `{"a":"` + strings.Repeat(`\n`, maxText/2-5) + `"}`,
		"a string of escaped letters":  `{"a":"` + strings.Repeat(`\u00e9`, maxText/6-5) + `"}`,
		"a string of surrogate pairs":  `{"a":"` + strings.Repeat(`\ud83d\ude00`, maxText/12-5) + `"}`,
		"a string beyond ASCII":        `{"a":"` + strings.Repeat("é", maxText/2-5) + `"}`,
		"a long number":                `{"a":` + strings.Repeat("1", maxText-10) + `}`,
		"strings with an escape each":  array(`"\n"`),
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
				b.Fatalf("%d bytes do not fit into a token", len(text))
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
