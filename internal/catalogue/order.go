// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"crypto/x509"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// orderCases returns cases with two faults. The first named rule decides.
func orderCases() []Case {
	minute := time.Minute
	now := testca.Now
	expired := testca.Valid(now.Add(-time.Hour), now.Add(-time.Second))
	crit := addHeader("crit", literal(`["exp"]`))
	wrongTyp, wrongAlg := header("typ", "JWT"), header("alg", "HS256")
	wrongKid, wrongKey := header("kid", "AAAA"), signedBy(testca.P256, "other", "ES256")
	wrongAud, wrongIss := claim("aud", "other"), claim("iss", "other")
	stale := oneStaple(window(-10*minute, -minute))
	aboutAnother := single(func(s *testca.Single) { s.NameHash = flip(s.NameHash) })
	return []Case{
		{name: "size_before_shape", rules: "1.1 1.2", after: whole(func(s string) string { return s + "." + strings.Repeat("A", 16384) }), want: stapled.TooLarge},
		{name: "payload_encoding_before_typ", rules: "1.3 2.1", edit: wrongTyp, after: part(1, suffix("=")), want: stapled.Malformed},
		{name: "signature_encoding_before_typ", rules: "1.3 2.1", edit: wrongTyp, after: part(2, suffix("=")), want: stapled.Malformed},
		{name: "header_json_before_typ", rules: "1.4 2.1", edit: edits(wrongTyp, headerText(suffix("{}"))), want: stapled.Malformed},
		{name: "member_type_before_typ", rules: "1.5 2.1", edit: edits(wrongTyp, header("ocsp", literal("[1]"))), want: stapled.Malformed},
		{name: "number_of_certificates_before_typ", rules: "1.6 2.1", leaf: deep(5), edit: wrongTyp, want: stapled.TooLarge},
		{name: "typ_before_alg", rules: "2.1 2.2", edit: edits(wrongTyp, wrongAlg), want: stapled.TypeRejected},
		{name: "typ_before_crit", rules: "2.1 2.4", edit: edits(wrongTyp, crit), want: stapled.TypeRejected},
		{name: "alg_before_crit", rules: "2.2 2.4", edit: edits(wrongAlg, crit), want: stapled.AlgorithmRejected},
		{name: "crit_before_absent_x5c", rules: "2.4 2.3", edit: edits(crit, dropHeader("x5c")), want: stapled.HeaderForbidden},
		{name: "crit_before_certificate_encoding", rules: "2.4 3.1", edit: edits(crit, x5c(0, suffix("\n"))), want: stapled.HeaderForbidden},
		{name: "certificate_encoding_before_kid", rules: "3.1 3.7", edit: edits(wrongKid, x5c(1, suffix("\n"))), want: stapled.Malformed},
		{name: "certificate_parsing_before_kid", rules: "3.2 3.7", edit: edits(wrongKid, x5c(1, text("AA=="))), want: stapled.ChainInvalid},
		{name: "chain_order_before_kid", rules: "3.3 3.7", want: stapled.ChainInvalid,
			edit: edits(certificateChain(func(m *Maker) []*testca.Party { return []*testca.Party{m.client, m.sibling} }), wrongKid)},
		{name: "chain_order_before_alg_of_another_key", rules: "3.3 3.6", want: stapled.ChainInvalid,
			edit: edits(certificateChain(func(m *Maker) []*testca.Party { return []*testca.Party{m.client, m.sibling} }), header("alg", "ES384"))},
		{name: "weak_key_before_kid", rules: "3.4 3.7", leaf: client(testca.Keyed(testca.RSA1024)), edit: wrongKid, want: stapled.AlgorithmRejected},
		{name: "weak_certificate_signature_before_kid", rules: "3.5 3.7", leaf: client(signedWith(x509.ECDSAWithSHA1)), edit: wrongKid, want: stapled.AlgorithmRejected},
		{name: "weak_certificate_signature_before_alg_of_another_key", rules: "3.5 3.6", leaf: client(signedWith(x509.ECDSAWithSHA1)), edit: header("alg", "ES384"), want: stapled.AlgorithmRejected},
		{name: "kid_before_unknown_root", rules: "3.7 4.1", leaf: underStranger, edit: wrongKid, want: stapled.KeyMismatch},
		{name: "kid_before_signature", rules: "3.7 5.1", edit: edits(wrongKid, wrongKey), want: stapled.KeyMismatch},
		{name: "unknown_root_before_signature", rules: "4.1 5.1", leaf: underStranger, edit: wrongKey, want: stapled.ChainUntrusted,
			comment: "No key is used before an anchor stands behind it."},
		{name: "expired_leaf_before_signature", rules: "4.3 5.1", leaf: client(expired), edit: wrongKey, want: stapled.CertificateExpired},
		{name: "key_usage_before_signature", rules: "4.4 5.1", edit: wrongKey, want: stapled.KeyUsage,
			leaf: client(uses(x509.KeyUsageDigitalSignature, x509.ExtKeyUsageServerAuth))},
		{name: "signature_before_name_constraints", rules: "5.1 5.2", edit: wrongKey, want: stapled.SignatureInvalid,
			comment: "Only the holder of a certificate can make a verifier compare names.", leaf: below(func(t *testca.Template) { t.PermittedDNSDomains = []string{"other.example"} })},
		{name: "signature_before_absent_staple", rules: "5.1 6.1", edit: edits(dropHeader("ocsp"), wrongKey), want: stapled.SignatureInvalid},
		{name: "name_constraints_before_absent_staple", rules: "5.2 6.1", edit: dropHeader("ocsp"), want: stapled.ChainUntrusted,
			leaf: below(func(t *testca.Template) { t.PermittedDNSDomains = []string{"other.example"} })},
		{name: "signature_before_payload", rules: "5.1 7.1", edit: edits(claimsText(text("[]")), wrongKey), want: stapled.SignatureInvalid},
		{name: "unknown_root_before_expired_leaf", rules: "4.1 4.3", want: stapled.ChainUntrusted,
			leaf: func(m *Maker) *testca.Party { return m.newLeaf(m.newCA(m.stranger), expired) }},
		{name: "critical_extension_before_expired_leaf", rules: "4.2 4.3", leaf: client(expired, extension(true)), want: stapled.ChainUntrusted},
		{name: "expired_leaf_before_key_usage", rules: "4.3 4.4", want: stapled.CertificateExpired,
			leaf: client(expired, uses(x509.KeyUsageDigitalSignature, x509.ExtKeyUsageServerAuth))},
		{name: "key_usage_before_name_constraints", rules: "4.4 5.2", want: stapled.KeyUsage, leaf: func(m *Maker) *testca.Party {
			constrained := m.newCA(m.root, func(t *testca.Template) { t.PermittedDNSDomains = []string{"other.example"} })
			return m.newLeaf(constrained, uses(x509.KeyUsageDigitalSignature, x509.ExtKeyUsageServerAuth))
		}},
		{name: "key_usage_before_absent_staple", rules: "4.4 6.1", edit: dropHeader("ocsp"), want: stapled.KeyUsage,
			leaf: client(uses(x509.KeyUsageDigitalSignature, x509.ExtKeyUsageServerAuth))},
		{name: "expired_leaf_before_revoked", rules: "4.3 6.11", leaf: client(expired), staples: oneStaple(revoked), want: stapled.CertificateExpired},
		{name: "absent_staple_of_the_chain_before_a_revoked_leaf", rules: "6.1 6.11", policy: wholeChain, leaf: client(), staples: oneStaple(revoked), want: stapled.StapleMissing},
		{name: "extension_before_certid", rules: "6.4 6.6", want: stapled.StapleMalformed,
			staples: oneStaple(aboutAnother, func(r *testca.Response) {
				r.Extensions = []testca.Extension{{ID: privateOID, Critical: true, Value: []byte{5, 0}}}
			})},
		{name: "absent_nextUpdate_before_certid", rules: "6.5 6.6", want: stapled.StapleMalformed,
			staples: oneStaple(aboutAnother, single(func(s *testca.Single) { s.NextUpdate = time.Time{} }))},
		{name: "certid_before_signer", rules: "6.6 6.8", staples: oneStaple(aboutAnother, inside("signature", flip)), want: stapled.StapleMismatch},
		{name: "certid_before_revoked", rules: "6.6 6.11", staples: oneStaple(aboutAnother, revoked), want: stapled.StapleMismatch},
		{name: "signer_before_revoked", rules: "6.8 6.11", staples: oneStaple(revoked, inside("signature", flip)), want: stapled.StapleUntrusted},
		{name: "signer_before_stale", rules: "6.8 6.13", staples: oneStaple(window(-10*minute, -minute), inside("signature", flip)), want: stapled.StapleUntrusted},
		{name: "expired_delegate_before_revoked", rules: "6.9 6.11", want: stapled.StapleUntrusted, leaf: client(),
			staples: by(func(m *Maker, _ *testca.Party) *testca.Party { return m.newDelegate(m.ca, expired) }, revoked)},
		{name: "revoked_before_early", rules: "6.11 6.12", leaf: client(), staples: oneStaple(revoked, window(2*minute, 10*minute)), want: stapled.CertificateRevoked},
		{name: "stale_before_payload", rules: "6.13 7.1", staples: stale, edit: claimsText(text("[]")), want: stapled.StapleStale},
		{name: "stale_before_iss", rules: "6.13 7.3", staples: stale, edit: wrongIss, want: stapled.StapleStale},
		{name: "stale_before_expired_token", rules: "6.13 7.6", staples: stale, edit: times(-10*minute, -10*minute, -minute), want: stapled.StapleStale},
		{name: "payload_before_iss", rules: "7.1 7.3", edit: edits(wrongIss, claimsText(suffix("{}"))), want: stapled.Malformed},
		{name: "claim_type_before_iss", rules: "7.2 7.3", edit: edits(wrongIss, claim("exp", "x")), want: stapled.ClaimsInvalid},
		{name: "iss_before_aud", rules: "7.3 7.4", edit: edits(wrongIss, wrongAud), want: stapled.IssuerMismatch},
		{name: "aud_before_absent_exp", rules: "7.4 7.5", edit: edits(wrongAud, dropClaim("exp")), want: stapled.AudienceMismatch},
		{name: "aud_before_expired", rules: "7.4 7.6", edit: edits(wrongAud, times(-10*minute, -10*minute, -minute)), want: stapled.AudienceMismatch},
		{name: "absent_jti_before_expired", rules: "7.5 7.6", edit: edits(dropClaim("jti"), times(-10*minute, -10*minute, -minute)), want: stapled.ClaimsInvalid},
		{name: "expired_before_cnf", rules: "7.6 7.9", edit: edits(confirms((*Maker).Other), times(-10*minute, -10*minute, -minute)), want: stapled.TokenExpired},
		{name: "early_before_cnf", rules: "7.7 7.9", edit: edits(confirms((*Maker).Other), times(2*minute, 2*minute, 3*minute)), want: stapled.TokenNotYetValid},
		{name: "too_long_before_malformed_cnf", rules: "7.8 7.9", edit: edits(claim("cnf", 1), times(0, 0, 3*time.Hour)), want: stapled.ClaimsInvalid},
		{name: "aud_before_htm", rules: "7.4 7.9", edit: edits(wrongAud, claim("htm", "GET")), want: stapled.AudienceMismatch},
		{name: "expired_before_too_long", rules: "7.6 7.8", edit: times(-3*time.Hour, -3*time.Hour, -minute), want: stapled.TokenExpired},
		{name: "early_before_too_long", rules: "7.7 7.8", edit: times(2*minute, 2*minute, 3*time.Hour), want: stapled.TokenNotYetValid},
	}
}
