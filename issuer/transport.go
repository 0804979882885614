// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"errors"
	"net/http"

	"github.com/stapledjwt/stapled"
)

// TransportConfig says which requests get a token, and which one.
type TransportConfig struct {
	// Issuer signs the tokens. Required.
	Issuer *Issuer
	// Audience is the aud claim of the tokens (RFC 7519 §4.1.3). Required.
	Audience string
	// Origins are where the tokens may go: URLs. Only their scheme, host and
	// port count. Default: the audience, which then must be a URL.
	Origins []string
	// Base sends the requests. Default [http.DefaultTransport].
	Base http.RoundTripper
	// UnsafePlaintext allows origins with the scheme http outside the loopback
	// interface. Anyone on the path can then use the tokens until they expire
	// (RFC 6750 §5.3).
	UnsafePlaintext bool
}

// Transport is an [http.RoundTripper] that adds "Authorization: Bearer" and a
// token for one audience (RFC 6750 §2.1) to requests. It takes the tokens from
// a [TokenSource]. If there is no token, it does not send the request, and the
// error wraps a [*stapled.Error].
//
// A RoundTripper sees each request separately, including those that http.Client
// makes when it follows a redirect. A server that redirects such a request
// could send the token anywhere, so a token goes only to its configured
// origins. The client follows a redirect to another origin without a token, and
// sends none with any request after that. A request made directly to another
// origin is a mistake and fails.
type Transport struct {
	source  *TokenSource
	base    http.RoundTripper
	origins []origin
}

// NewTransport returns a transport. It does not need a staple yet. The error is
// a [*stapled.Error] with the reason ConfigInvalid or ClaimsInvalid.
func NewTransport(cfg TransportConfig) (*Transport, error) {
	if cfg.Issuer == nil {
		return nil, refuse(stapled.ConfigInvalid, "TransportConfig.Issuer is required")
	}
	source, err := cfg.Issuer.NewTokenSource(Claims{Audience: []string{cfg.Audience}})
	if err != nil {
		return nil, err
	}
	t := &Transport{source: source, base: cfg.Base}
	if t.base == nil {
		t.base = http.DefaultTransport
	}
	wanted := cfg.Origins
	if wanted == nil {
		wanted = []string{cfg.Audience}
	}
	if len(wanted) == 0 {
		return nil, refuse(stapled.ConfigInvalid, "TransportConfig.Origins is empty: leave it out, or name where tokens may go")
	}
	for _, raw := range wanted {
		o, err := parseOrigin(raw, cfg.UnsafePlaintext)
		if err != nil {
			return nil, stapled.Errorf(stapled.ConfigInvalid, "%w", err)
		}
		t.origins = append(t.origins, o)
	}
	return t, nil
}

// RoundTrip sends a request with a token. It does not modify the request.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	sent, err := t.authorize(req)
	if err != nil {
		// A RoundTripper must close the body even on failure.
		if req.Body != nil {
			if failed := req.Body.Close(); failed != nil {
				err = errors.Join(err, failed)
			}
		}
		return nil, err
	}
	resp, err := t.base.RoundTrip(sent)
	if resp != nil {
		// Code that prints the response must not reveal the token.
		resp.Request = req
	}
	return resp, err
}

// CloseIdleConnections implements http.Client's method of the same name.
func (t *Transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

func (t *Transport) authorize(req *http.Request) (*http.Request, error) {
	if t.source == nil {
		return nil, refuse(stapled.ConfigInvalid, "this Transport was not made by issuer.NewTransport")
	}
	if !permits(t.origins, req) {
		if req.Response != nil {
			return req, nil
		}
		return nil, refuse(stapled.ConfigInvalid, "a request to %s, and the tokens are for %s: use another client, or name the origin in TransportConfig.Origins",
			originOf(req.URL), t.origins[0])
	}
	raw, _, err := t.source.Token(req.Context())
	if err != nil {
		return nil, err
	}
	sent := req.Clone(req.Context())
	if sent.Header == nil {
		sent.Header = make(http.Header)
	}
	sent.Header.Set("Authorization", "Bearer "+raw)
	return sent, nil
}
