// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapled

// Reason says why something was refused or failed. The strings are stable:
// errors, metrics, logs and test vectors use them. A Reason is an error, so
// errors.Is(err, stapled.StapleStale) works on errors from every package.
//
// The zero value is not a reason. No package in this module returns it.
type Reason string

// Error returns the reason as a string.
func (r Reason) Error() string { return string(r) }

// The reasons a verifier gives for rejecting a token, in the order of the steps
// in docs/format.md. An issuer refuses to sign for the same reasons.
const (
	// TooLarge: the token or a part of it exceeds a limit of the format.
	TooLarge Reason = "too_large"
	// Malformed: the token is not in compact serialization, its JSON is not
	// strict, or a member has the wrong type.
	Malformed Reason = "malformed"
	// TypeRejected: typ is not the expected type.
	TypeRejected Reason = "type_rejected"
	// AlgorithmRejected: alg, a key or a digest is weak or not allowed.
	AlgorithmRejected Reason = "algorithm_rejected"
	// HeaderForbidden: a header member names another source of keys or changes
	// how the token is read.
	HeaderForbidden Reason = "header_forbidden"

	// ChainInvalid: x5c is not a chain of certificates.
	ChainInvalid Reason = "chain_invalid"
	// KeyMismatch: the key, certificate and algorithm do not belong together.
	KeyMismatch Reason = "key_mismatch"

	// ChainUntrusted: the chain does not lead to an anchor.
	ChainUntrusted Reason = "chain_untrusted"
	// CertificateExpired: a certificate in the path is past its notAfter.
	CertificateExpired Reason = "certificate_expired"
	// CertificateNotYetValid: a certificate in the path is before its
	// notBefore.
	CertificateNotYetValid Reason = "certificate_not_yet_valid"
	// KeyUsage: the leaf may not sign tokens, or a CA may not issue such leaves.
	KeyUsage Reason = "key_usage"

	// SignatureInvalid: the leaf key did not sign these bytes.
	SignatureInvalid Reason = "signature_invalid"

	// StapleMissing: a certificate has no staple.
	StapleMissing Reason = "staple_missing"
	// StapleMalformed: the staple is not one well-formed answer about one
	// certificate.
	StapleMalformed Reason = "staple_malformed"
	// StapleMismatch: the staple is about another certificate.
	StapleMismatch Reason = "staple_mismatch"
	// StapleUntrusted: neither the issuer nor a responder it authorized signed
	// the staple.
	StapleUntrusted Reason = "staple_untrusted"
	// StapleUnknown: the responder does not know the certificate.
	StapleUnknown Reason = "staple_unknown"
	// CertificateRevoked: a certificate in the chain is revoked.
	CertificateRevoked Reason = "certificate_revoked"
	// StapleNotYetValid: the staple is from the future, beyond the leeway.
	StapleNotYetValid Reason = "staple_not_yet_valid"
	// StapleStale: the staple is past its nextUpdate, or older than the policy
	// allows.
	StapleStale Reason = "staple_stale"

	// ClaimsInvalid: a claim is missing, has the wrong type, or contradicts
	// another.
	ClaimsInvalid Reason = "claims_invalid"
	// IssuerMismatch: iss is not a name of the leaf, or not an expected issuer.
	IssuerMismatch Reason = "issuer_mismatch"
	// AudienceMismatch: aud does not name this audience.
	AudienceMismatch Reason = "audience_mismatch"
	// TokenExpired: exp has passed.
	TokenExpired Reason = "token_expired"
	// TokenNotYetValid: nbf or iat is in the future, beyond the leeway.
	TokenNotYetValid Reason = "token_not_yet_valid"
	// BindingMismatch: the token is bound to another peer or request, or the
	// verifier was not given what it is bound to.
	BindingMismatch Reason = "binding_mismatch"
)

// The reasons an issuer adds.
const (
	// ConfigInvalid: the configuration contradicts itself or the format.
	ConfigInvalid Reason = "config_invalid"
	// SigningFailed: the private key did not sign, or signed incorrectly.
	SigningFailed Reason = "signing_failed"
	// Canceled: the context ended first.
	Canceled Reason = "canceled"
)

// The reasons a stapler adds: why an attempt to get a staple failed.
const (
	// FetchFailed: the responder could not be reached, or did not answer.
	FetchFailed Reason = "fetch_failed"
	// ResponderError: the responder says that it cannot answer (RFC 6960 §2.3).
	ResponderError Reason = "responder_error"
	// StapleNotYetKnown: the responder does not know the certificate, which is
	// only minutes old. Its database may lag. For an older certificate the
	// reason is StapleUnknown.
	StapleNotYetKnown Reason = "staple_not_yet_known"
	// StapleNotNewer: the answer is not newer than the current staple.
	StapleNotNewer Reason = "staple_not_newer"
)

// The reasons a gateway adds.
const (
	// CredentialsMissing: the request has no Authorization header.
	CredentialsMissing Reason = "credentials_missing"
	// CredentialsMalformed: the request has several Authorization headers, or
	// one with another scheme, or one without exactly one token.
	CredentialsMalformed Reason = "credentials_malformed"
	// Unclassified: the verifier failed without giving a reason. Package
	// verifier always gives one.
	Unclassified Reason = "unclassified"
	// ForwardedRejected: the headers in which a proxy in front says what was
	// requested are missing, repeated or malformed, or come from somebody else.
	ForwardedRejected Reason = "forwarded_rejected"
	// PathRejected: the path of the request has a form that an upstream may
	// read as another path.
	PathRejected Reason = "path_rejected"
	// RouteMissing: no route of the policy matches the request.
	RouteMissing Reason = "route_missing"
	// PolicyDenied: the token is acceptable, and the route does not let it in.
	PolicyDenied Reason = "policy_denied"
	// PolicyFailed: no rule of the route let the token in, and one could not be
	// evaluated.
	PolicyFailed Reason = "policy_failed"
)

// The reasons a CA and its client add. Their messages say what to do.
const (
	// Unreachable: the CA or its OCSP responder does not answer.
	Unreachable Reason = "unreachable"
	// Refused: the CA answered, but refused or sent something unusable.
	Refused Reason = "refused"
	// AlreadyRevoked: the certificate was already revoked.
	AlreadyRevoked Reason = "already_revoked"
	// WrongPassword: a key cannot be decrypted.
	WrongPassword Reason = "wrong_password"
	// NotCADirectory: the directory is not a step-ca directory, or part of it
	// is missing.
	NotCADirectory Reason = "not_a_ca_directory"
	// DirectoryNotEmpty: the directory for a new CA holds something else.
	DirectoryNotEmpty Reason = "directory_not_empty"
	// PermissionDenied: the operating system denies access to a file. The
	// message names the user who has access.
	PermissionDenied Reason = "permission_denied"
	// DatabaseLocked: another process, or another CA in this one, uses the
	// database.
	DatabaseLocked Reason = "database_locked"
	// DatabaseDamaged: a database file is damaged; restore it from a backup.
	DatabaseDamaged Reason = "database_damaged"
	// DatabaseWriteFailed: a write to the database failed, which stopped the
	// CA.
	DatabaseWriteFailed Reason = "database_write_failed"
	// AddressInUse: another process is listening on an address.
	AddressInUse Reason = "address_in_use"
	// Closed: the CA has been closed, or is already running.
	Closed Reason = "closed"
	// Failed: the operating system or a library failed.
	Failed Reason = "failed"
)

// Reasons lists every reason a verifier gives for rejecting a token, in the
// order of the steps. A reason that several steps give appears only once, at
// the first.
func Reasons() []Reason {
	return []Reason{
		TooLarge, Malformed, TypeRejected, AlgorithmRejected, HeaderForbidden,
		ChainInvalid, KeyMismatch,
		ChainUntrusted, CertificateExpired, CertificateNotYetValid, KeyUsage, SignatureInvalid,
		StapleMissing, StapleMalformed, StapleMismatch, StapleUntrusted, StapleUnknown,
		CertificateRevoked, StapleNotYetValid, StapleStale,
		ClaimsInvalid, IssuerMismatch, AudienceMismatch, TokenExpired, TokenNotYetValid,
		BindingMismatch,
	}
}
