// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// keyIDForgeries are T6: kid and x5t#S256.
var keyIDForgeries = []forgery{
	{row: "T06", name: "kid of another certificate", want: stapled.KeyMismatch, edit: func(w *world, t *testca.Token) { t.Header.Set("kid", kidOf(w.other)) }},
	{row: "T06", name: "kid of the intermediate", want: stapled.KeyMismatch, edit: func(w *world, t *testca.Token) { t.Header.Set("kid", kidOf(w.intermediate)) }},
	{row: "T06", name: "kid empty", want: stapled.KeyMismatch, edit: setHeader("kid", "")},
	{row: "T06", name: "kid a name", want: stapled.KeyMismatch, edit: setHeader("kid", "key-1")},
	{row: "T06", name: "kid with padding", want: stapled.KeyMismatch, edit: func(w *world, t *testca.Token) { t.Header.Set("kid", kidOf(w.leaf)+"=") }},
	{row: "T06", name: "kid in hexadecimal", want: stapled.KeyMismatch, edit: func(w *world, t *testca.Token) {
		sum := sha256.Sum256(w.leaf.Cert.Raw)
		t.Header.Set("kid", hex.EncodeToString(sum[:]))
	}},
	{row: "T06", name: "kid a prefix", want: stapled.KeyMismatch, edit: func(w *world, t *testca.Token) { t.Header.Set("kid", kidOf(w.leaf)[:42]) }},
	{row: "T06", name: "kid of the key", want: stapled.KeyMismatch, edit: func(w *world, t *testca.Token) {
		sum := sha256.Sum256(w.leaf.Cert.RawSubjectPublicKeyInfo)
		t.Header.Set("kid", base64.RawURLEncoding.EncodeToString(sum[:]))
	}},
	{row: "T06", name: "kid null", want: stapled.Malformed, edit: setHeader("kid", nil)},
	{row: "T06", name: "kid a number", want: stapled.Malformed, edit: setHeader("kid", 1)},
	{row: "T06", name: "x5t#S256 of another certificate", want: stapled.KeyMismatch, edit: func(w *world, t *testca.Token) { t.Header.Add("x5t#S256", kidOf(w.other)) }},
	{row: "T06", name: "x5t#S256 of another certificate and no kid", want: stapled.KeyMismatch, edit: func(w *world, t *testca.Token) {
		t.Header.Drop("kid")
		t.Header.Add("x5t#S256", kidOf(w.other))
	}},
	{row: "T06", name: "x5t#S256 right and kid of another", want: stapled.KeyMismatch, edit: func(w *world, t *testca.Token) {
		t.Header.Set("kid", kidOf(w.other))
		t.Header.Add("x5t#S256", kidOf(w.leaf))
	}},
	{row: "T06", name: "x5t#S256 empty", want: stapled.KeyMismatch, edit: addHeader("x5t#S256", "")},
	{row: "T06", name: "x5t#S256 null", want: stapled.Malformed, edit: addHeader("x5t#S256", nil)},
}

// memberForgeries are T7: members that a header must not have.
var memberForgeries = []forgery{
	{row: "T07", name: "jwk", want: stapled.HeaderForbidden, edit: func(w *world, t *testca.Token) {
		t.Header.Add("jwk", jose.JSONWebKey{Key: w.leaf.Key.Public()})
	}},
	{row: "T07", name: "jwk of the signer", want: stapled.HeaderForbidden, edit: func(w *world, t *testca.Token) {
		t.Header.Add("jwk", jose.JSONWebKey{Key: w.other.Key.Public()})
		t.Key = w.other.Key
	}},
	{row: "T07", name: "jwk null", want: stapled.HeaderForbidden, edit: addHeader("jwk", nil)},
	{row: "T07", name: "jwk escaped", want: stapled.HeaderForbidden, edit: headerText(func(s string) string { return `{"jw\u006b":{},` + s[1:] })},
	{row: "T07", name: "jku", want: stapled.HeaderForbidden, edit: addHeader("jku", "https://test.example/keys")},
	{row: "T07", name: "jku empty", want: stapled.HeaderForbidden, edit: addHeader("jku", "")},
	{row: "T07", name: "x5u", want: stapled.HeaderForbidden, edit: addHeader("x5u", "https://test.example/chain")},
	{row: "T07", name: "crit of an unknown extension", want: stapled.HeaderForbidden, edit: addHeader("crit", []string{"http://test.example/unknown"})},
	{row: "T07", name: "crit of ocsp", want: stapled.HeaderForbidden, edit: addHeader("crit", []string{"ocsp"})},
	{row: "T07", name: "crit of exp", want: stapled.HeaderForbidden, edit: func(_ *world, t *testca.Token) {
		t.Header.Add("crit", []string{"exp"})
		t.Header.Add("exp", testca.Now.Unix()+60)
	}},
	{row: "T07", name: "crit empty", want: stapled.HeaderForbidden, edit: addHeader("crit", []string{})},
	{row: "T07", name: "crit null", want: stapled.HeaderForbidden, edit: addHeader("crit", nil)},
	{row: "T07", name: "b64 false", want: stapled.HeaderForbidden, edit: addHeader("b64", false)},
	{row: "T07", name: "b64 true", want: stapled.HeaderForbidden, edit: addHeader("b64", true)},
	{row: "T07", name: "b64 false and crit", want: stapled.HeaderForbidden, edit: func(_ *world, t *testca.Token) {
		t.Header.Add("b64", false)
		t.Header.Add("crit", []string{"b64"})
	}},
}

// typeForgeries are T10: typ.
var typeForgeries = []forgery{
	{row: "T10", name: "absent", want: stapled.TypeRejected, edit: dropHeader("typ")},
	{row: "T10", name: "JWT", want: stapled.TypeRejected, edit: setHeader("typ", "JWT")},
	{row: "T10", name: "at+jwt", want: stapled.TypeRejected, edit: setHeader("typ", "at+jwt")},
	{row: "T10", name: "empty", want: stapled.TypeRejected, edit: setHeader("typ", "")},
	{row: "T10", name: "null", want: stapled.Malformed, edit: setHeader("typ", nil)},
	{row: "T10", name: "an array", want: stapled.Malformed, edit: setHeader("typ", []string{"stapled+jwt"})},
	{row: "T10", name: "application/JWT", want: stapled.TypeRejected, edit: setHeader("typ", "application/JWT")},
	{row: "T10", name: "application/", want: stapled.TypeRejected, edit: setHeader("typ", "application/")},
	{row: "T10", name: "application twice", want: stapled.TypeRejected, edit: setHeader("typ", "application/application/stapled+jwt")},
	{row: "T10", name: "application with a further slash", want: stapled.TypeRejected, edit: setHeader("typ", "application/x/stapled+jwt")},
	{row: "T10", name: "another top-level type", want: stapled.TypeRejected, edit: setHeader("typ", "text/stapled+jwt")},
	{row: "T10", name: "with a parameter", want: stapled.TypeRejected, edit: setHeader("typ", "stapled+jwt;v=1")},
	{row: "T10", name: "trailing space", want: stapled.TypeRejected, edit: setHeader("typ", "stapled+jwt ")},
	{row: "T10", name: "leading slash", want: stapled.TypeRejected, edit: setHeader("typ", "/stapled+jwt")},
	{row: "T10", name: "prefix", want: stapled.TypeRejected, edit: setHeader("typ", "stapled")},
	{row: "T10", name: "letters that only Unicode folds", want: stapled.TypeRejected, edit: setHeader("typ", "\u017ftapled+jwt")},
	{row: "T10", name: "stapled+jwt where JWT is configured", want: stapled.TypeRejected,
		config: func(_ *world, cfg *Config) { cfg.Type = "JWT" }, base: setHeader("typ", "jwt"),
		edit: setHeader("typ", "stapled+jwt")},
	{row: "T10", name: "absent where JWT is configured", want: stapled.TypeRejected,
		config: func(_ *world, cfg *Config) { cfg.Type = "JWT" }, base: setHeader("typ", "JWT"),
		edit: dropHeader("typ")},
	{row: "T10", name: "another subtype where application/ is configured", want: stapled.TypeRejected,
		config: func(_ *world, cfg *Config) { cfg.Type = "application/stapled+jwt" },
		edit:   setHeader("typ", "application/jwt")},
}

// jsonForgeries are T8: JSON that two parsers could read differently.
var jsonForgeries = []forgery{
	{row: "T08", name: "alg twice", want: stapled.Malformed, edit: addHeader("alg", "ES256")},
	{row: "T08", name: "alg twice, none last", want: stapled.Malformed, edit: addHeader("alg", "none")},
	{row: "T08", name: "x5c twice", want: stapled.Malformed, edit: addHeader("x5c", []string{})},
	{row: "T08", name: "ocsp twice, empty last", want: stapled.Malformed, edit: addHeader("ocsp", []string{})},
	{row: "T08", name: "unknown member twice", want: stapled.Malformed, edit: headerText(func(s string) string { return `{"a":1,"a":1,` + s[1:] })},
	{row: "T08", name: "alg twice, once escaped", want: stapled.Malformed, edit: headerText(func(s string) string { return `{"\u0061lg":"none",` + s[1:] })},
	{row: "T08", name: "duplicate deep in the header", want: stapled.Malformed, edit: addHeader("a", json.RawMessage(`[{"b":{"c":1,"c":2}}]`))},
	{row: "T08", name: "x5C beside x5c", want: stapled.Malformed, edit: addHeader("x5C", []string{})},
	{row: "T08", name: "ALG beside alg", want: stapled.Malformed, edit: addHeader("ALG", "none")},
	{row: "T08", name: "Kelvin sign in kid", want: stapled.Malformed, edit: addHeader("\u212aid", "other")},
	{row: "T08", name: "long s in ocsp", want: stapled.Malformed, edit: addHeader("oc\u017fp", []string{})},
	{row: "T08", name: "unknown members that differ by case", want: stapled.Malformed, edit: headerText(func(s string) string { return `{"\u0101":1,"\u0100":1,` + s[1:] })},
	{row: "T08", name: "header array", want: stapled.Malformed, edit: headerText(func(s string) string { return "[" + s + "]" })},
	{row: "T08", name: "header string", want: stapled.Malformed, edit: headerText(func(string) string { return `"header"` })},
	{row: "T08", name: "header null", want: stapled.Malformed, edit: headerText(func(string) string { return "null" })},
	{row: "T08", name: "header number", want: stapled.Malformed, edit: headerText(func(string) string { return "1" })},
	{row: "T08", name: "header empty object", want: stapled.TypeRejected, edit: headerText(func(string) string { return "{}" })},
	{row: "T08", name: "header no JSON", want: stapled.Malformed, edit: headerText(func(string) string { return "alg=ES256" })},
	{row: "T08", name: "header BOM", want: stapled.Malformed, edit: headerText(func(s string) string { return "\ufeff" + s })},
	{row: "T08", name: "header in UTF-16", want: stapled.Malformed, edit: headerText(func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") })},
	{row: "T08", name: "header invalid UTF-8", want: stapled.Malformed, edit: addHeader("a", json.RawMessage("\"\xff\""))},
	{row: "T08", name: "header overlong UTF-8", want: stapled.Malformed, edit: addHeader("a", json.RawMessage("\"\xc0\xaf\""))},
	{row: "T08", name: "header surrogate in UTF-8", want: stapled.Malformed, edit: addHeader("a", json.RawMessage("\"\xed\xa0\x80\""))},
	{row: "T08", name: "header lone surrogate escaped", want: stapled.Malformed, edit: addHeader("a", json.RawMessage(`"\ud800"`))},
	{row: "T08", name: "header trailing object", want: stapled.Malformed, edit: headerText(func(s string) string { return s + "{}" })},
	{row: "T08", name: "header trailing comma", want: stapled.Malformed, edit: headerText(func(s string) string { return s[:len(s)-1] + ",}" })},
	{row: "T08", name: "header comment", want: stapled.Malformed, edit: headerText(func(s string) string { return "{/**/" + s[1:] })},
	{row: "T08", name: "header NaN", want: stapled.Malformed, edit: addHeader("a", json.RawMessage("NaN"))},
	{row: "T08", name: "header control character", want: stapled.Malformed, edit: addHeader("a", json.RawMessage("\"\n\""))},
	{row: "T08", name: "header unterminated", want: stapled.Malformed, edit: headerText(func(s string) string { return s[:len(s)-1] })},
	{row: "T08", name: "header nested too deeply", want: stapled.Malformed, edit: addHeader("a", json.RawMessage(nested(16)))},
	{row: "T08", name: "header nested without end", want: stapled.Malformed, edit: headerText(func(s string) string { return `{"a":` + strings.Repeat("[", 8000) })},
	{row: "T08", name: "header of 65 members", want: stapled.Malformed, edit: func(_ *world, t *testca.Token) {
		for i := len(t.Header); i < 65; i++ {
			t.Header.Add(fmt.Sprint("member", i), 1)
		}
	}},

	{row: "T08", name: "iss twice", want: stapled.Malformed, edit: addClaim("iss", "spiffe://test.example/client")},
	{row: "T08", name: "exp twice", want: stapled.Malformed, edit: addClaim("exp", testca.Now.Unix()+60)},
	{row: "T08", name: "iss twice, once escaped", want: stapled.Malformed, edit: claimsText(func(s string) string { return `{"\u0069ss":"other",` + s[1:] })},
	{row: "T08", name: "unknown claim twice", want: stapled.Malformed, edit: func(_ *world, t *testca.Token) {
		t.Claims.Add("role", "user")
		t.Claims.Add("role", "admin")
	}},
	{row: "T08", name: "duplicate deep in the claims", want: stapled.Malformed, edit: addClaim("a", json.RawMessage(`{"b":[{"c":1,"c":2}]}`))},
	{row: "T08", name: "ISS beside iss", want: stapled.Malformed, edit: addClaim("ISS", "other")},
	{row: "T08", name: "long s in iss", want: stapled.Malformed, edit: addClaim("i\u017fs", "other")},
	{row: "T08", name: "claims array", want: stapled.Malformed, edit: claimsText(func(s string) string { return "[" + s + "]" })},
	{row: "T08", name: "claims null", want: stapled.Malformed, edit: claimsText(func(string) string { return "null" })},
	{row: "T08", name: "claims no JSON", want: stapled.Malformed, edit: claimsText(func(string) string { return "\x00" })},
	{row: "T08", name: "claims BOM", want: stapled.Malformed, edit: claimsText(func(s string) string { return "\ufeff" + s })},
	{row: "T08", name: "claims invalid UTF-8", want: stapled.Malformed, edit: addClaim("a", json.RawMessage("\"\x80\""))},
	{row: "T08", name: "claims lone surrogate escaped", want: stapled.Malformed, edit: addClaim("a", json.RawMessage(`"\udc00"`))},
	{row: "T08", name: "claims trailing garbage", want: stapled.Malformed, edit: claimsText(func(s string) string { return s + "\x00" })},
	{row: "T08", name: "claims leading zero", want: stapled.Malformed, edit: addClaim("a", json.RawMessage("01"))},
	{row: "T08", name: "claims nested too deeply", want: stapled.Malformed, edit: addClaim("a", json.RawMessage(nested(16)))},
}

// nested is an array of a depth.
func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
