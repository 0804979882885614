// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package strictjsontest provides the JSON texts on which readers and writers
// of tokens must agree.
package strictjsontest

import (
	"fmt"
	"strings"
)

// Texts lists objects and near misses.
var Texts = []struct {
	Name, Text string
	Accepted   bool
}{
	{"empty object", `{}`, true},
	{"white space everywhere", " \t\r\n{ \"a\" : [ 1 , { } , [ ] ] , \"b\" : null } \n", true},
	{"all kinds of values", `{"a":"s","b":1,"c":-0.5e+10,"d":true,"e":false,"f":null,"g":[],"h":{}}`, true},
	{"numbers", `{"a":[0,-0,10,1.5,1e5,1E-5,0e0,-1.25e+07]}`, true},
	{"escapes", `{"a":"\"\\\/\b\f\n\r\t\u0041\u00e9\uABCD"}`, true},
	{"surrogate pair", `{"a":"\ud83d\ude00"}`, true},
	{"surrogate pair in upper case", `{"a":"\uDBFF\uDFFF"}`, true},
	{"last unit before the surrogates", `{"a":"\ud7ff\ue000"}`, true},
	{"DEL and C1 controls", "{\"a\":\"\x7f\u0080\"}", true},
	{"replacement character", "{\"a\":\"\ufffd\"}", true},
	{"escaped NUL", `{"a":"\u0000"}`, true},
	{"empty name", `{"":1}`, true},
	{"names that fold to nothing in common", `{"a":1,"b":2,"ä":3}`, true},
	{"names in upper case", `{"Email":1,"ROLE":2,"a":{"SUB":3}}`, true},
	{"a dotless i is no i", `{"i":1,"ı":2,"a":{"I":3,"ı":4}}`, true},
	{"a dotted I is no i", `{"i":1,"İ":2}`, true},
	{"two letters are not the one they fold to in full", `{"ß":1,"ss":2}`, true},
	{"the same name at different depths", `{"a":{"a":{"a":1}}}`, true},
	{"depth 16", `{"a":` + nested(15) + `}`, true},
	{"depth 16 of objects", strings.Repeat(`{"a":`, 15) + `{}` + strings.Repeat(`}`, 15), true},
	{"256 members", objectOf(256), true},
	{"256 members further down", `{"a":` + objectOf(255) + `}`, true},
	{"256 members in objects", `{"a":[` + strings.Repeat(objectOf(16)+",", 15) + objectOf(15) + `]}`, true},
	{"names of 4096 bytes", `{"` + strings.Repeat("a", 4000) + `":{"` + strings.Repeat(`\n`, 48) + `":1}}`, true},
	{"2048 elements", `{"a":[` + strings.Repeat("0,", 2046) + `[0]]}`, true},
	{"an array of 1000", `{"a":[` + strings.Repeat("0,", 999) + `0]}`, true},

	{"empty text", ``, false},
	{"white space only", ` `, false},
	{"array", `[]`, false},
	{"string", `"a"`, false},
	{"depth 17", `{"a":` + nested(16) + `}`, false},
	{"depth 17 of objects", strings.Repeat(`{"a":`, 16) + `{}` + strings.Repeat(`}`, 16), false},
	{"257 members", objectOf(257), false},
	{"257 members further down", `{"a":[` + objectOf(256) + `]}`, false},
	{"257 members in objects", `{"a":[` + strings.Repeat(objectOf(16)+",", 16) + `{}]}`, false},
	{"names of 4097 bytes", `{"` + strings.Repeat("a", 4000) + `":{"` + strings.Repeat(`\n`, 48) + `":{"b":1}}}`, false},
	{"2049 elements", `{"a":[` + strings.Repeat("0,", 2047) + `[0]]}`, false},
	{"duplicate", `{"a":1,"a":1}`, false},
	{"duplicate, escaped", `{"a":1,"\u0061":2}`, false},
	{"duplicate, escaped twice", `{"\u0061\u002f":1,"a\/":2}`, false},
	{"duplicate by surrogates", `{"😀":1,"\ud83d\ude00":2}`, false},
	{"duplicate further down", `{"x":[[{"a":1,"b":2,"a":3}]]}`, false},
	{"duplicate empty names", `{"":1,"":2}`, false},
	{"case variant", `{"a":1,"A":2}`, false},
	{"case variant outside ASCII", `{"ä":1,"Ä":2}`, false},
	{"case variant by the Kelvin sign", "{\"k\":1,\"\u212a\":2}", false},
	{"case variant by the long s", "{\"s\":1,\"\u017f\":2}", false},
	{"case variant, escaped", `{"s":1,"\u017f":2}`, false},
	{"case variant of sigma", `{"σ":1,"ς":2}`, false},
	{"case variant of four bytes", `{"𐐀":1,"𐐨":2}`, false},
	{"case variant of other lengths", `{"ⱥ":1,"Ⱥ":2}`, false},
	{"case variant of a long name", `{"` + strings.Repeat("name", 20) + `":1,"` + strings.Repeat("Name", 20) + `":2}`, false},
	{"case variant further down", `{"a":{"x":1,"X":2}}`, false},
	{"case variant further down, escaped", `{"a":{"role":1,"\u0052ole":2}}`, false},
	{"case variant in an array", `{"a":[[{"b":1},{"role":1,"Role":2}]]}`, false},
	{"case variant at depth 16", strings.Repeat(`{"a":`, 15) + `{"k":1,"K":2}` + strings.Repeat(`}`, 15), false},
	{"case variant after an inner object", `{"a":{"b":{"A":1},"c":{"b":2},"B":3}}`, false},
	{"case variant among many", `{"M13":1,` + objectOf(100)[1:], false},
	{"SUB", `{"SUB":"admin"}`, false},
	{"sub with a long s", "{\"\u017fub\":\"admin\"}", false},
	{"Sub, escaped", `{"\u0053ub":"admin"}`, false},
	{"ISS beside iss", `{"iss":1,"ISS":2}`, false},
	{"a name of a binding in upper case", `{"HTM":"GET"}`, false},
	{"lone high surrogate", `{"a":"\ud800"}`, false},
	{"lone low surrogate", `{"a":"\udc00"}`, false},
	{"high surrogate and a letter", `{"a":"\ud800a"}`, false},
	{"high surrogate and another escape", `{"a":"\ud800\n"}`, false},
	{"two high surrogates", `{"a":"\ud800\ud800"}`, false},
	{"surrogates exchanged", `{"a":"\udc00\ud800"}`, false},
	{"lone surrogate in a name", `{"\ud800":1}`, false},
	{"invalid UTF-8", "{\"a\":\"\xff\"}", false},
	{"invalid UTF-8 between tokens", "{\xa0}", false},
	{"surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", false},
	{"overlong UTF-8", "{\"a\":\"\xc0\x80\"}", false},
	{"control character in a string", "{\"a\":\"\x1f\"}", false},
	{"NUL in a string", "{\"a\":\"\x00\"}", false},
	{"NUL at the end", "{}\x00", false},
	{"NUL after a backslash", "{\"a\":\"\\\x00\"}", false},
	{"unknown escape", `{"a":"\x41"}`, false},
	{"short escape", `{"a":"\u004"}`, false},
	{"escape without digits", `{"a":"\u"}`, false},
	{"upper-case U", `{"a":"\U0041"}`, false},
	{"unterminated string", `{"a":"b`, false},
	{"unterminated escape", `{"a":"\`, false},
	{"unterminated object", `{"a":1`, false},
	{"unterminated array", `{"a":[1`, false},
	{"unterminated member", `{"a"`, false},
	{"unterminated value", `{"a":`, false},
	{"trailing comma", `{"a":1,}`, false},
	{"trailing comma in an array", `{"a":[1,]}`, false},
	{"leading comma", `{,"a":1}`, false},
	{"two commas", `{"a":1,,"b":2}`, false},
	{"no comma", `{"a":1 "b":2}`, false},
	{"no comma in an array", `{"a":[1 2]}`, false},
	{"no colon", `{"a" 1}`, false},
	{"two colons", `{"a"::1}`, false},
	{"no value", `{"a":}`, false},
	{"unquoted name", `{a:1}`, false},
	{"single quotes", `{'a':1}`, false},
	{"number as a name", `{1:1}`, false},
	{"leading zero", `{"a":01}`, false},
	{"leading plus", `{"a":+1}`, false},
	{"no digit before the point", `{"a":.5}`, false},
	{"no digit after the point", `{"a":1.}`, false},
	{"no digit in the exponent", `{"a":1e}`, false},
	{"sign only", `{"a":-}`, false},
	{"sign only in the exponent", `{"a":1e+}`, false},
	{"hexadecimal", `{"a":0x1}`, false},
	{"Infinity", `{"a":Infinity}`, false},
	{"True", `{"a":True}`, false},
	{"truncated literal", `{"a":tru}`, false},
	{"long literal", `{"a":nullx}`, false},
	{"comment", `{/**/}`, false},
	{"form feed", "{\f}", false},
	{"no-break space", "{\u00a0}", false},
	{"BOM", "\ufeff{}", false},
	{"two objects", `{}{}`, false},
	{"closing bracket", `{}]`, false},
	{"brackets exchanged", `{"a":[}]`, false},
}

// nested returns an array of the given depth.
func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func objectOf(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ",\"m%d\":%d", i, i)
	}
	return "{" + b.String()[1:] + "}"
}
