// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/strictjson"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// claims are the registered claims of a token (RFC 7519 §4.1).
type claims struct {
	iss, sub, jti string
	hasIss        bool
	hasAudience   bool // aud names the verifier's audience
	exp, nbf, iat time.Time
	request       string // the name of a claim that binds to a request
	cnf           string // the JSON text
}

// parseClaims does the part of step 7 that concerns the shape of the claims.
func parseClaims(payload, own string) (claims, error) {
	var buffer [24]strictjson.Member
	members, err := strictjson.ParseObject(payload, strictjson.Claims, buffer[:0])
	if err != nil {
		return claims{}, reject(stapled.Malformed, "payload: %w", err)
	}
	var c claims
	for _, m := range members {
		var err error
		switch m.Name {
		case "iss":
			c.hasIss = true
			c.iss, err = strictjson.Unquote(m.Value)
		case "sub":
			c.sub, err = strictjson.Unquote(m.Value)
		case "jti":
			c.jti, err = strictjson.Unquote(m.Value)
		case "aud":
			c.hasAudience, err = hasAudience(m.Value, own)
		case "exp":
			c.exp, err = parseNumericDate(m.Value)
		case "nbf":
			c.nbf, err = parseNumericDate(m.Value)
		case "iat":
			c.iat, err = parseNumericDate(m.Value)
		case "htm", "htu", "htq", "htd":
			c.request = m.Name
		case "cnf":
			c.cnf = m.Value
		}
		if err != nil {
			return claims{}, reject(stapled.ClaimsInvalid, "claim %s: %w", m.Name, err)
		}
	}
	return c, nil
}

// hasAudience reports whether aud contains the verifier's own audience.
func hasAudience(value, own string) (bool, error) {
	var buffer [4]string
	list, err := audience(value, buffer[:0])
	return slices.Contains(list, own), err
}

// audience appends the values of aud to list. The claim is one string or an
// array of strings (RFC 7519 §4.1.3).
func audience(value string, list []string) ([]string, error) {
	if strings.HasPrefix(value, "[") {
		return strictjson.ParseStrings(value, list, strictjson.MaxAudiences)
	}
	aud, err := strictjson.Unquote(value)
	if err != nil {
		return nil, err
	}
	return append(list, aud), nil
}

// maxDate is the end of the year 9999, the last year RFC 3339 can write.
const maxDate = 253402300799

// parseNumericDate parses seconds since the epoch (RFC 7519 §2). The format
// allows only whole seconds.
func parseNumericDate(value string) (time.Time, error) {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil || n > maxDate {
		return time.Time{}, errDate
	}
	return time.Unix(int64(n), 0), nil
}

var errDate = errors.New("not a whole number of seconds since 1970")

// check does step 7, except for the time checks of [accepted].
func (c *claims) check(view *view, h *provenHeader) error {
	if !c.hasIss {
		return reject(stapled.IssuerMismatch, "iss is absent")
	}
	if err := h.names.CheckIssuer(c.iss); err != nil {
		return err
	}
	if view.Issuers != nil && !slices.Contains(view.Issuers, c.iss) {
		return reject(stapled.IssuerMismatch, "iss is %.80q, which is not one of the expected issuers", c.iss)
	}
	if !c.hasAudience {
		return reject(stapled.AudienceMismatch, "aud does not name %q", view.Audience)
	}
	switch {
	case c.exp.IsZero() || c.nbf.IsZero() || c.iat.IsZero():
		return reject(stapled.ClaimsInvalid, "one of exp, nbf and iat is absent")
	case c.jti == "":
		return reject(stapled.ClaimsInvalid, "jti is absent or empty")
	case !c.exp.After(c.iat) || !c.exp.After(c.nbf):
		return reject(stapled.ClaimsInvalid, "exp is not after iat and nbf")
	}
	return nil
}

// checkLifetime does the last check of step 7.
func (t *accepted) checkLifetime(limit time.Duration) error {
	if lifetime := t.exp.Sub(t.iat); lifetime > limit {
		return reject(stapled.ClaimsInvalid, "exp is %s after iat, more than %s", timetext.Duration(lifetime), timetext.Duration(limit))
	}
	return nil
}

// checkClaimTimes does the comparisons of step 7 with the current time (RFC
// 7519 §4.1.4 to §4.1.6). The leeway moves only the beginning.
func (t *accepted) checkClaimTimes(now time.Time, leeway time.Duration) error {
	if !now.Before(t.end) {
		return reject(stapled.TokenExpired, "exp was %s, and it is %s", timetext.Stamp(t.end), timetext.Stamp(now))
	}
	if t.begin.Add(-leeway).After(now) {
		return reject(stapled.TokenNotYetValid, "from %s, and it is %s", timetext.Stamp(t.begin), timetext.Stamp(now))
	}
	return nil
}
