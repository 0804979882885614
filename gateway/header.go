// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"net/url"
	"strings"
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
	var b strings.Builder
	for _, c := range []byte(value) {
		if c <= ' ' || c >= 0x7f || c == '%' || c == ',' {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

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

// fold returns the name of a header as careless servers read it. CGI and its
// descendants (RFC 3875 §4.1.18) ignore case and do not distinguish a hyphen
// from an underscore. Some servers turn every other character into an
// underscore too. So all of them count as a hyphen here.
func fold(name string) string {
	folded := []byte(name)
	for i, c := range folded {
		switch {
		case 'A' <= c && c <= 'Z':
			folded[i] = c + 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		default:
			folded[i] = '-'
		}
	}
	return string(folded)
}

// reserved reports whether an upstream may mistake a header for one that the
// gateway sets by default, or in which a proxy describes a request.
func reserved(name string) bool {
	switch folded := fold(name); folded {
	case "x-real-ip", "forwarded", "client-cert", "client-cert-chain", "x-ssl-client-cert":
		return true
	default:
		return strings.HasPrefix(folded, "stapled-") || strings.HasPrefix(folded, "x-forwarded-")
	}
}
