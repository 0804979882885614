// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/stapledjwt/stapled/verifier"
)

// The headers in which a [Proxy] tells its upstream who is calling. A value
// that the token does not have gives no header.
//
// In all but HeaderClaims, a byte that is not visible ASCII, a percent sign and
// a comma are percent-encoded (RFC 3986 §2.1): nothing in a claim can end the
// header, begin another one, or look like a second value, and [DecodeHeader]
// gives the exact claim back. The usual names, URLs among them, stay readable.
const (
	// HeaderIssuer has the iss claim, proven to name the certificate.
	HeaderIssuer = "Stapled-Issuer"
	// HeaderIdentity has what the certificate names: its first URI, else its
	// first DNS name.
	HeaderIdentity = "Stapled-Identity"
	// HeaderSubject has the sub claim.
	HeaderSubject = "Stapled-Subject"
	// HeaderTokenID has the jti claim.
	HeaderTokenID = "Stapled-Token-Id"
	// HeaderClaims has all claims: the JSON object in unpadded base64url
	// (RFC 7515 §2). It is nearly as long as the token.
	HeaderClaims = "Stapled-Claims"
)

// IdentityHeaders is what the headers tell of a token: for each name its value.
// A value that the token does not have is empty. An adapter that cannot remove
// the headers of a client must set those too, so that they replace them.
func IdentityHeaders(token verifier.Token) (map[string]string, error) {
	var claims json.RawMessage
	if err := token.Decode(&claims); err != nil {
		return nil, fmt.Errorf("decode the claims of an accepted token: %w", err)
	}
	return map[string]string{
		HeaderIssuer:   EncodeHeader(token.Issuer()),
		HeaderIdentity: EncodeHeader(token.Identity()),
		HeaderSubject:  EncodeHeader(token.Subject()),
		HeaderTokenID:  EncodeHeader(token.ID()),
		HeaderClaims:   base64.RawURLEncoding.EncodeToString(claims),
	}, nil
}

// EncodeHeader percent-encodes what must not stand in the value of a header. The
// percent sign is among it, so that no two values are written alike.
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

// DecodeHeader is for upstreams: it gives back what [EncodeHeader] has encoded,
// and refuses everything else, such as two values that somebody has joined with
// a comma. It is not for HeaderClaims.
func DecodeHeader(value string) (string, error) {
	decoded, err := url.PathUnescape(value)
	if err != nil || EncodeHeader(decoded) != value {
		return "", errors.New("gateway: not the value of an identity header; is anything between the gateway and this service changing headers?")
	}
	return decoded, nil
}

// reserved reports whether an upstream may take a header for one that the
// gateway sets. CGI and what descends from it (RFC 3875 §4.1.18) see neither
// case nor the difference between a hyphen and an underscore, and some servers
// make an underscore of every other character too. So all of them count as a
// hyphen here.
func reserved(name string) bool {
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
	s := string(folded)
	return strings.HasPrefix(s, "stapled-") ||
		strings.HasPrefix(s, "x-forwarded-") || s == "x-real-ip" || s == "forwarded"
}
