// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// stapleContentCases returns the cases for rules 6.1 to 6.6.
func stapleContentCases() []Case {
	return slices.Concat(stapleListCases(), stapleEncodingCases(), stapleShapeCases(), stapleElementCases(),
		embeddedCases(), writtenOutCases(), stapleEnvelopeCases(), stapleExtensionCases(), stapleParameterCases(), stapleTimeShapeCases(), certIDCases())
}

func stapleListCases() []Case {
	twoStaples := func(m *Maker, leaf *testca.Party) [][]byte { return [][]byte{m.staple(leaf), m.staple(m.ca)} }
	return []Case{
		{name: "ocsp_absent", rules: "6.1", edit: dropHeader("ocsp"), want: stapled.StapleMissing},
		{name: "ocsp_empty", rules: "6.1", edit: header("ocsp", []string{}), want: stapled.StapleMissing},
		{name: "one_staple_where_the_chain_needs_two", rules: "6.1", policy: wholeChain, want: stapled.StapleMissing},
		{name: "no_staple_where_the_chain_needs_two", rules: "6.1", policy: wholeChain, edit: dropHeader("ocsp"), want: stapled.StapleMissing},
		{name: "staple_in_an_unprotected_place", rules: "6.1", want: stapled.StapleMissing,
			comment: "A staple in the claims is none.",
			edit: func(m *Maker, t *testca.Token) {
				t.Claims.Add("ocsp", t.Header.Get("ocsp"))
				t.Header.Drop("ocsp")
			}},
		{name: "a_staple_for_each_certificate", rules: "6.1", policy: wholeChain, staples: twoStaples},
		{name: "a_staple_more_than_needed", rules: "6.1", staples: twoStaples},
		{name: "a_staple_for_the_only_certificate", rules: "6.1", policy: wholeChain, leaf: belowRoot},
		{name: "three_staples_for_two_certificates", rules: "6.2", want: stapled.StapleMalformed,
			staples: func(m *Maker, leaf *testca.Party) [][]byte {
				return append(twoStaples(m, leaf), m.staple(m.ca))
			}},
		{name: "two_staples_for_the_leaf_below_the_anchor", rules: "6.2", leaf: belowRoot, want: stapled.StapleMalformed,
			staples: func(m *Maker, leaf *testca.Party) [][]byte { return [][]byte{m.staple(leaf), m.staple(leaf)} }},
	}
}

func stapleEncodingCases() []Case {
	var cases []Case
	for name, change := range inOrder(
		"in_base64url", func(s string) string { return strings.NewReplacer("+", "-", "/", "_").Replace(s) },
		"without_padding", func(s string) string { return strings.TrimRight(s, "=") },
		"with_line_break", func(s string) string { return s[:64] + "\n" + s[64:] },
		"with_line_break_at_the_end", suffix("\n"),
		"with_trailing_bits", setTrailingBits,
		"empty", text(""),
		"of_four_letters", text("null"),
		"is_an_empty_sequence", text("MAA="),
		"with_trailing_byte", func(s string) string { return standard(append(unstandard(s), 0)) },
		"cut_off", func(s string) string { return standard(unstandard(s)[:120]) },
		"of_zeros", text(standard(make([]byte, 300))),
		"in_base64_twice", func(s string) string { return standard([]byte(s)) },
		"of_nested_sequences", text(standard(bytes.Repeat([]byte{0x30, 0x80}, 1<<11))),
	) {
		cases = append(cases, Case{row: "S28", name: "staple_" + name, rules: "6.3", leaf: belowRoot, edit: ocsp(0, change), want: stapled.StapleMalformed,
			staples: stapleFor(oddStaple)})
	}
	return append(cases, Case{row: "S28", name: "staple_of_the_second_certificate_is_empty", rules: "6.3", want: stapled.StapleMalformed,
		comment: "It is not needed, but it is there.",
		edit: func(_ *Maker, t *testca.Token) {
			t.Header.Set("ocsp", append(slices.Clone(t.Header.Get("ocsp").([]string)), ""))
		}})
}

// oddStaple is a staple whose base64 has both special characters, padding and
// unused bits.
func oddStaple(m *Maker, leaf *testca.Party) []byte {
	for fill := 0; ; fill++ {
		der := m.staple(leaf, func(r *testca.Response) {
			r.Extensions = []testca.Extension{{ID: privateOID, Value: []byte(fmt.Sprint(fill))}}
		})
		if s := standard(der); strings.Contains(s, "+") && strings.Contains(s, "/") && strings.HasSuffix(s, "=") {
			return der
		}
	}
}

// stapleShapeCases returns the cases for rules 6.3 and 6.4.
func stapleShapeCases() []Case {
	var cases []Case
	row := ""
	add := func(rule, name string, edits ...func(*testca.Response)) {
		cases = append(cases, Case{row: row, name: "staple_" + name, rules: rule, staples: oneStaple(edits...), want: stapled.StapleMalformed})
	}
	row = "S24"
	for _, status := range []struct {
		name  string
		value int
	}{{"malformedRequest", 1}, {"internalError", 2}, {"tryLater", 3}, {"sigRequired", 5}, {"unauthorized", 6}} {
		add("6.3", "is_"+status.name, func(r *testca.Response) { r.Status = status.value })
	}
	add("6.3", "successful_without_bytes", around("responseBytes", remove))
	add("6.3", "not_successful_with_bytes", inside("responseStatus", instead(3)))
	row = ""
	add("6.3", "of_an_unknown_response_type", func(r *testca.Response) { r.Type = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 99} })
	add("6.3", "of_version_2", func(r *testca.Response) { r.Version = 1 })
	row = "S14"
	add("6.3", "without_single_response", func(r *testca.Response) { r.Singles = nil })
	row = "S13"
	for _, second := range []struct {
		name   string
		status testca.CertStatus
	}{{"good", testca.Good}, {"revoked", testca.Revoked}, {"unknown", testca.Unknown}} {
		add("6.3", "with_two_single_responses_good_and_"+second.name, func(r *testca.Response) {
			r.Singles = append(r.Singles, r.Singles[0])
			r.Singles[1].Status = second.status
		})
	}
	add("6.3", "with_two_single_responses_of_which_the_first_is_for_another", func(r *testca.Response) {
		other := r.Singles[0]
		other.Serial = new(big.Int).Add(other.Serial, big.NewInt(1))
		revoked(r)
		r.Singles = []testca.Single{other, r.Singles[0]}
	})
	add("6.3", "with_two_single_responses_of_which_the_second_is_for_another", func(r *testca.Response) {
		other := r.Singles[0]
		other.Serial = big.NewInt(7)
		r.Singles = append(r.Singles, other)
	})
	row = ""
	// Nothing may follow an element, at any level.
	for _, element := range []string{
		"OCSPResponse", "responseBytes", "ResponseBytes", "response", "BasicOCSPResponse", "ResponseData",
		"SingleResponse", "CertID", "hashAlgorithm", "certStatus", "nextUpdate", "signatureAlgorithm",
	} {
		add("6.3", "with_something_more_inside_"+element, inside(element, more))
	}
	for name, time := range map[string]string{
		"with_fractions": "20260301115900.0Z", "without_seconds": "202603011159Z", "in_local_time": "20260301125900+0100",
		"without_zone": "20260301115900", "on_no_date": "20260231115900Z", "at_24_hours": "20260228240000Z",
	} {
		cases = append(cases, Case{name: "staple_thisUpdate_" + name, rules: "6.3", want: stapled.StapleMalformed,
			staples: oneStaple(inside("thisUpdate", instead([]byte(time)...)))})
	}
	slices.SortFunc(cases[len(cases)-6:], func(a, b Case) int { return strings.Compare(a.name, b.name) })
	add("6.3", "thisUpdate_is_UTCTime", around("thisUpdate", func([]byte) []byte { return append([]byte{0x17, 13}, "260301115900Z"...) }))
	add("6.3", "with_length_in_too_many_bytes", around("OCSPResponse", longer))
	add("6.3", "with_indefinite_length", around("OCSPResponse", func(der []byte) []byte {
		return append(append([]byte{0x30, 0x80}, der[4:]...), 0, 0)
	}))
	add("6.3", "with_unknown_status", around("certStatus", instead(0x83, 0)))
	add("6.3", "with_unknown_responder_id", around("responderID", func(der []byte) []byte { return append([]byte{0xa3}, der[1:]...) }))
	row = "S26"
	for _, reason := range []int{7, 11, 255} {
		add("6.3", fmt.Sprintf("revoked_for_no_known_reason_%d", reason), revoked, single(func(s *testca.Single) { s.Reason = reason }))
	}

	row = ""
	nonce := testca.Extension{ID: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}, Value: []byte{4, 1, 0}}
	critical := testca.Extension{ID: privateOID, Critical: true, Value: []byte{5, 0}}
	harmless := testca.Extension{ID: privateOID, Value: []byte{5, 0}}
	responses := func(list ...testca.Extension) func(*testca.Response) {
		return func(r *testca.Response) { r.Extensions = list }
	}
	singles := func(list ...testca.Extension) func(*testca.Response) {
		return single(func(s *testca.Single) { s.Extensions = list })
	}
	add("6.4", "with_critical_extension", responses(critical))
	add("6.4", "with_critical_extension_in_the_single_response", singles(critical))
	add("6.4", "with_critical_extension_after_another", responses(nonce, critical))
	add("6.4", "with_an_extension_twice", responses(harmless, nonce, harmless))
	add("6.4", "with_an_extension_twice_in_the_single_response", singles(harmless, harmless))
	return append(cases,
		Case{name: "staple_with_extensions", rules: "6.4", staples: oneStaple(responses(nonce, harmless), singles(harmless))},
	)
}

func stapleTimeShapeCases() []Case {
	minute := time.Minute
	row := "S16"
	rejected := func(name string, edits ...func(*testca.Response)) Case {
		return Case{row: row, name: "staple_" + name, rules: "6.5", staples: oneStaple(edits...), want: stapled.StapleMalformed}
	}
	cases := []Case{
		rejected("without_nextUpdate", single(func(s *testca.Single) { s.NextUpdate = time.Time{} })),
		rejected("with_nextUpdate_at_thisUpdate", single(func(s *testca.Single) { s.NextUpdate = s.ThisUpdate })),
		rejected("with_nextUpdate_before_thisUpdate", single(func(s *testca.Single) { s.NextUpdate = s.ThisUpdate.Add(-time.Second) })),
	}
	row = "S20"
	return append(cases,
		rejected("produced_60_seconds_before_thisUpdate", producedBefore(minute)),
		rejected("produced_a_day_before_thisUpdate", producedBefore(24*time.Hour)),
		rejected("produced_61_seconds_before_thisUpdate", producedBefore(minute+time.Second)),
		Case{name: "staple_produced_59_seconds_before_thisUpdate", rules: "6.5", staples: oneStaple(producedBefore(minute - time.Second)),
			comment: "Some responders round producedAt down to the minute."},
		Case{name: "staple_produced_after_nextUpdate", rules: "6.5", freshUntil: until(30 * time.Second),
			comment: "producedAt is within the leeway. There is no order but the one with thisUpdate.",
			staples: oneStaple(window(-2*minute, 30*time.Second), func(r *testca.Response) { r.ProducedAt = testca.Now.Add(minute) })},
		Case{name: "staple_produced_after_thisUpdate", rules: "6.5",
			staples: oneStaple(window(-2*minute, 9*minute), func(r *testca.Response) { r.ProducedAt = testca.Now })},
	)
}

func producedBefore(early time.Duration) func(*testca.Response) {
	return func(r *testca.Response) { r.ProducedAt = r.Singles[0].ThisUpdate.Add(-early) }
}

// certIDCases returns the cases for rule 6.6.
func certIDCases() []Case {
	var cases []Case
	row := ""
	add := func(name string, edits ...func(*testca.Response)) {
		cases = append(cases, Case{row: row, name: "certid_" + name, rules: "6.6", staples: oneStaple(edits...), want: stapled.StapleMismatch})
	}
	row = "S12"
	add("with_another_serial", single(func(s *testca.Single) { s.Serial = new(big.Int).Add(s.Serial, big.NewInt(1)) }))
	add("with_the_negative_serial", single(func(s *testca.Single) { s.Serial = new(big.Int).Neg(s.Serial) }))
	add("with_a_serial_that_is_the_same_in_64_bits", single(func(s *testca.Single) {
		s.Serial = new(big.Int).Add(s.Serial, new(big.Int).Lsh(big.NewInt(1), 64))
	}))
	add("with_the_serial_of_another_certificate", single(func(s *testca.Single) { s.Serial = big.NewInt(7) }))
	row = ""
	add("with_digests_of_another_hash", single(func(s *testca.Single) { s.Hash = crypto.SHA384 }))
	add("with_another_name_hash", single(func(s *testca.Single) { s.NameHash = flip(s.NameHash) }))
	add("with_another_key_hash", single(func(s *testca.Single) { s.KeyHash = flip(s.KeyHash) }))
	add("with_name_and_key_hash_exchanged", single(func(s *testca.Single) { s.NameHash, s.KeyHash = s.KeyHash, s.NameHash }))
	add("with_empty_hashes", single(func(s *testca.Single) { s.NameHash, s.KeyHash = nil, nil }))
	add("with_hashes_cut_off", single(func(s *testca.Single) { s.NameHash, s.KeyHash = s.NameHash[:20], s.KeyHash[:20] }))
	party := func(name string, of func(*Maker) *testca.Party, hash crypto.Hash) {
		cases = append(cases, Case{name: "certid_" + name, rules: "6.6", want: stapled.StapleMismatch,
			staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte {
				return m.staple(leaf, func(r *testca.Response) { r.Singles[0] = testca.NewSingle(leaf.Cert, of(m).Cert, hash) })
			})})
	}
	party("of_the_same_serial_of_another_CA", func(m *Maker) *testca.Party { return m.sibling }, crypto.SHA256)
	party("of_the_same_serial_of_the_root", func(m *Maker) *testca.Party { return m.root }, crypto.SHA1)
	party("under_MD5", func(m *Maker) *testca.Party { return m.ca }, crypto.MD5)
	return append(cases,
		Case{row: "S27", name: "staple_with_a_bit_of_the_serial_flipped", rules: "6.6", want: stapled.StapleMismatch, staples: stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			der := m.staple(leaf)
			der[bytes.Index(der, leaf.Cert.SerialNumber.Bytes())] ^= 1
			return der
		})},
		Case{row: "S29", name: "staple_of_the_intermediate", rules: "6.6", want: stapled.StapleMismatch,
			staples: stapleFor(func(m *Maker, _ *testca.Party) []byte { return m.staple(m.ca) })},
		Case{row: "S29", name: "staple_of_another_certificate", rules: "6.6", want: stapled.StapleMismatch,
			staples: stapleFor(func(m *Maker, _ *testca.Party) []byte { return m.staple(m.other) })},
		Case{row: "S31", name: "staple_of_the_previous_certificate", rules: "6.6", want: stapled.StapleMismatch,
			comment: "The previous certificate has the same name and the same key.", leaf: client(),
			staples: stapleFor(func(m *Maker, _ *testca.Party) []byte { return m.staple(m.client) })},
		Case{row: "S29", name: "staples_exchanged", rules: "6.6", policy: wholeChain, want: stapled.StapleMismatch,
			staples: func(m *Maker, leaf *testca.Party) [][]byte { return [][]byte{m.staple(m.ca), m.staple(leaf)} }},
		Case{row: "S29", name: "staple_of_the_leaf_twice", rules: "6.6", policy: wholeChain, want: stapled.StapleMismatch,
			staples: func(m *Maker, leaf *testca.Party) [][]byte { return [][]byte{m.staple(leaf), m.staple(leaf)} }},
	)
}
