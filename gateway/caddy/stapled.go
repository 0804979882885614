// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package caddy is a module for Caddy 2 that lets in requests with an accepted
// stapled token, without a round trip to another process:
//
//	example.com {
//		stapled {
//			anchor /etc/caddy/root.pem
//			audience billing
//		}
//		reverse_proxy 127.0.0.1:8080
//	}
//
// The upstream gets the identity in the Stapled-* headers, and no client can set
// them. Other handlers find it in placeholders:
//
//	{http.auth.user.id}       the identity: the certificate's first URI or DNS name
//	{http.auth.user.issuer}   the iss claim, proven to name the certificate
//	{http.auth.user.subject}  the sub claim; empty if there is none
//	{http.auth.user.jti}      the jti claim
//	{http.auth.user.claims}   all claims, as a JSON object
//
// Authentication is all that the module does. What a caller may do is for Caddy's
// matchers:
//
//	@others not vars {http.auth.user.issuer} https://orders.internal
//	respond @others 403
package caddy

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/caddyauth"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/verifier"
)

func init() { caddy.RegisterModule(new(Stapled)) }

// Stapled accepts requests with a stapled token. It is the module
// http.authentication.providers.stapled.
type Stapled struct {
	// Anchors are the PEM files with the CAs to trust. Required. They are
	// followed: a CA can be added or replaced without a reload.
	Anchors []string `json:"anchors,omitempty"`
	// Audience must be among the values of aud (RFC 7519 §4.1.3). Required.
	Audience string `json:"audience,omitempty"`
	// Issuers restricts iss (RFC 7519 §4.1.1) to these exact values. A token of
	// another issuer is refused with 401. Default: any, if it names the
	// certificate.
	Issuers []string `json:"issuers,omitempty"`
	// Type is the expected typ header parameter. Default: stapled+jwt.
	Type string `json:"type,omitempty"`
	// MaxStapleAge limits the time since a staple's thisUpdate. Default: 1h.
	MaxStapleAge caddy.Duration `json:"max_staple_age,omitempty"`
	// TokenHeader is the header whose value is the token. Default: Authorization,
	// with the scheme Bearer.
	TokenHeader string `json:"token_header,omitempty"`
	// UnsafeForwardToken leaves the token in the request. Anyone who has it can
	// use it until it expires: the upstream, its logs, and anything it calls.
	UnsafeForwardToken bool `json:"unsafe_forward_token,omitempty"`

	gateway *gateway.Gateway
	pool    string // key of the trust in use
}

// CaddyModule returns the module's ID and constructor.
func (*Stapled) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.authentication.providers.stapled",
		New: func() caddy.Module { return new(Stapled) },
	}
}

// Provision loads the anchors, or shares those that another site, or the
// configuration before a reload, has loaded.
func (s *Stapled) Provision(ctx caddy.Context) error {
	if err := s.complete(); err != nil {
		return err
	}
	logger := ctx.Slogger()
	shared, key, err := acquire(s.Anchors, time.Duration(s.MaxStapleAge), logger)
	if err != nil {
		return fmt.Errorf("stapled: %w", err)
	}
	s.pool = key
	view, err := shared.verifier.View(verifier.ViewConfig{Audience: s.Audience, Issuers: s.Issuers, Type: s.Type})
	if err != nil {
		return fmt.Errorf("stapled: %w", err)
	}
	s.gateway, err = gateway.New(gateway.Config{Verifier: view, TokenHeader: s.TokenHeader, Logger: logger})
	if err != nil {
		return fmt.Errorf("stapled: %w", err)
	}
	return nil
}

// complete reports what the configuration lacks.
func (s *Stapled) complete() error {
	switch {
	case len(s.Anchors) == 0:
		return fmt.Errorf("stapled: no anchor: name the PEM file with the CA to trust")
	case s.Audience == "":
		return fmt.Errorf("stapled: no audience: name this service as the aud claim of a token does")
	case s.Issuers != nil && len(s.Issuers) == 0:
		return fmt.Errorf("stapled: issuers is empty: list the issuers, or remove it to let in every caller that the anchors vouch for")
	case s.MaxStapleAge < 0:
		return fmt.Errorf("stapled: max_staple_age is negative: write a duration such as 15m")
	}
	return nil
}

// Validate reports whether Provision has run.
func (s *Stapled) Validate() error {
	if s.gateway == nil {
		return fmt.Errorf("stapled: not provisioned")
	}
	return nil
}

// Cleanup releases the anchors. What nobody uses any more is not followed.
func (s *Stapled) Cleanup() error {
	if s.pool == "" {
		return nil
	}
	key := s.pool
	s.pool = ""
	return release(key)
}

// Authenticate decides about a request. Every request loses the headers that
// only the gateway may set; an accepted one gets those of its token.
func (s *Stapled) Authenticate(w http.ResponseWriter, r *http.Request) (caddyauth.User, bool, error) {
	if err := s.Validate(); err != nil {
		return caddyauth.User{}, false, err
	}
	strip(r.Header)
	keepUpgrade(r.Header)
	grant, refusal := s.gateway.Decide(r.Context(), s.requestOf(r))
	if refusal != nil {
		if refusal.Challenge != "" {
			w.Header().Set("WWW-Authenticate", refusal.Challenge)
		}
		w.Header().Set("Cache-Control", "no-store")
		return caddyauth.User{}, false, nil
	}
	token := grant.Token()
	identity, err := gateway.IdentityHeaders{}.Values(grant)
	if err != nil {
		return caddyauth.User{}, false, err
	}
	var claims json.RawMessage
	if err := token.Decode(&claims); err != nil {
		return caddyauth.User{}, false, fmt.Errorf("decode the claims of an accepted token: %w", err)
	}
	for name, value := range identity {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	if !s.UnsafeForwardToken {
		r.Header.Del(s.tokenHeader())
	}
	return caddyauth.User{ID: token.Identity(), Metadata: map[string]string{
		"issuer":  token.Issuer(),
		"subject": token.Subject(),
		"jti":     token.ID(),
		"claims":  string(claims),
	}}, true, nil
}

func (s *Stapled) tokenHeader() string {
	if s.TokenHeader == "" {
		return "Authorization"
	}
	return s.TokenHeader
}

// requestOf returns the values that the decision needs.
func (s *Stapled) requestOf(r *http.Request) gateway.Request {
	return gateway.Request{
		Credentials: r.Header.Values(s.tokenHeader()),
		Method:      r.Method,
		Target:      gateway.Target{Scheme: scheme(r), Host: r.Host, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery},
		Peer:        peer(r),
		RemoteAddr:  r.RemoteAddr,
	}
}

func scheme(r *http.Request) string {
	if r.TLS == nil {
		return "http"
	}
	return "https"
}

// peer returns the certificate of the TLS client, or nil.
func peer(r *http.Request) *x509.Certificate {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	return r.TLS.PeerCertificates[0]
}

// strip removes the headers that an upstream may mistake for one of ours. CGI
// and its descendants (RFC 3875 §4.1.18) ignore case, and turn every other
// character of a name into an underscore. It goes through the map itself,
// because the tricks are in the spelling of the names.
func strip(h http.Header) {
	for name := range h {
		if reserved(name) {
			delete(h, name)
		}
	}
}

// keepUpgrade lets Connection list nothing but upgrade: Caddy removes every
// header that is listed (RFC 9110 §7.6.1), and a client could list ours.
func keepUpgrade(h http.Header) {
	values := h["Connection"]
	if values == nil {
		return
	}
	delete(h, "Connection")
	for option := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if strings.EqualFold(strings.TrimSpace(option), "upgrade") {
			h["Connection"] = []string{"Upgrade"}
		}
	}
}

func reserved(name string) bool {
	const prefix = "stapled-"
	if len(name) < len(prefix) {
		return false
	}
	for i, c := range []byte(prefix) {
		folded := name[i]
		switch {
		case 'A' <= folded && folded <= 'Z':
			folded += 'a' - 'A'
		case 'a' <= folded && folded <= 'z', '0' <= folded && folded <= '9':
		default:
			folded = '-'
		}
		if folded != c {
			return false
		}
	}
	return true
}

// The lifecycle of a module.
var (
	_ caddy.Provisioner       = (*Stapled)(nil)
	_ caddy.Validator         = (*Stapled)(nil)
	_ caddy.CleanerUpper      = (*Stapled)(nil)
	_ caddyauth.Authenticator = (*Stapled)(nil)
)
