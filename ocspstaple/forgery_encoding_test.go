// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspstaple_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// inside is an attempt with an edit of the content of an element, and around
// one with an edit of an element as a whole.
func inside(name string, edit func([]byte) []byte) func(*attempt) {
	return response(func(r *testca.Response) { r.Inside[name] = edit })
}

func around(name string, edit func([]byte) []byte) func(*attempt) {
	return response(func(r *testca.Response) { r.Around[name] = edit })
}

func instead(der ...byte) func([]byte) []byte { return func([]byte) []byte { return der } }

// trailing adds a NULL.
func trailing(der []byte) []byte { return append(slices.Clip(der), 0x05, 0x00) }

// everything has every optional element.
func everything(r *testca.Response) {
	note := []testca.Extension{{ID: []int{1, 3, 6, 1, 4, 1, 99999, 1}, Value: []byte("note")}}
	r.Extensions, r.Singles[0].Extensions = note, note
}

func encodingForgeries() []forgery {
	rows := slices.Concat(envelopeForgeries, embeddedForgeries, extensionForgeries)
	for _, status := range []byte{1, 2, 3, 4, 5, 6, 7, 0x7f, 0xff} {
		rows = append(rows, forgery{fmt.Sprintf("S24_status_%d", status), ocspstaple.Malformed, func(a *attempt) {
			a.staple(func(r *testca.Response) { r.Status = int(status) })
		}}, forgery{fmt.Sprintf("S24_status_%d_around_a_good_answer", status), ocspstaple.Malformed,
			inside("responseStatus", instead(status))})
	}
	// Every element with something after its content, absent, and of another
	// type. What the encoding does not notice must not be noticed by luck: the
	// signature is made over the edited bytes.
	for _, name := range []string{
		"OCSPResponse", "responseBytes", "ResponseBytes", "response", "BasicOCSPResponse", "ResponseData",
		"signatureAlgorithm", "responses", "responseExtensions", "Extensions", "Extension", "SingleResponse",
		"CertID", "hashAlgorithm", "certStatus", "nextUpdate", "singleExtensions",
	} {
		rows = append(rows, forgery{"S23_bytes_at_the_end_of_" + name, ocspstaple.Malformed, func(a *attempt) {
			a.staple(everything, func(r *testca.Response) { r.Inside[name] = trailing })
		}})
	}
	for _, name := range []string{
		"OCSPResponse", "responseStatus", "responseBytes", "ResponseBytes", "responseType", "response", "BasicOCSPResponse",
		"ResponseData", "signatureAlgorithm", "signature", "responderID", "producedAt", "responses", "Extensions", "Extension",
		"SingleResponse", "CertID", "hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber", "certStatus", "thisUpdate",
	} {
		rows = append(rows, forgery{"S23_no_" + name, ocspstaple.Malformed, func(a *attempt) {
			a.staple(everything, func(r *testca.Response) { r.Around[name] = instead() })
		}}, forgery{"S23_other_type_of_" + name, ocspstaple.Malformed, func(a *attempt) {
			a.staple(everything, func(r *testca.Response) {
				r.Around[name] = func(der []byte) []byte {
					der[0] = 0x0c // UTF8String
					return der
				}
			})
		}})
	}
	return rows
}

// envelopeForgeries are not exactly one basic response in DER.
var envelopeForgeries = []forgery{
	{"S23_version_2", ocspstaple.Malformed, response(func(r *testca.Response) { r.Version = 1 })},
	{"S23_version_with_trailing_bytes", ocspstaple.Malformed, around("responderID", func(der []byte) []byte {
		return append([]byte{0xa0, 5, 0x02, 1, 0, 0x05, 0}, der...)
	})},
	{"S23_version_of_another_type", ocspstaple.Malformed, around("responderID", func(der []byte) []byte {
		return append([]byte{0xa0, 2, 0x05, 0}, der...)
	})},
	{"S23_version_cut_short", ocspstaple.Malformed, around("ResponseData", instead(0x30, 2, 0xa0, 5))},
	{"S23_unknown_response_type", ocspstaple.Malformed, response(func(r *testca.Response) { r.Type = append(testca.OIDBasic[:9:9], 2) })},
	{"S23_hash_algorithm_of_a_padded_OID", ocspstaple.Malformed, inside("hashAlgorithm", instead(0x06, 10, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 0x80, 1))},
	{"S23_hash_algorithm_of_a_cut_OID", ocspstaple.Malformed, inside("hashAlgorithm", instead(0x06, 2, 0x60, 0x86))},
	{"S23_hash_algorithm_of_an_empty_OID", ocspstaple.Malformed, inside("hashAlgorithm", instead(0x06, 0))},
	{"S23_signature_algorithm_of_a_padded_OID", ocspstaple.Malformed, inside("signatureAlgorithm", instead(0x06, 4, 0x2b, 0x65, 0x80, 0x70))},
	{"S23_bytes_after_the_response", ocspstaple.Malformed, around("OCSPResponse", trailing)},
	{"S23_bytes_at_the_end_of_revocation", ocspstaple.Malformed, func(a *attempt) {
		a.staple(func(r *testca.Response) { r.Singles[0].Status, r.Inside["certStatus"] = testca.Revoked, trailing })
	}},
	{"S23_bytes_at_the_end_of_revocationReason", ocspstaple.Malformed, func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.Singles[0].Status, r.Singles[0].Reason, r.Inside["revocationReason"] = testca.Revoked, 1, trailing
		})
	}},
	{"S23_revocation_reason_of_another_type", ocspstaple.Malformed, func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.Singles[0].Status, r.Singles[0].Reason, r.Around["CRLReason"] = testca.Revoked, 1, instead(0x02, 1, 1)
		})
	}},
	{"S23_revocation_reason_cut_short", ocspstaple.Malformed, func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.Singles[0].Status, r.Singles[0].Reason, r.Around["revocationReason"] = testca.Revoked, 1, instead(0xa0, 9)
		})
	}},
	{"S23_revocation_time_with_fraction", ocspstaple.Malformed, func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.Singles[0].Status, r.Inside["revocationTime"] = testca.Revoked, instead([]byte("20260301115900.5Z")...)
		})
	}},
	{"S23_revocation_without_time", ocspstaple.Malformed, func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.Singles[0].Status, r.Around["revocationTime"] = testca.Revoked, instead()
		})
	}},
	{"S23_bytes_at_the_end_of_a_responder_name", ocspstaple.Malformed, func(a *attempt) {
		a.staple(func(r *testca.Response) { r.ResponderID = longer(testca.ByName(a.ca.Cert)) })
	}},
	{"S23_bytes_at_the_end_of_a_responder_key", ocspstaple.Malformed, func(a *attempt) {
		a.staple(func(r *testca.Response) { r.ResponderID = longer(testca.ByKey(a.ca.Cert)) })
	}},
	{"S23_responder_name_of_another_type", ocspstaple.Malformed, response(func(r *testca.Response) { r.ResponderID = []byte{0xa1, 2, 5, 0} })},
	{"S23_responder_key_of_another_type", ocspstaple.Malformed, response(func(r *testca.Response) { r.ResponderID = []byte{0xa2, 2, 5, 0} })},
	{"S23_responder_by_something_else", ocspstaple.Malformed, response(func(r *testca.Response) { r.ResponderID = []byte{0xa3, 2, 5, 0} })},
	{"S23_certificate_status_3", ocspstaple.Malformed, around("certStatus", instead(0x83, 0))},
	{"S23_good_in_a_constructed_encoding", ocspstaple.Malformed, around("certStatus", instead(0xa0, 0))},
	{"S23_next_update_cut_short", ocspstaple.Malformed, around("nextUpdate", instead(0xa0, 99))},
	{"S23_next_update_empty", ocspstaple.Malformed, around("nextUpdate", instead(0xa0, 0))},
	{"S23_list_of_certificates_of_another_type", ocspstaple.Malformed, certificates(instead(0x05, 0))},
	{"S23_bytes_after_the_list_of_certificates", ocspstaple.Malformed, certificates(trailing)},
	{"S23_bytes_after_the_certificates", ocspstaple.Malformed, func(a *attempt) {
		a.staple(testca.SignedBy(a.ca, a.ca.Cert), func(r *testca.Response) { r.Inside["BasicOCSPResponse"] = trailing })
	}},
	{"S23_certificate_of_another_type", ocspstaple.Malformed, certificates(instead(0x30, 2, 0x05, 0))},
	{"S23_five_certificates", ocspstaple.Malformed, func(a *attempt) {
		d := a.delegate.Cert
		a.staple(testca.SignedBy(a.delegate, d, d, d, d, d))
	}},
	{"S23_long_form_of_a_short_length", ocspstaple.Malformed, around("certStatus", instead(0x80, 0x81, 0))},
	{"S23_indefinite_length", ocspstaple.Malformed, around("OCSPResponse", func(der []byte) []byte {
		return append(append([]byte{0x30, 0x80}, der[4:]...), 0, 0)
	})},
	{"S23_serial_with_a_leading_zero", ocspstaple.Malformed, inside("serialNumber", func(der []byte) []byte { return append([]byte{0}, der...) })},
	{"S23_serial_empty", ocspstaple.Malformed, inside("serialNumber", instead())},
	{"S23_signature_with_unused_bits", ocspstaple.Malformed, inside("signature", func(der []byte) []byte {
		der[0] = 1
		return der
	})},
	{"S23_algorithm_without_OID", ocspstaple.Malformed, inside("signatureAlgorithm", instead())},
	{"S23_certid_hash_without_OID", ocspstaple.Malformed, inside("hashAlgorithm", instead(0x05, 0))},
	{"S23_algorithm_with_foreign_parameters", ocspstaple.Malformed, inside("signatureAlgorithm", trailing)},
	{"S23_PSS_with_bytes_after_its_parameters", ocspstaple.Untrusted, pss(trailing)},
	{"S23_time_with_fraction", ocspstaple.Malformed, inside("producedAt", instead([]byte("20260301115900.0Z")...))},
	{"S23_time_with_fraction_of_a_comma", ocspstaple.Malformed, inside("producedAt", instead([]byte("20260301115900,5Z")...))},
	{"S23_time_with_offset", ocspstaple.Malformed, inside("producedAt", instead([]byte("20260301115900+0000")...))},
	{"S23_time_without_zone", ocspstaple.Malformed, inside("producedAt", instead([]byte("20260301115900")...))},
	{"S23_time_without_seconds", ocspstaple.Malformed, inside("thisUpdate", instead([]byte("202603011159Z")...))},
	{"S23_time_in_another_zone", ocspstaple.Malformed, inside("thisUpdate", instead([]byte("20260301115900A")...))},
	{"S23_time_with_bytes_behind", ocspstaple.Malformed, inside("thisUpdate", instead([]byte("20260301115900Z0")...))},
	{"S23_time_with_what_is_no_digit", ocspstaple.Malformed, inside("thisUpdate", instead([]byte("20260301114?00Z")...))},
	{"S23_time_that_is_no_date", ocspstaple.Malformed, inside("thisUpdate", instead([]byte("20260229115900Z")...))},
	{"S23_time_of_two_digits", ocspstaple.Malformed, around("thisUpdate", instead(append([]byte{0x17, 13}, "260301115900Z"...)...))},
	{"S28_nothing", ocspstaple.Malformed, func(a *attempt) { a.der = nil }},
	{"S28_empty", ocspstaple.Malformed, func(a *attempt) { a.der = []byte{} }},
	{"S28_null", ocspstaple.Malformed, func(a *attempt) { a.der = []byte("null") }},
	{"S28_base64", ocspstaple.Malformed, func(a *attempt) { a.der = []byte(base64.StdEncoding.EncodeToString(a.der)) }},
	{"S28_base64url", ocspstaple.Malformed, func(a *attempt) { a.der = []byte(base64.RawURLEncoding.EncodeToString(a.der)) }},
	{"S28_1_MiB_of_zeros", ocspstaple.Malformed, func(a *attempt) { a.der = make([]byte, 1<<20) }},
	{"S28_1_MiB_of_zeros_after_the_response", ocspstaple.Malformed, func(a *attempt) { a.der = append(a.der, make([]byte, 1<<20)...) }},
	{"S28_64_KiB_of_nested_sequences", ocspstaple.Malformed, func(a *attempt) { a.der = bytes.Repeat([]byte{0x30, 0x80}, 1<<15) }},
}

// junk is in the place of a certificate, and none.
var junk = &x509.Certificate{Raw: []byte{0x30, 0}}

// embeddedForgeries embed what does not parse, wherever it stands and whoever
// has signed.
var embeddedForgeries = []forgery{
	{"S33_junk_before_the_delegate", ocspstaple.Malformed, func(a *attempt) {
		a.staple(testca.SignedBy(a.delegate, junk, a.delegate.Cert))
	}},
	{"S33_junk_behind_the_delegate", ocspstaple.Malformed, func(a *attempt) {
		a.staple(testca.SignedBy(a.delegate, a.delegate.Cert, junk))
	}},
	{"S33_junk_where_the_issuer_signed", ocspstaple.Malformed, func(a *attempt) { a.staple(testca.SignedBy(a.ca, junk)) }},
	{"S33_junk_behind_the_certificate_of_the_issuer", ocspstaple.Malformed, func(a *attempt) {
		a.staple(testca.SignedBy(a.ca, a.ca.Cert, junk))
	}},
	{"S33_cut_certificate_where_the_issuer_signed", ocspstaple.Malformed, func(a *attempt) {
		cut := slices.Clone(a.ca.Cert.Raw[:len(a.ca.Cert.Raw)-1])
		cut[3]-- // the length
		a.staple(testca.SignedBy(a.ca, &x509.Certificate{Raw: cut}))
	}},
	{"S33_certificate_with_a_negative_serial", ocspstaple.Malformed, func(a *attempt) {
		odd := slices.Clone(a.ca.Cert.Raw)
		odd[bytes.Index(odd, a.ca.Cert.SerialNumber.Bytes())] |= 0x80
		a.staple(testca.SignedBy(a.ca, &x509.Certificate{Raw: odd}))
	}},
	{"S33_certificate_of_65_names", ocspstaple.Malformed, func(a *attempt) {
		many := a.ca.Leaf(func(c *testca.Template) { c.DNSNames, c.URIs = slices.Repeat([]string{"a.example"}, 65), nil })
		a.staple(testca.SignedBy(a.ca, many.Cert))
	}},
}

// extensionForgeries demand what nobody here understands, or nothing clear.
var extensionForgeries = []forgery{
	{"S22_critical_in_the_single_response", ocspstaple.Malformed, single(func(s *testca.Single) {
		s.Extensions = []testca.Extension{{ID: []int{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true}}
	})},
	{"S22_critical_in_the_response", ocspstaple.Malformed, response(func(r *testca.Response) {
		r.Extensions = []testca.Extension{{ID: []int{1, 3, 6, 1, 4, 1, 99999, 1}, Critical: true}}
	})},
	{"S22_critical_nonce", ocspstaple.Malformed, response(func(r *testca.Response) {
		r.Extensions = []testca.Extension{{ID: []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}, Critical: true, Value: []byte{4, 1, 0}}}
	})},
	{"S22_critical_after_another", ocspstaple.Malformed, single(func(s *testca.Single) {
		s.Extensions = []testca.Extension{{ID: []int{2, 5, 29, 99}}, {ID: []int{2, 5, 29, 98}, Critical: true}}
	})},
	{"S22_the_same_twice", ocspstaple.Malformed, single(func(s *testca.Single) {
		s.Extensions = []testca.Extension{{ID: []int{2, 5, 29, 99}}, {ID: []int{2, 5, 29, 99}}}
	})},
	{"S22_an_empty_list", ocspstaple.Malformed, around("nextUpdate", func(der []byte) []byte { return append(der, 0xa1, 2, 0x30, 0) })},
	{"S22_cut_short", ocspstaple.Malformed, around("nextUpdate", func(der []byte) []byte { return append(der, 0xa1, 9) })},
	{"S22_critical_is_neither_true_nor_false", ocspstaple.Malformed, extension(0x06, 3, 0x55, 0x1d, 99, 0x01, 1, 1, 0x04, 0)},
	{"S22_critical_after_the_value", ocspstaple.Malformed, extension(0x06, 3, 0x55, 0x1d, 99, 0x04, 0, 0x01, 1, 0xff)},
	{"S22_without_an_OID", ocspstaple.Malformed, extension(0x04, 0)},
	{"S22_padded_OID", ocspstaple.Malformed, extension(0x06, 4, 0x55, 0x1d, 0x80, 99, 0x04, 0)},
	{"S22_OID_of_another_type", ocspstaple.Malformed, extension(0x04, 0, 0x04, 0)},
	{"S22_without_a_value", ocspstaple.Malformed, extension(0x06, 3, 0x55, 0x1d, 99)},
}

// extension is an attempt with an extension of this content.
func extension(content ...byte) func(*attempt) {
	return func(a *attempt) {
		a.staple(func(r *testca.Response) {
			r.Singles[0].Extensions = []testca.Extension{{ID: []int{2, 5, 29, 99}}}
			r.Inside["Extension"] = instead(content...)
		})
	}
}

// certificates is an attempt with an edited list of embedded certificates.
func certificates(edit func([]byte) []byte) func(*attempt) {
	return func(a *attempt) {
		a.staple(testca.SignedBy(a.ca, a.ca.Cert), func(r *testca.Response) { r.Inside["certs"] = edit })
	}
}

// longer adds a NULL to the content of an element shorter than 126 bytes.
func longer(der []byte) []byte {
	der = trailing(der)
	der[1] += 2
	return der
}
