// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"net/url"
)

// The default names of [IdentityHeaders].
//
// In all but HeaderClaims, bytes that are not visible ASCII, percent signs and
// commas are percent-encoded (RFC 3986 §2.1). So a claim cannot end the header,
// begin another one, or look like a second value, and [DecodeHeader] returns
// the exact claim. Common names, including URLs, stay readable.
const (
	// HeaderIssuer holds the iss claim, proven to name the certificate.
	HeaderIssuer = "Stapled-Issuer"
	// HeaderIdentity holds the certificate's first URI, or else its first DNS
	// name.
	HeaderIdentity = "Stapled-Identity"
	// HeaderSubject holds the sub claim.
	HeaderSubject = "Stapled-Subject"
	// HeaderTokenID holds the jti claim.
	HeaderTokenID = "Stapled-Token-Id"
	// HeaderClaims holds all claims: the JSON object in unpadded base64url (RFC
	// 7515 §2). It is nearly as long as the token.
	HeaderClaims = "Stapled-Claims"
)

// EncodeHeader percent-encodes everything that a header value must not contain.
// It also encodes the percent sign, so that no two values have the same
// encoding.
func EncodeHeader(value string) string {
	const hex = "0123456789ABCDEF"
	encoded := 0
	for i := range len(value) {
		if mustEncode(value[i]) {
			encoded++
		}
	}
	if encoded == 0 {
		return value // the usual case
	}
	b := make([]byte, 0, len(value)+2*encoded)
	for i := range len(value) {
		if c := value[i]; mustEncode(c) {
			b = append(b, '%', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

func mustEncode(c byte) bool { return c <= ' ' || c >= 0x7f || c == '%' || c == ',' }

// DecodeHeader decodes what [EncodeHeader] encoded, for upstreams. It refuses
// everything else, such as two values joined with a comma. It is not for
// HeaderClaims.
func DecodeHeader(value string) (string, error) {
	decoded, err := url.PathUnescape(value)
	if err != nil || EncodeHeader(decoded) != value {
		return "", errors.New("gateway: not the value of an identity header; is anything between the gateway and this service changing headers?")
	}
	return decoded, nil
}

// fold returns a character of the name of a header as careless servers read it.
// CGI and its descendants (RFC 3875 §4.1.18) ignore case and do not distinguish
// a hyphen from an underscore. Some servers turn every other character into an
// underscore too. So all of them count as a hyphen here.
func fold(c byte) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return c + 'a' - 'A'
	case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		return c
	}
	return '-'
}

// sameFolded reports whether careless servers do not distinguish two names. It
// looks at every header of every request, so it allocates nothing.
func sameFolded(a, b string) bool { return len(a) == len(b) && hasFoldedPrefix(a, b) }

// hasFoldedPrefix reports whether they read a prefix at the beginning of a name.
func hasFoldedPrefix(name, prefix string) bool {
	if len(name) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if fold(name[i]) != fold(prefix[i]) {
			return false
		}
	}
	return true
}

// reserved reports whether an upstream may mistake a header for one that the
// gateway sets by default, or in which a proxy describes a request.
func reserved(name string) bool {
	for _, whole := range [...]string{"x-real-ip", "forwarded", "client-cert", "client-cert-chain", "x-ssl-client-cert"} {
		if sameFolded(name, whole) {
			return true
		}
	}
	return hasFoldedPrefix(name, "stapled-") || hasFoldedPrefix(name, "x-forwarded-")
}
