// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// nameCases returns the cases for the names of members under rule 1.4, and for
// how many there may be.
func nameCases(where, rule string, textOf func(func(string) string) edit) []Case {
	var cases []Case
	for name, change := range inOrder(
		"with_names_further_down_that_differ_by_case", first(`"a":{"role":1,"Role":1}`),
		"with_names_in_an_array_that_differ_by_case", first(`"a":[[{"b":1}],[{"role":1,"b":2,"ROLE":1}]]`),
		"with_names_further_down_that_differ_by_an_escaped_case", first(`"a":{"role":1,"\u0052ole":1}`),
		"with_names_at_depth_16_that_differ_by_case", first(strings.Repeat(`"a":{`, 15)+`"k":1,"\u212a":1`+strings.Repeat("}", 15)),
		"with_names_that_differ_by_the_case_of_an_object_between", first(`"a":{"b":{"C":1,"B":1},"c":{"b":1},"B":1}`),
		"with_names_further_down_that_differ_by_a_long_s", first(`"a":{"s":1,"\u017f":1}`),
		"with_names_further_down_that_differ_by_two_sigmas", first(`"a":{"ς":1,"σ":1}`),
		"with_names_that_differ_by_the_case_of_four_bytes", first(`"a":{"𐐀":1,"𐐨":1}`),
		"with_names_that_fold_since_Unicode_15.1", first(`"a":{"\u0390":1,"\u1fd3":1}`),
		"with_names_that_fold_since_Unicode_16.0", first(`"a":{"\u0264":1,"\ua7cb":1}`),
		"with_a_name_among_a_hundred_again_in_another_case", func(s string) string { return first(`"M7":1`)(fill(s, 100)) },
		"with_257_members", func(s string) string { return fill(s, 257) },
		"with_257_members_further_down", filled(257, func(n int) string { return fill("{}", n) }),
		"with_257_members_in_siblings", filled(257, siblings),
		"with_257_members_in_nested_objects", filled(257, deepObjects),
		"with_names_of_4097_bytes", func(s string) string { return longNames(s, 4097, "n") },
		"with_escaped_names_of_4097_bytes", func(s string) string { return longNames(s, 4097, `\n`) },
		"with_2049_elements", func(s string) string { return elements(s, 2049) },
	) {
		cases = append(cases, Case{row: "T27", name: where + "_" + name, rules: rule, edit: textOf(change), want: stapled.Malformed})
	}
	names := map[string][]string{
		"header": {"ALG", "Alg", "tYP", "\u212aid", "KID", "X5T#S256", "x5t#s256", "X5C", "OCSP", "oc\u017fp", "Crit", "JKU", "jw\u212a", "X5U", "B64"},
		"payload": {"ISS", "i\u017fs", "SUB", "\u017fub", "Aud", "EXP", "NBF", "Iat", "JTI",
			"HTM", "Htu", "hTQ", "htD", "CNF"},
	}[where]
	for i, name := range names {
		cases = append(cases, Case{row: "T27", name: fmt.Sprintf("%s_with_a_name_that_folds_to_a_registered_one_%d", where, i+1), rules: rule,
			want: stapled.Malformed, comment: fmt.Sprintf("%q, in the place of the registered member.", name),
			edit: edits(dropFolded(name), textOf(last(fmt.Sprintf(`%q:"admin"`, name))))})
	}
	for i, name := range map[string][]string{
		"header":  {`\u0041lg`, `\u212aid`, `x5\u0043`, `\u006fCSP`, `x5t#\u017f256`},
		"payload": {`\u0053ub`, `\u017fub`, `i\u0053s`, `\u0045xp`, `cn\u0046`},
	}[where] {
		cases = append(cases, Case{row: "T27", name: fmt.Sprintf("%s_with_an_escaped_name_that_folds_to_a_registered_one_%d", where, i+1), rules: rule,
			want: stapled.Malformed, comment: "The name is written " + name + ".", edit: textOf(last(`"` + name + `":"admin"`))})
	}
	cases = append(cases, map[string]Case{
		"header": {row: "T27", name: "header_with_31_objects_of_64_members", rules: rule, edit: edits(headerText(objectsOf64(31)), claimsText(text("{}"))), want: stapled.Malformed,
			comment: "Nothing else fits into the token."},
		"payload": {row: "T27", name: "payload_with_15_objects_of_64_members", rules: rule, edit: textOf(objectsOf64(15)), want: stapled.Malformed},
	}[where])
	for name, change := range inOrder(
		"with_names_in_capitals", first(`"Email":"a","ROLE":1,"a":{"SUB":1,"X5C":1}`),
		"with_a_dotless_i_beside_an_i", first(`"i":1,"\u0131":2,"a":{"I":1,"\u0131":2}`),
		"with_a_dotted_I_beside_an_i", first(`"i":1,"\u0130":2`),
		"with_a_name_that_folds_in_full_only", first(`"ß":1,"ss":2,"SS\u0301":3`),
		"with_names_that_are_not_normalized", first(`"\u00e9":1,"e\u0301":2`),
		"with_names_of_code_points_that_are_not_assigned", first(`"\u0378":1,"\u0379":2`),
		"with_the_same_names_in_siblings", first(`"a":[{"role":1},{"Role":2},{"ROLE":3}]`),
		"with_names_of_the_other_text", first(map[string]string{"header": `"ISS":1,"Sub":2`, "payload": `"ALG":1,"X5C":2`}[where]),
		"with_256_members", func(s string) string { return fill(s, 256) },
		"with_256_members_further_down", filled(256, func(n int) string { return fill("{}", n) }),
		"with_256_members_in_siblings", filled(256, siblings),
		"with_256_members_in_nested_objects", filled(256, deepObjects),
		"with_names_of_4096_bytes", func(s string) string { return longNames(s, 4096, "n") },
		"with_escaped_names_of_4096_bytes", func(s string) string { return longNames(s, 4096, `\n`) },
		"with_2048_elements", func(s string) string { return elements(s, 2048) },
	) {
		cases = append(cases, Case{name: where + "_" + name, rules: rule, edit: textOf(change)})
	}
	return cases
}

// filled adds a member whose value has so many others that all are this many.
func filled(members int, value func(int) string) func(string) string {
	return func(s string) string {
		return first(`"a":` + value(members-1-count(s)))(s)
	}
}

// count returns how many members an object has that holds no other objects.
func count(object string) int { return strings.Count(object, `":`) }

// siblings spreads members over objects in an array.
func siblings(members int) string {
	var objects []string
	for ; members > 0; members -= 10 {
		objects = append(objects, shortMembers(min(members, 10)))
	}
	return "[" + strings.Join(objects, ",") + "]"
}

// deepObjects spreads members over nested objects.
func deepObjects(members int) string {
	text := "{}"
	for range 12 {
		text = last(`"a":` + text)(shortMembers(19))
		members -= 20
	}
	return last(`"a":` + text)(shortMembers(members - 1))
}

// shortMembers returns an object of members with short names.
func shortMembers(n int) string {
	var members []string
	for i := range n {
		members = append(members, fmt.Sprintf(`"%02d":0`, i))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// longNames adds two members so that all names have so many bytes as they are
// written; the new ones consist of this letter.
func longNames(object string, size int, letter string) string {
	for _, m := range strings.Split(object, `":`)[:count(object)] {
		size -= len(m) - strings.LastIndex(m, `"`) - 1
	}
	name := func(size int) string {
		return strings.Repeat(letter, size/len(letter)) + strings.Repeat("x", size%len(letter))
	}
	size -= len("a")
	return first(fmt.Sprintf(`"%s":1,"a":{"%s":2}`, name(size/2), name(size-size/2)))(object)
}

// elements adds arrays so that all have so many elements.
func elements(object string, n int) string {
	for _, list := range []string{"x5c", "ocsp", "aud"} {
		if _, rest, ok := strings.Cut(object, `"`+list+`":[`); ok {
			values, _, _ := strings.Cut(rest, "]")
			n -= strings.Count(values, ",") + 1
		}
	}
	return first(`"a":[` + strings.Repeat("0,", n-2) + "[0]]")(object)
}

// objectsOf64 replaces a text by this many objects of 64 members.
func objectsOf64(n int) func(string) string {
	var names []string
	for c := ' '; len(names) < 64; c++ {
		if c != '"' && c != '\\' && (c < 'A' || c > 'Z') {
			names = append(names, fmt.Sprintf(`"%c":0`, c))
		}
	}
	var objects []string
	for i := range n {
		objects = append(objects, fmt.Sprintf(`"%d":{%s}`, i, strings.Join(names, ",")))
	}
	return text("{" + strings.Join(objects, ",") + "}")
}

// dropFolded drops the members whose names fold to the same as this one.
func dropFolded(name string) edit {
	return func(_ *Maker, t *testca.Token) {
		for _, members := range []*testca.Members{&t.Header, &t.Claims} {
			for _, m := range slices.Clone(*members) {
				if strings.EqualFold(m.Name, name) {
					members.Drop(m.Name)
				}
			}
		}
	}
}
