// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"github.com/stapledjwt/stapled"
)

// jsonCases returns the cases for rule 1.4, which applies to the header and, as
// rule 7.1, to the payload. textOf edits the JSON text of either.
func jsonCases(where, rule string, textOf func(func(string) string) edit) []Case {
	member := map[string]string{"header": "alg", "payload": "jti"}[where]
	var cases []Case
	for name, change := range inOrder(
		"is_an_array", text("[]"),
		"is_a_string", text(`"{}"`),
		"is_null", text("null"),
		"is_a_space", text(" "),
		"is_cut_off", func(s string) string { return s[:len(s)-1] },
		"with_something_after_it", suffix("{}"),
		"with_NUL_after_it", suffix("\x00"),
		"with_byte_order_mark", prefix("\ufeff"),
		"with_trailing_comma", func(s string) string { return s[:len(s)-1] + ",}" },
		"without_a_comma", func(s string) string { return s[:len(s)-1] + ` "a":1}` },
		"with_a_comment", prefix("/**/"),
		"with_single_quotes", first(`'a':1`),
		"with_a_name_without_quotes", first(`a:1`),
		"with_a_control_character_in_a_string", first("\"a\":\"\x01\""),
		"with_an_unknown_escape", first(`"a":"\x41"`),
		"with_NaN", first(`"a":NaN`),
		"with_a_leading_zero", first(`"a":01`),
		"with_a_plus_sign", first(`"a":+1`),
		"with_invalid_utf8", first("\"a\":\"\xff\""),
		"with_overlong_utf8", first("\"a\":\"\xc0\x80\""),
		"with_a_surrogate_in_utf8", first("\"a\":\"\xed\xa0\x80\""),
		"with_a_lone_high_surrogate", first(`"a":"\ud800"`),
		"with_a_lone_low_surrogate", first(`"a":"\udc00"`),
		"with_surrogates_in_the_wrong_order", first(`"a":"\udc00\ud800"`),
		"with_a_lone_surrogate_in_a_name", first(`"\ud800":1`),
		"with_a_member_twice", first(`"a":1,"a":1`),
		"with_"+member+"_twice", first(`"`+member+`":"x"`),
		"with_a_member_twice_once_escaped", first(`"a":1,"\u0061":1`),
		"with_names_that_differ_by_case", first(`"a":1,"A":1`),
		"with_"+member+"_in_another_case", first(`"`+strings.ToUpper(member)+`":"x"`),
		"with_a_member_twice_further_down", first(`"a":{"b":{"c":1,"c":1}}`),
		"with_a_member_twice_in_an_array", first(`"a":[{"c":1,"c":1}]`),
		"of_17_levels", first(`"a":`+nested(16)),
		"of_17_levels_of_objects", first(`"a":`+nestedObjects(16)),
		"with_"+member+"_twice_once_escaped", first(fmt.Sprintf(`"\u%04x%s":"x"`, member[0], member[1:])),
		"with_names_that_differ_by_case_beyond_ascii", first(`"\u0101":1,"\u0100":1`),
		"nested_without_an_end", text(`{"a":`+strings.Repeat("[", 8000)),
		"is_no_JSON", text("alg=ES256"),
		"in_UTF-16", func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") },
	) {
		cases = append(cases, Case{name: where + "_" + name, rules: rule, edit: textOf(change), want: stapled.Malformed})
	}
	for i, name := range map[string][]string{
		"header":  {"x5c", "ocsp", "x5C", "oc\u017fp", "\u212aid"},
		"payload": {"iss", "exp", "ISS", "i\u017fs"},
	}[where] {
		cases = append(cases, Case{name: fmt.Sprintf("%s_with_a_member_again_%d", where, i+1), rules: rule, want: stapled.Malformed,
			comment: fmt.Sprintf("%q comes last.", name), edit: textOf(last(fmt.Sprintf("%q:[]", name)))})
	}
	for name, change := range inOrder(
		"with_space_between_tokens", func(s string) string { return " \t\r\n{ " + s[1:len(s)-1] + " \n} " },
		"with_an_escaped_name", func(s string) string { return strings.Replace(s, member[:1], fmt.Sprintf(`\u%04x`, member[0]), 1) },
		"with_a_pair_of_surrogates", first(`"a":"\ud83d\ude00"`),
		"of_16_levels", first(`"a":`+nested(15)),
		"of_16_levels_of_objects", first(`"a":`+nestedObjects(15)),
		"with_every_kind_of_value", first(`"a":[null,true,false,0,-1,1.5e+3,"\"\\\/\b\f\n\r\t",{},[]]`),
	) {
		cases = append(cases, Case{name: where + "_" + name, rules: rule, edit: textOf(change)})
	}
	return append(cases, nameCases(where, rule, textOf)...)
}

func nested(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }

func nestedObjects(levels int) string {
	return strings.Repeat(`{"a":`, levels-1) + "{}" + strings.Repeat("}", levels-1)
}

// fill adds members to an object until it has this many.
func fill(object string, members int) string {
	present := make(map[string]json.RawMessage)
	if err := json.Unmarshal([]byte(object), &present); err != nil {
		panic(err)
	}
	var more []string
	for i := len(present); i < members; i++ {
		more = append(more, fmt.Sprintf(`"m%d":0`, i))
	}
	if len(present) > 0 {
		more = append(more, object[1:len(object)-1])
	}
	return "{" + strings.Join(more, ",") + "}"
}

// inOrder iterates over a list of names and values.
func inOrder(list ...any) iter.Seq2[string, func(string) string] {
	return func(yield func(string, func(string) string) bool) {
		for i := 0; i < len(list); i += 2 {
			if !yield(list[i].(string), list[i+1].(func(string) string)) {
				return
			}
		}
	}
}
