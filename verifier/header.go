// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"
	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/strictjson"
)

// header is the protected header of a token. None of it is proven yet.
type header struct {
	alg, typ          string
	hasTyp            bool
	kid, digest       string // kid and x5t#S256
	hasKid, hasDigest bool
	x5c, ocsp         []string
	forbidden         string // the first forbidden member
	// room holds x5c and ocsp at their usual length.
	room struct{ x5c, ocsp [2]string }
}

// forbidden lists the members that name other keys, other rules or another
// payload encoding (RFC 7515 §4.1, RFC 7797). Keys come only from x5c.
var forbidden = []string{"crit", "jku", "jwk", "x5u", "b64"}

// parseHeader does the parts of steps 1 and 2 that concern the shape of the
// header.
func parseHeader(text string) (*header, error) {
	var buffer [16]strictjson.Member
	members, err := strictjson.ParseObject(text, strictjson.Header, buffer[:0])
	if err != nil {
		return nil, reject(stapled.Malformed, "header: %w", err)
	}
	h := new(header)
	for _, m := range members {
		if err := h.set(m); err != nil {
			reason := stapled.Malformed
			if errors.Is(err, strictjson.ErrTooMany) {
				reason = stapled.TooLarge
			}
			return nil, reject(reason, "header member %q: %w", m.Name, err)
		}
	}
	if size := decodedSize(h.x5c); size > stapled.MaxChainBytes {
		return nil, reject(stapled.TooLarge, "certificates of %d bytes, more than %d", size, stapled.MaxChainBytes)
	}
	if size := decodedSize(h.ocsp); size > stapled.MaxStapleBytes {
		return nil, reject(stapled.TooLarge, "staples of %d bytes, more than %d", size, stapled.MaxStapleBytes)
	}
	return h, nil
}

// decodedSize returns the decoded size of base64 texts. Anything else fails
// later.
func decodedSize(list []string) int {
	size := 0
	for _, s := range list {
		padding := len(s) - len(strings.TrimRight(s, "="))
		size += base64.StdEncoding.DecodedLen(len(s)) - min(padding, 2)
	}
	return size
}

func (h *header) set(m strictjson.Member) (err error) {
	switch m.Name {
	case "alg":
		h.alg, err = strictjson.Unquote(m.Value)
	case "typ":
		h.hasTyp = true
		h.typ, err = strictjson.Unquote(m.Value)
	case "kid":
		h.hasKid = true
		h.kid, err = strictjson.Unquote(m.Value)
	case "x5t#S256":
		h.hasDigest = true
		h.digest, err = strictjson.Unquote(m.Value)
	case "x5c":
		h.x5c, err = strictjson.ParseStrings(m.Value, h.room.x5c[:0], stapled.MaxChain)
	case "ocsp":
		h.ocsp, err = strictjson.ParseStrings(m.Value, h.room.ocsp[:0], stapled.MaxChain+1)
	default:
		if h.forbidden == "" && slices.Contains(forbidden, m.Name) {
			h.forbidden = m.Name
		}
	}
	return err
}

// check does step 2: typ and alg must be allowed, and no forbidden member may
// be present. It returns the algorithm.
func (h *header) check(view *view, algorithms []string) (jose.SignatureAlgorithm, error) {
	if !h.hasTyp {
		return "", reject(stapled.TypeRejected, "typ is absent")
	}
	if err := view.checkType(h.typ); err != nil {
		return "", err
	}
	// RFC 8725 §3.1.
	i := slices.Index(algorithms, h.alg)
	if i < 0 {
		return "", reject(stapled.AlgorithmRejected, "alg is %.40q", h.alg)
	}
	if h.forbidden != "" {
		return "", reject(stapled.HeaderForbidden, "header member %q", h.forbidden)
	}
	if len(h.x5c) == 0 {
		return "", reject(stapled.Malformed, "x5c is absent or empty")
	}
	return jose.SignatureAlgorithm(algorithms[i]), nil
}

// checkType compares typ with the type that the view expects (RFC 8725 §3.11).
func (v *view) checkType(typ string) error {
	if typ != v.Type && !sameMediaType(typ, v.Type) {
		return reject(stapled.TypeRejected, "typ is %.40q, not %q", typ, v.Type)
	}
	return nil
}

// sameMediaType reports whether two typ values are the same media type (RFC
// 7515 §4.1.9). It ignores case and adds "application/" to a value without a
// slash.
func sameMediaType(a, b string) bool {
	return isASCII(a) && strings.EqualFold(mediaSubtype(a), mediaSubtype(b))
}

// isASCII rejects letters such as "ſ", which only Unicode folds to ASCII: media
// types are ASCII (RFC 6838 §4.2).
func isASCII(s string) bool {
	for _, c := range []byte(s) {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func mediaSubtype(s string) string {
	const prefix = "application/"
	if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) &&
		!strings.Contains(s[len(prefix):], "/") {
		return s[len(prefix):]
	}
	return s
}
