// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapled

// Reason is why something was refused or failed. The strings are stable: errors,
// metrics, logs and test vectors use them. A Reason is an error, so that
// errors.Is(err, stapled.StapleStale) asks for it, whichever package said it.
//
// The zero value is no reason. No package of this module gives it.
type Reason string

// Error is the reason as a string.
func (r Reason) Error() string { return string(r) }

// The reasons for which a verifier rejects a token, in the order of the steps in
// docs/format.md that give them. An issuer refuses to sign for the same reasons.
const (
	// TooLarge: the token, or a part of it, exceeds a limit of the format.
	TooLarge Reason = "too_large"
	// Malformed: the token is not one in compact serialization, its JSON is not
	// strict, or a member has the wrong type.
	Malformed Reason = "malformed"
	// TypeRejected: typ is not the expected one.
	TypeRejected Reason = "type_rejected"
	// AlgorithmRejected: alg, a key or a digest is weak or not permitted.
	AlgorithmRejected Reason = "algorithm_rejected"
	// HeaderForbidden: a header member that names another source of keys, or that
	// changes how the token is read.
	HeaderForbidden Reason = "header_forbidden"

	// ChainInvalid: x5c is not a chain of certificates.
	ChainInvalid Reason = "chain_invalid"
	// KeyMismatch: key, certificate and algorithm do not belong together.
	KeyMismatch Reason = "key_mismatch"

	// ChainUntrusted: the chain does not lead to an anchor.
	ChainUntrusted Reason = "chain_untrusted"
	// CertificateExpired: a certificate of the path is past its notAfter.
	CertificateExpired Reason = "certificate_expired"
	// CertificateNotYetValid: a certificate of the path is before its notBefore.
	CertificateNotYetValid Reason = "certificate_not_yet_valid"
	// KeyUsage: the leaf may not sign tokens, or a CA may not issue such leaves.
	KeyUsage Reason = "key_usage"

	// SignatureInvalid: the leaf key has not signed these bytes.
	SignatureInvalid Reason = "signature_invalid"

	// StapleMissing: a certificate has no staple.
	StapleMissing Reason = "staple_missing"
	// StapleMalformed: not one well-formed answer about one certificate.
	StapleMalformed Reason = "staple_malformed"
	// StapleMismatch: about another certificate.
	StapleMismatch Reason = "staple_mismatch"
	// StapleUntrusted: not signed by the issuer or a responder that it authorized.
	StapleUntrusted Reason = "staple_untrusted"
	// StapleUnknown: the responder does not know the certificate.
	StapleUnknown Reason = "staple_unknown"
	// CertificateRevoked: a certificate of the chain is revoked.
	CertificateRevoked Reason = "certificate_revoked"
	// StapleNotYetValid: from the future, beyond the leeway.
	StapleNotYetValid Reason = "staple_not_yet_valid"
	// StapleStale: past its nextUpdate, or older than the policy permits.
	StapleStale Reason = "staple_stale"

	// ClaimsInvalid: a claim is absent, has the wrong type, or contradicts another.
	ClaimsInvalid Reason = "claims_invalid"
	// IssuerMismatch: iss is no name of the leaf, or not an expected issuer.
	IssuerMismatch Reason = "issuer_mismatch"
	// AudienceMismatch: aud does not name this audience.
	AudienceMismatch Reason = "audience_mismatch"
	// TokenExpired: exp has passed.
	TokenExpired Reason = "token_expired"
	// TokenNotYetValid: nbf or iat lies in the future, beyond the leeway.
	TokenNotYetValid Reason = "token_not_yet_valid"
)

// The reasons that an issuer adds.
const (
	// ConfigInvalid: the configuration contradicts itself or the format.
	ConfigInvalid Reason = "config_invalid"
	// SigningFailed: the private key did not sign, or not correctly.
	SigningFailed Reason = "signing_failed"
	// Canceled: the context ended first.
	Canceled Reason = "canceled"
)

// The reasons that a stapler adds: why an attempt to get a staple failed.
const (
	// FetchFailed: the responder could not be asked, or did not answer.
	FetchFailed Reason = "fetch_failed"
	// ResponderError: the responder says that it cannot answer (RFC 6960 §2.3).
	ResponderError Reason = "responder_error"
	// StapleNotYetKnown: the responder does not know the certificate, which is
	// minutes old. Its database may lag. Of an older one it is StapleUnknown.
	StapleNotYetKnown Reason = "staple_not_yet_known"
	// StapleNotNewer: the answer is not newer than the staple that is held.
	StapleNotNewer Reason = "staple_not_newer"
)

// The reasons that a gateway adds.
const (
	// CredentialsMissing: the request has no Authorization header.
	CredentialsMissing Reason = "credentials_missing"
	// CredentialsMalformed: it has several, or one of another scheme, or one
	// without exactly one token.
	CredentialsMalformed Reason = "credentials_malformed"
	// Unclassified: the verifier failed without giving a reason. The one of
	// package verifier always gives one.
	Unclassified Reason = "unclassified"
)

// The reasons that a CA and its client add. Their messages say what to do.
const (
	// Unreachable: the CA or its OCSP responder does not answer.
	Unreachable Reason = "unreachable"
	// Refused: the CA has answered, and refused or sent something unusable.
	Refused Reason = "refused"
	// AlreadyRevoked: the certificate was revoked before.
	AlreadyRevoked Reason = "already_revoked"
	// WrongPassword: a key cannot be decrypted.
	WrongPassword Reason = "wrong_password"
	// NotCADirectory: the directory is not a step-ca directory, or a part of it is
	// missing.
	NotCADirectory Reason = "not_a_ca_directory"
	// DirectoryNotEmpty: the directory for a new CA holds something else.
	DirectoryNotEmpty Reason = "directory_not_empty"
	// PermissionDenied: the operating system refuses access to a file. The message
	// names the user who has it.
	PermissionDenied Reason = "permission_denied"
	// DatabaseLocked: another process, or another CA of this one, uses the database.
	DatabaseLocked Reason = "database_locked"
	// DatabaseDamaged: a file of the database is damaged; restore it from a backup.
	DatabaseDamaged Reason = "database_damaged"
	// DatabaseWriteFailed: a write to the database failed, which ended the CA.
	DatabaseWriteFailed Reason = "database_write_failed"
	// AddressInUse: another process listens on an address.
	AddressInUse Reason = "address_in_use"
	// Closed: the CA has been closed, or is running already.
	Closed Reason = "closed"
	// Failed: the operating system or a library failed.
	Failed Reason = "failed"
)

// Reasons lists every reason for which a verifier rejects a token, in the order
// of the steps. A reason that several steps give stands where it comes first.
func Reasons() []Reason {
	return []Reason{
		TooLarge, Malformed, TypeRejected, AlgorithmRejected, HeaderForbidden,
		ChainInvalid, KeyMismatch,
		ChainUntrusted, CertificateExpired, CertificateNotYetValid, KeyUsage, SignatureInvalid,
		StapleMissing, StapleMalformed, StapleMismatch, StapleUntrusted, StapleUnknown,
		CertificateRevoked, StapleNotYetValid, StapleStale,
		ClaimsInvalid, IssuerMismatch, AudienceMismatch, TokenExpired, TokenNotYetValid,
	}
}
