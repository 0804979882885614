// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"
)

// TransportOption changes what [Issuer.Transport] makes.
type TransportOption func(*transport)

// WithOrigins says where the tokens may go: URLs of which scheme, host and port
// count. Default: the audience, which then must be a URL.
func WithOrigins(origins ...string) TransportOption {
	return func(t *transport) { t.wanted = origins }
}

// UnsafePlaintext permits origins with the scheme http other than those of the
// loopback interface. Everybody on the way can then use the tokens until they
// expire.
func UnsafePlaintext() TransportOption {
	return func(t *transport) { t.plaintext = true }
}

// maxMargin is the longest time before its end at which a token is replaced.
const maxMargin = time.Minute

// Transport returns a RoundTripper that adds "Authorization: Bearer" and a
// token for one audience (RFC 6750 §2.1) to requests, and sends them with base;
// nil means http.DefaultTransport.
//
// A token is sent again until a fifth of its lifetime, at most a minute, is
// left: verifiers recognise it. It is not sent again once its staple has been
// replaced, the certificate rotated, or the certificate known to be revoked.
// If there is no token, the request is not sent, and the error wraps an
// [*Error].
//
// A RoundTripper sees each request by itself, also those that http.Client makes
// when it follows a redirect. Whoever may answer such a request with a redirect
// could send the token anywhere, so a token goes only to the origins it was
// made for: that of the audience if it is a URL, else those of [WithOrigins]. A
// redirect to another origin is followed without a token, and so is everything
// that comes after it. A request made for another origin is a mistake and
// fails.
func (i *Issuer) Transport(base http.RoundTripper, audience string, options ...TransportOption) http.RoundTripper {
	t := &transport{
		issuer: i, base: base, renewing: make(chan struct{}, 1),
		wanted: []string{audience}, claims: Claims{Audience: []string{audience}},
	}
	if t.base == nil {
		t.base = http.DefaultTransport
	}
	for _, option := range options {
		option(t)
	}
	if len(t.wanted) == 0 {
		t.err = refuse(ConfigInvalid, "no origin to send tokens to")
	}
	for _, raw := range t.wanted {
		o, err := parseOrigin(raw, t.plaintext)
		if err != nil {
			t.err = &Error{Reason: ConfigInvalid, Err: err}
		}
		t.origins = append(t.origins, o)
	}
	return t
}

type transport struct {
	issuer    *Issuer
	base      http.RoundTripper
	claims    Claims
	wanted    []string // the origins as configured
	origins   []origin
	plaintext bool
	err       error // of the configuration

	current atomic.Pointer[bearer]
	// renewing is held while a token is signed. It is a channel because
	// waiting for it must end with the context of the request.
	renewing chan struct{}
}

// bearer is a token that is sent from when it was signed until its time of
// renewal.
type bearer struct {
	header          *header
	value           string
	signed, renewal time.Time
}

// RoundTrip sends a request with a token. It does not modify the request.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	sent, err := t.authorize(req)
	if err != nil {
		// A RoundTripper closes the body, also when it fails.
		if req.Body != nil {
			if failed := req.Body.Close(); failed != nil {
				err = errors.Join(err, failed)
			}
		}
		return nil, err
	}
	resp, err := t.base.RoundTrip(sent)
	if resp != nil {
		// Who prints the response shall not find the token in it.
		resp.Request = req
	}
	return resp, err
}

// CloseIdleConnections is what http.Client's method of this name calls.
func (t *transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

func (t *transport) authorize(req *http.Request) (*http.Request, error) {
	if t.err != nil {
		return nil, t.err
	}
	if !permits(t.origins, req) {
		if req.Response != nil {
			return req, nil
		}
		return nil, refuse(ConfigInvalid, "a request to %s, and the tokens are for %s: use another client, or WithOrigins",
			originOf(req.URL), t.origins[0])
	}
	value, err := t.token(req.Context())
	if err != nil {
		return nil, err
	}
	sent := req.Clone(req.Context())
	if sent.Header == nil {
		sent.Header = make(http.Header)
	}
	sent.Header.Set("Authorization", value)
	return sent, nil
}

// token is the value of the Authorization header.
func (t *transport) token(ctx context.Context) (string, error) {
	value, err := t.reuse()
	if value != "" || err != nil {
		return value, err
	}
	// One request signs, those that come meanwhile wait for its token.
	select {
	case t.renewing <- struct{}{}:
		defer func() { <-t.renewing }()
	case <-ctx.Done():
		return "", &Error{Reason: Canceled, Err: context.Cause(ctx)}
	}
	if value, err := t.reuse(); value != "" || err != nil {
		return value, err
	}
	return t.renew()
}

// reuse returns the token that is held if it may be sent now, and "" if a new
// one is to be signed. Every condition for signing is checked again.
func (t *transport) reuse() (string, error) {
	held := t.current.Load()
	if held == nil {
		return "", nil
	}
	now, c := t.issuer.now(), t.issuer.current.Load()
	staples, err := c.usable(now)
	if err != nil {
		return "", err
	}
	// A token from the future, after the clock was set back, is refused by those
	// whose clock is right.
	if held.header != c.headerOf(staples) || now.Before(held.signed) || !now.Before(held.renewal) {
		return "", nil
	}
	return held.value, nil
}

func (t *transport) renew() (string, error) {
	now := t.issuer.now()
	h, err := t.issuer.current.Load().header(now)
	if err != nil {
		return "", err
	}
	raw, end, err := t.issuer.sign(h, t.claims, now)
	if err != nil {
		return "", err
	}
	margin := min(end.Sub(now)/5, maxMargin)
	next := &bearer{header: h, value: "Bearer " + raw, signed: now, renewal: end.Add(-margin)}
	t.current.Store(next)
	return next.value, nil
}
