// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/loglimit"
)

// Question is a request that nobody sends.
type Question struct {
	// Method defaults to GET.
	Method string
	// URL is the absolute URL that the client asks for. Required.
	URL string
	// Token is empty for a request without one.
	Token string
	// Peer is the certificate of the TLS client; nil means none.
	Peer *x509.Certificate
	// Preflight makes it a CORS preflight.
	Preflight bool
	// At is the time of the request. The zero time means now.
	At time.Time
}

// Explainer says what a configuration answers, without listening.
type Explainer struct {
	generation *generation
	at         time.Time // zero means now
}

// NewExplainer reads every file of a configuration.
func NewExplainer(cfg Config) (*Explainer, error) {
	e := new(Explainer)
	s := &Server{log: slog.New(slog.DiscardHandler), requests: loglimit.New(slog.DiscardHandler), now: e.now, trust: new(trust)}
	var err error
	if e.generation, err = s.build(cfg); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Explainer) now() time.Time {
	if e.at.IsZero() {
		return time.Now()
	}
	return e.at
}

// Explain decides as a gateway with this configuration would. It is not safe for
// concurrent use.
func (e *Explainer) Explain(q Question) (gateway.Explanation, error) {
	r, err := q.request(e.generation.cfg.TokenHeader == "")
	if err != nil {
		return gateway.Explanation{}, err
	}
	e.at = q.At
	return e.generation.gateway.Explain(r), nil
}

// request returns the request as an adapter would.
func (q Question) request(bearer bool) (gateway.Request, error) {
	rest, ok := strings.CutPrefix(q.URL, "https://")
	scheme := "https"
	if !ok {
		rest, ok = strings.CutPrefix(q.URL, "http://")
		scheme = "http"
	}
	if _, err := url.Parse(q.URL); !ok || err != nil || strings.ContainsAny(q.URL, " #") {
		return gateway.Request{}, fmt.Errorf("the URL %q must be absolute, such as https://billing.internal/orders", q.URL)
	}
	// Cut, not parsed: the path must arrive as it is written.
	target, query, _ := strings.Cut(rest, "?")
	host, path, slash := strings.Cut(target, "/")
	if path = "/" + path; !slash {
		path = "/"
	}
	r := gateway.Request{
		Method: q.Method, Preflight: q.Preflight, Peer: q.Peer,
		Target: gateway.Target{Scheme: scheme, Host: host, Path: path, RawQuery: query},
	}
	if r.Method == "" {
		r.Method = "GET"
	}
	if q.Preflight {
		r.Method = "OPTIONS"
	}
	switch {
	case q.Token != "" && bearer:
		r.Credentials = []string{"Bearer " + q.Token}
	case q.Token != "":
		r.Credentials = []string{q.Token}
	}
	return r, nil
}
