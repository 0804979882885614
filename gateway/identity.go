// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strings"

	"github.com/stapledjwt/stapled/verifier"
)

// IdentityHeaders are the names of the headers that tell an upstream who is
// calling. An empty name is the default. Every one of them is set on every
// request that passes, empty if there is no value: no header of that name that
// a client has written survives, even behind a gateway that only copies what
// it is given.
type IdentityHeaders struct {
	// Issuer is HeaderIssuer by default, and so on.
	Issuer, Identity, Subject, TokenID, Claims string
	// WithoutClaims leaves the header Claims empty. All claims together can be
	// too long for the buffers of a proxy. The default is to send them, so that
	// an upstream finds every claim that it decides on.
	WithoutClaims bool
}

// spelled returns the names as they were given, in the order of the fields.
func (h *IdentityHeaders) spelled() [5]string {
	return [5]string{
		cmp.Or(h.Issuer, HeaderIssuer), cmp.Or(h.Identity, HeaderIdentity), cmp.Or(h.Subject, HeaderSubject),
		cmp.Or(h.TokenID, HeaderTokenID), cmp.Or(h.Claims, HeaderClaims),
	}
}

// names returns the canonical names, in the order of the fields.
func (h *IdentityHeaders) names() [5]string {
	names := h.spelled()
	if h.Issuer == "" && h.Identity == "" && h.Subject == "" && h.TokenID == "" && h.Claims == "" {
		return names // the defaults are canonical
	}
	for i, name := range names {
		names[i] = textproto.CanonicalMIMEHeaderKey(name)
	}
	return names
}

// Names returns the canonical names, also of those that are always empty.
func (h IdentityHeaders) Names() []string {
	names := h.names()
	return names[:]
}

// notForIdentity are headers that servers and proxies set for other purposes.
var notForIdentity = []string{
	"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Uri", "X-Forwarded-Method",
	"X-Forwarded-Port", "X-Forwarded-Prefix", "X-Real-Ip", "Client-Cert", "Client-Cert-Chain", "X-Forwarded-Client-Cert",
	"X-Ssl-Client-Cert", "Cache-Control", "Content-Encoding", "Date", "Traceparent", "Tracestate", "Www-Authenticate",
	"X-Content-Type-Options", "X-Request-Id",
}

// Check returns an error if the names cannot be used.
func (h IdentityHeaders) Check() error {
	names := h.names()
	for i, name := range names {
		switch {
		case strings.ContainsFunc(name, func(c rune) bool { return !alphanumeric(c) && c != '-' }):
			return fmt.Errorf("%q is not a name that every server leaves as it is; use letters, digits and hyphens, like X-Forwarded-User", name)
		case name == authorization || slices.Contains(notForTokens, name) || slices.Contains(notForIdentity, name):
			return fmt.Errorf("%s has another meaning; name one of your own, like X-Forwarded-User", name)
		case slices.Contains(names[:i], name):
			return fmt.Errorf("%s is used for two values; each needs a header of its own", name)
		}
	}
	return nil
}

// Values returns every header, by its canonical name. A value that the token
// does not have is empty, and at an open route all are. The zero Grant is an
// error.
func (h IdentityHeaders) Values(grant Grant) (map[string]string, error) {
	all, err := h.values(grant)
	if err != nil {
		return nil, err
	}
	values := make(map[string]string, len(all))
	for i, name := range h.names() {
		values[name] = all[i]
	}
	return values, nil
}

// values returns the values in the order of names.
func (h *IdentityHeaders) values(grant Grant) (values [5]string, err error) {
	if grant.route == nil {
		return values, errors.New("gateway: the zero Grant lets nothing pass; use one that Decide returned")
	}
	token := grant.token
	if token == (verifier.Token{}) { // an open route
		return values, nil
	}
	if !h.WithoutClaims {
		var claims json.RawMessage
		if err := token.Decode(&claims); err != nil {
			return values, fmt.Errorf("decode the claims of an accepted token: %w", err)
		}
		values[4] = base64.RawURLEncoding.EncodeToString(claims)
	}
	values[0], values[1] = EncodeHeader(token.Issuer()), EncodeHeader(token.Identity())
	values[2], values[3] = EncodeHeader(token.Subject()), EncodeHeader(token.ID())
	return values, nil
}

// Reserved reports whether an upstream may mistake a header for one of these,
// or for one in which a proxy describes a request or its client. No proxy may
// pass on what a client has written there. CGI and its descendants (RFC 3875
// §4.1.18) do not distinguish Stapled_Subject from Stapled-Subject.
func (h IdentityHeaders) Reserved(name string) bool {
	if reserved(name) {
		return true
	}
	for _, own := range h.spelled() {
		if sameFolded(own, name) {
			return true
		}
	}
	return false
}

// Alias reports whether a header is one of these in another spelling, such as
// Stapled_Subject. A gateway that replaces the header itself passes on this one.
func (h IdentityHeaders) Alias(name string) bool {
	if !strings.ContainsFunc(name, func(c rune) bool { return !alphanumeric(c) && c != '-' }) {
		return false // the usual case: it is one of these, or it is not
	}
	for _, own := range h.spelled() {
		if sameFolded(own, name) {
			return true
		}
	}
	return false
}
