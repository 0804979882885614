// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package responder answers OCSP requests (RFC 6960) in the lightweight
// profile of RFC 9919, on behalf of one or more CAs.
//
// A Responder never says "good" about a serial number unless its Source says
// so. It answers "unknown" for a serial that the CA has not issued,
// "unauthorized" for a CA that it does not serve, and "tryLater" when its
// source fails.
//
//	r, err := responder.New(responder.Config{Authorities: []responder.Authority{{
//		Certificate: caCert, Signer: caKey, Source: source,
//	}}})
//	…
//	http.ListenAndServe(address, r)
//
// Let the Responder be the handler of its server, or put it behind
// http.StripPrefix. An http.ServeMux redirects paths with double slashes, which
// occur in the base64 of GET requests.
package responder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/stapledjwt/stapled/internal/timetext"
	"golang.org/x/crypto/ocsp"
)

// DefaultValidity is how long a response is valid unless Config says otherwise.
const DefaultValidity = 10 * time.Minute

// Outcomes of a request, as an Observer gets them.
const (
	OutcomeGood          = "good"
	OutcomeRevoked       = "revoked"
	OutcomeUnknown       = "unknown"
	OutcomeMalformed     = "malformed_request"
	OutcomeUnauthorized  = "unauthorized"
	OutcomeTryLater      = "try_later"
	OutcomeInternalError = "internal_error"
)

// Observer is told about every answered request, for metrics.
type Observer interface {
	Observe(outcome string)
}

// Config is the configuration of a Responder.
type Config struct {
	// Authorities are the CAs to answer for. At least one.
	Authorities []Authority
	// Validity is the time from the answer to nextUpdate: how long a staple
	// that was good outlives the revocation of its certificate, from when the
	// source knows of it. A source that speaks of the past (Status.ThisUpdate)
	// adds its own delay. At least one second, because OCSP counts in seconds; 0
	// means DefaultValidity.
	Validity time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger gets a line for each failure; nil discards.
	Logger *slog.Logger
	// Observer counts outcomes; nil counts nothing.
	Observer Observer
}

// A Responder answers OCSP requests. It is safe for concurrent use.
type Responder struct {
	issuers  map[issuerID]*authority
	validity time.Duration
	now      func() time.Time
	log      *slog.Logger
	observe  func(string)
}

// New checks the configuration and returns a Responder.
func New(cfg Config) (*Responder, error) {
	r := &Responder{
		issuers:  make(map[issuerID]*authority),
		validity: cfg.Validity,
		now:      cfg.Now,
		log:      cfg.Logger,
		observe:  func(string) {},
	}
	if r.validity == 0 {
		r.validity = DefaultValidity
	}
	if r.validity < time.Second {
		return nil, fmt.Errorf("responder: validity %s is below one second, the resolution of OCSP", timetext.Duration(r.validity))
	}
	if r.now == nil {
		r.now = time.Now
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if cfg.Observer != nil {
		r.observe = cfg.Observer.Observe
	}
	if len(cfg.Authorities) == 0 {
		return nil, errors.New("responder: no authority to answer for")
	}
	for i, c := range cfg.Authorities {
		a, err := newAuthority(c, r.now())
		if err != nil {
			return nil, fmt.Errorf("responder: authority %d: %w", i, err)
		}
		ids, err := issuerIDs(c.Certificate)
		if err != nil {
			return nil, fmt.Errorf("responder: authority %d: %w", i, err)
		}
		for _, id := range ids {
			if r.issuers[id] != nil {
				return nil, fmt.Errorf("responder: authority %d: %s is configured twice", i, a.name)
			}
			r.issuers[id] = a
		}
	}
	return r, nil
}

// Respond answers one DER OCSPRequest with a DER OCSPResponse. It always
// returns a response; a failure is one of the error responses of RFC 6960 §2.3.
func (r *Responder) Respond(ctx context.Context, der []byte) []byte {
	return r.respond(ctx, der).der
}

// answer is a response and what HTTP has to know about it.
type answer struct {
	outcome string
	der     []byte
	window  window
}

// cacheable says whether a cache may keep the answer. An "unknown" is not
// kept: it stops being true as soon as the CA issues that serial.
func (a answer) cacheable() bool { return a.outcome == OutcomeGood || a.outcome == OutcomeRevoked }

func failure(outcome string) answer {
	errorResponses := map[string][]byte{
		OutcomeMalformed:    ocsp.MalformedRequestErrorResponse,
		OutcomeUnauthorized: ocsp.UnauthorizedErrorResponse,
		OutcomeTryLater:     ocsp.TryLaterErrorResponse,
	}
	der, ok := errorResponses[outcome]
	if !ok {
		der = ocsp.InternalErrorErrorResponse
	}
	return answer{outcome: outcome, der: slices.Clone(der)}
}

func (r *Responder) respond(ctx context.Context, der []byte) answer {
	a := r.decide(ctx, der)
	r.observe(a.outcome)
	return a
}

func (r *Responder) decide(ctx context.Context, der []byte) answer {
	if len(der) > MaxRequestSize {
		r.log.DebugContext(ctx, "OCSP request refused", "error", "request is too large", "bytes", len(der))
		return failure(OutcomeMalformed)
	}
	req, err := parseRequest(der)
	if err != nil {
		r.log.DebugContext(ctx, "OCSP request refused", "error", err)
		return failure(OutcomeMalformed)
	}
	// All three parts of the CertID have to be ours: the name alone or the key
	// alone may belong to another CA. An unknown hash matches nothing.
	a := r.issuers[issuerID{req.hash, string(req.nameHash), string(req.keyHash)}]
	if a == nil {
		return failure(OutcomeUnauthorized)
	}
	log := r.log.With("issuer", a.name, "serial", "0x"+req.serial.Text(16))

	// Before the question: an answer may be older than its arrival, and a good
	// must not be dated after a revocation that it does not know of.
	now := r.now()
	st, err := a.source.Status(ctx, req.serial)
	if err != nil {
		log.ErrorContext(ctx, "OCSP status source failed", "error", err)
		return failure(OutcomeTryLater)
	}
	w := r.window(now, st, a)
	switch {
	case now.After(a.signedBy.NotAfter):
		log.ErrorContext(ctx, "OCSP signer certificate has expired; renew it", "not_after", a.signedBy.NotAfter)
		return failure(OutcomeInternalError)
	case !w.nextUpdate.After(w.thisUpdate) || w.nextUpdate.Before(now):
		log.ErrorContext(ctx, "OCSP status source is out of date", "this_update", st.ThisUpdate, "next_update", st.NextUpdate)
		return failure(OutcomeTryLater)
	}
	if st.Code == Revoked {
		st = repairRevocation(st, w)
	}
	out, err := marshalResponse(a, req.raw, st, w)
	if err != nil {
		log.ErrorContext(ctx, "OCSP response could not be made", "error", err)
		return failure(OutcomeInternalError)
	}
	return answer{outcome: st.Code.String(), der: out, window: w}
}

// window computes the times of a response. No response outlives the
// certificate of its signer or the knowledge of its source.
func (r *Responder) window(now time.Time, st Status, a *authority) window {
	now = now.UTC().Truncate(time.Second)
	w := window{producedAt: now, thisUpdate: now}
	if !st.ThisUpdate.IsZero() && st.ThisUpdate.Before(now) {
		w.thisUpdate = st.ThisUpdate.UTC().Truncate(time.Second)
	}
	w.nextUpdate = now.Add(r.validity.Truncate(time.Second))
	for _, limit := range []time.Time{a.signedBy.NotAfter, st.NextUpdate} {
		if !limit.IsZero() && limit.Before(w.nextUpdate) {
			w.nextUpdate = limit.UTC().Truncate(time.Second)
		}
	}
	return w
}

// repairRevocation makes a revocation encodable. A detail that is missing or
// that a CRL entry cannot carry must not keep the revocation from being told:
// RevokedAt falls back to thisUpdate, and a reason that is reserved (7), out of
// range, or says the opposite (8, removeFromCRL, RFC 5280 §5.3.1) to unspecified.
func repairRevocation(st Status, w window) Status {
	st.RevokedAt = st.RevokedAt.UTC().Truncate(time.Second)
	// GeneralizedTime has four digits for the year.
	if year := st.RevokedAt.Year(); st.RevokedAt.IsZero() || year < 0 || year > 9999 {
		st.RevokedAt = w.thisUpdate
	}
	switch {
	case st.Reason < ocsp.Unspecified, st.Reason > ocsp.AACompromise, st.Reason == 7, st.Reason == ocsp.RemoveFromCRL:
		st.Reason = ocsp.Unspecified
	}
	return st
}
