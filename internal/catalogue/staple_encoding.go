// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"fmt"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// encoded makes a case for rule 6.3, or of another, about the encoding of a staple.
func encoded(name string, edits ...func(*testca.Response)) Case {
	return Case{name: "staple_" + name, rules: "6.3", leaf: shortest, staples: oneStaple(edits...), want: stapled.StapleMalformed}
}

func shortest(m *Maker) *testca.Party { return m.short }

// everything gives a response all optional elements.
func everything(r *testca.Response) {
	note := []testca.Extension{{ID: privateOID, Value: []byte("note")}}
	r.Extensions, r.Singles[0].Extensions = note, note
}

// revokedFor sets a reason, so that its encoding can be edited.
func revokedFor(r *testca.Response) { r.Singles[0].Status, r.Singles[0].Reason = testca.Revoked, 1 }

// stapleElementCases returns cases with each element of a response missing, of
// another type, or with extra bytes after its content. The signature covers the
// edited bytes, so a fault that the decoder misses is not caught by luck.
func stapleElementCases() []Case {
	var cases []Case
	for _, name := range []string{"responses", "responseExtensions", "Extensions", "Extension", "singleExtensions"} {
		cases = append(cases, encoded("with_something_more_inside_"+name, everything, inside(name, more)))
	}
	for _, name := range []string{
		"OCSPResponse", "responseStatus", "responseBytes", "ResponseBytes", "responseType", "response", "BasicOCSPResponse",
		"ResponseData", "signatureAlgorithm", "signature", "responderID", "producedAt", "responses", "Extensions", "Extension",
		"SingleResponse", "CertID", "hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber", "certStatus", "thisUpdate",
	} {
		absent, other := encoded("without_"+name, everything, around(name, remove)), encoded("with_another_type_of_"+name, everything, around(name, asText))
		absent.unpublished, other.unpublished = true, true
		cases = append(cases, absent, other)
	}
	for _, status := range []int{4, 7, 0x7f, 0xff} {
		c := encoded(fmt.Sprintf("of_unknown_response_status_%d", status), func(r *testca.Response) { r.Status = status })
		c.row = "S24"
		cases = append(cases, c)
	}
	for _, status := range []byte{1, 2, 4, 5, 6, 7, 0x7f, 0xff} {
		c := encoded(fmt.Sprintf("of_response_status_%d_around_a_good_answer", status), inside("responseStatus", instead(status)))
		c.row, c.unpublished = "S24", true
		cases = append(cases, c)
	}
	return cases
}

// asText makes an element a UTF8String.
func asText(der []byte) []byte {
	der[0] = 0x0c
	return der
}

// stapleEnvelopeCases returns staples that are not exactly one basic response
// in DER.
func stapleEnvelopeCases() []Case {
	name := func(m *Maker) []byte { return testca.ByName(m.root.Cert) }
	key := func(m *Maker) []byte { return testca.ByKey(m.root.Cert) }
	longerID := func(of func(*Maker) []byte) func(*Maker, *testca.Party) [][]byte {
		return stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			return m.staple(leaf, func(r *testca.Response) {
				r.ResponderID = more(of(m))
				r.ResponderID[1] += 2
			})
		})
	}
	responderID := func(id ...byte) func(*testca.Response) {
		return func(r *testca.Response) { r.ResponderID = id }
	}
	certificates := func(change func([]byte) []byte) func(*Maker, *testca.Party) [][]byte {
		return stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			return m.staple(leaf, testca.SignedBy(leaf.Issuer, leaf.Issuer.Cert), inside("certs", change))
		})
	}
	of := func(c Case, staples func(*Maker, *testca.Party) [][]byte) Case {
		c.staples = staples
		return c
	}
	return []Case{
		encoded("of_version_1_with_something_more", around("responderID", before(0xa0, 5, 0x02, 1, 0, 0x05, 0))),
		encoded("of_a_version_of_another_type", around("responderID", before(0xa0, 2, 0x05, 0))),
		encoded("of_a_version_cut_off", around("ResponseData", instead(0x30, 2, 0xa0, 5))),
		encoded("with_a_hash_algorithm_of_a_padded_OID", inside("hashAlgorithm", instead(0x06, 10, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 0x80, 1))),
		encoded("with_a_hash_algorithm_of_a_cut_OID", inside("hashAlgorithm", instead(0x06, 2, 0x60, 0x86))),
		encoded("with_a_hash_algorithm_of_an_empty_OID", inside("hashAlgorithm", instead(0x06, 0))),
		encoded("with_a_hash_algorithm_without_an_OID", inside("hashAlgorithm", instead(0x05, 0))),
		encoded("with_a_signature_algorithm_of_a_padded_OID", inside("signatureAlgorithm", instead(0x06, 4, 0x2b, 0x65, 0x80, 0x70))),
		encoded("with_a_signature_algorithm_without_an_OID", inside("signatureAlgorithm", instead())),
		encoded("with_something_more_behind_it", around("OCSPResponse", more)),
		encoded("with_something_more_inside_the_revocation", revoked, inside("certStatus", more)),
		encoded("with_something_more_inside_the_revocation_reason", revokedFor, inside("revocationReason", more)),
		encoded("with_a_revocation_reason_of_another_type", revokedFor, around("CRLReason", instead(0x02, 1, 1))),
		encoded("with_a_revocation_reason_cut_off", revokedFor, around("revocationReason", instead(0xa0, 9))),
		encoded("with_a_revocation_time_with_fractions", revoked, inside("revocationTime", instead([]byte("20260301115900.5Z")...))),
		encoded("with_a_revocation_without_a_time", revoked, around("revocationTime", remove)),
		of(encoded("with_something_more_inside_the_responder_name"), longerID(name)),
		of(encoded("with_something_more_inside_the_responder_key"), longerID(key)),
		encoded("with_a_responder_name_of_another_type", responderID(0xa1, 2, 5, 0)),
		encoded("with_a_responder_key_of_another_type", responderID(0xa2, 2, 5, 0)),
		encoded("with_a_responder_by_something_else", responderID(0xa3, 2, 5, 0)),
		encoded("with_a_constructed_good", around("certStatus", instead(0xa0, 0))),
		encoded("with_a_long_form_of_a_short_length", around("certStatus", instead(0x80, 0x81, 0))),
		encoded("with_nextUpdate_cut_off", around("nextUpdate", instead(0xa0, 99))),
		encoded("with_nextUpdate_empty", around("nextUpdate", instead(0xa0, 0))),
		of(encoded("with_a_list_of_certificates_of_another_type"), certificates(instead(0x05, 0))),
		of(encoded("with_something_more_behind_the_list_of_certificates"), certificates(more)),
		of(encoded("with_a_certificate_of_another_type"), certificates(instead(0x30, 2, 0x05, 0))),
		of(encoded("with_something_more_behind_the_certificates"), stapleFor(func(m *Maker, leaf *testca.Party) []byte {
			return m.staple(leaf, testca.SignedBy(leaf.Issuer, leaf.Issuer.Cert), inside("BasicOCSPResponse", more))
		})),
		encoded("with_a_serial_with_a_leading_zero", inside("serialNumber", before(0))),
		encoded("with_a_serial_that_is_empty", inside("serialNumber", remove)),
		encoded("with_a_signature_with_unused_bits", inside("signature", func(der []byte) []byte {
			der[0] = 1
			return der
		})),
		encoded("with_producedAt_with_fractions", inside("producedAt", instead([]byte("20260301115900.0Z")...))),
		encoded("with_producedAt_with_a_comma", inside("producedAt", instead([]byte("20260301115900,5Z")...))),
		encoded("with_producedAt_with_an_offset", inside("producedAt", instead([]byte("20260301115900+0000")...))),
		encoded("with_producedAt_without_a_zone", inside("producedAt", instead([]byte("20260301115900")...))),
		encoded("with_thisUpdate_in_another_zone", inside("thisUpdate", instead([]byte("20260301115900A")...))),
		encoded("with_thisUpdate_with_something_behind_it", inside("thisUpdate", instead([]byte("20260301115900Z0")...))),
		encoded("with_thisUpdate_with_what_is_no_digit", inside("thisUpdate", instead([]byte("20260301114?00Z")...))),
	}
}

// before prepends bytes.
func before(with ...byte) func([]byte) []byte {
	return func(der []byte) []byte { return append(append([]byte(nil), with...), der...) }
}

// stapleExtensionCases returns cases with extensions that no verifier knows, or
// that are ambiguous.
func stapleExtensionCases() []Case {
	extensionOf := func(name string, content ...byte) Case {
		return encoded("with_an_extension_"+name, everything, inside("Extension", instead(content...)))
	}
	rule := func(rule string, c Case) Case {
		c.row, c.rules = "S22", rule
		return c
	}
	return []Case{
		rule("6.4", encoded("with_a_critical_nonce", func(r *testca.Response) {
			r.Extensions = []testca.Extension{{ID: []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}, Critical: true, Value: []byte{4, 1, 0}}}
		})),
		rule("6.3", encoded("with_something_more_behind_an_empty_list_of_extensions", around("nextUpdate", after(0xa1, 2, 0x30, 0, 0x05, 0)))),
		rule("6.3", encoded("with_something_more_inside_an_empty_list_of_extensions", around("nextUpdate", after(0xa1, 4, 0x30, 0, 0x05, 0)))),
		rule("6.3", encoded("with_a_list_of_extensions_cut_off", around("nextUpdate", after(0xa1, 9)))),
		rule("6.3", extensionOf("neither_critical_nor_not", 0x06, 3, 0x55, 0x1d, 99, 0x01, 1, 1, 0x04, 0)),
		rule("6.3", extensionOf("critical_after_the_value", 0x06, 3, 0x55, 0x1d, 99, 0x04, 0, 0x01, 1, 0xff)),
		rule("6.3", extensionOf("without_an_OID", 0x04, 0)),
		rule("6.3", extensionOf("of_a_padded_OID", 0x06, 4, 0x55, 0x1d, 0x80, 99, 0x04, 0)),
		rule("6.3", extensionOf("of_an_OID_of_another_type", 0x04, 0, 0x04, 0)),
		rule("6.3", extensionOf("without_a_value", 0x06, 3, 0x55, 0x1d, 99)),
	}
}

// after appends bytes.
func after(with ...byte) func([]byte) []byte {
	return func(der []byte) []byte { return append(append([]byte(nil), der...), with...) }
}

// stapleParameterCases returns the cases for the parameters of a signature
// algorithm. RSA's are NULL or absent (RFC 4055 §5), and nothing else that
// happens to be well-formed.
func stapleParameterCases() []Case {
	cases := []Case{encoded("with_foreign_parameters", inside("signatureAlgorithm", more))}
	for _, row := range []struct {
		name       string
		parameters []byte
	}{
		{"a_sequence", []byte{0x30, 0}},
		{"two_NULLs", []byte{0x05, 0, 0x05, 0}},
		{"a_NULL_in_long_form", []byte{0x05, 0x81, 0}},
		{"a_byte", []byte{0}},
	} {
		c := encoded("with_RSA_parameters_of_"+row.name, inside("signatureAlgorithm", func(der []byte) []byte {
			return append(der[:len(der)-2:len(der)-2], row.parameters...)
		}))
		c.leaf = below(testca.Keyed(testca.RSA2048))
		cases = append(cases, c)
	}
	return cases
}
