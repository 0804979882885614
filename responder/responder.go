// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package responder answers OCSP requests (RFC 6960) in the lightweight profile
// of RFC 9919, on behalf of one or more CAs. It works with any CA: a [Source]
// says which certificates exist and which are revoked, and a [crypto.Signer]
// signs with the key of the CA or of a delegate.
//
//	r, err := responder.New(responder.Config{Authorities: []responder.Authority{{
//		Certificate: caCert, Signer: caKey, Source: source,
//	}}})
//	…
//	server := &http.Server{Addr: address, Handler: r, ReadHeaderTimeout: 10 * time.Second}
//
// # Answers
//
// A Responder never says "good" about a serial number unless its Source says
// so. It answers "unknown" for a serial that the CA has not issued,
// "unauthorized" for a CA that it does not serve, and "tryLater" when its
// source fails.
//
// The responder reuses a signed answer while it is right; see [Versioned]. The
// answer keeps its times, so Config.Validity still limits it. An "unknown" is
// never reused: it stops being true when the CA issues the serial, and anyone
// can ask for any number of them. A nonce (RFC 9654) gets its own answer, and
// so does an HTTP request with Cache-Control: no-cache. Together these are
// limited to 20 answers a second, with bursts of 100. Beyond that, they are
// answered as if they had not asked; if the nonce is critical, the answer is
// tryLater.
//
// # Sources
//
// [Combine] makes one source of several: what was issued from one, revocations
// from any. Package responder/index reads OpenSSL's index.txt. Package
// responder/ledger keeps any source from taking back a final revocation.
//
// # Mounting
//
// Make the Responder the handler of its own server, as above. Do not mount it on
// an [http.ServeMux]: that redirects paths with double slashes, which occur in
// the base64 of GET requests. To share a server, decide before the mux:
//
//	ocsp := http.StripPrefix("/ocsp", r)
//	handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
//		if p := req.URL.Path; p == "/ocsp" || strings.HasPrefix(p, "/ocsp/") {
//			ocsp.ServeHTTP(w, req)
//			return
//		}
//		mux.ServeHTTP(w, req)
//	})
//
// Certificates then name http://host/ocsp in their authority information
// access. [Responder.Respond] serves any other transport.
//
// # Changes at run time
//
// A source can change its answers at any time. To change signers, sources or
// whole CAs, call [Responder.Replace].
package responder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/stapledjwt/stapled/internal/timetext"
)

// DefaultValidity is the default validity of a response.
const DefaultValidity = 10 * time.Minute

// Config is the configuration of a Responder.
type Config struct {
	// Authorities are the CAs to answer for. At least one is required.
	Authorities []Authority
	// Validity is the time from signing to nextUpdate. After a revocation,
	// counted from when the source knows of it, a good staple can live on for
	// this long. A source with past status times (Status.ThisUpdate) adds its
	// own delay. At least one second, because OCSP counts in seconds. 0 means
	// DefaultValidity.
	Validity time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger logs each failure; nil discards.
	Logger *slog.Logger
	// Observer receives an event for every answered request; nil for none.
	Observer Observer
}

// A Responder answers OCSP requests. It is safe for concurrent use.
type Responder struct {
	validity time.Duration
	now      func() time.Time
	log      *slog.Logger
	observer Observer // nil for none
	own      budget
	// refreshing has an element for each answer that is made in the background.
	refreshing chan struct{}

	mu      sync.RWMutex
	current *generation // guarded by mu
}

// New returns a Responder, or an error if the configuration is invalid.
func New(cfg Config) (*Responder, error) {
	r := &Responder{validity: cfg.Validity, now: cfg.Now, log: cfg.Logger, observer: cfg.Observer, refreshing: make(chan struct{}, maxRefreshing)}
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
	var err error
	if r.current, err = newGeneration(cfg.Authorities, r.now(), nil); err != nil {
		return nil, fmt.Errorf("responder: %w", err)
	}
	return r, nil
}

// Replace makes the responder answer for exactly these authorities: the same CA
// with another signer or source, one more CA, or one less. It checks them as
// [New] does. If it returns an error, the responder continues as before.
//
// The new authorities answer every request that begins after Replace has
// returned, with a newly signed answer; earlier answers are not reused. A
// request that began earlier may still use an old source and an old signer.
// Answers in clients and HTTP caches stay valid until their nextUpdate.
func (r *Responder) Replace(authorities ...Authority) error {
	if r.now == nil {
		return errors.New("responder: this Responder was not made by responder.New")
	}
	now, before := r.begin()
	next, err := newGeneration(authorities, now, before)
	if err != nil {
		return fmt.Errorf("responder: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	next.began = r.now()
	r.current = next
	return nil
}

// begin returns the time of a request and the generation at that time.
func (r *Responder) begin() (time.Time, *generation) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.now(), r.current
}

// Respond answers a DER-encoded OCSPRequest with a DER-encoded OCSPResponse. It
// always returns a response; on failure, one of the error responses of RFC 6960
// §2.3.
func (r *Responder) Respond(ctx context.Context, der []byte) []byte {
	return slices.Clone(r.respond(ctx, der, false).der)
}

// respond answers a request, with a newly signed answer if revalidate is set
// and the budget permits.
func (r *Responder) respond(ctx context.Context, der []byte, revalidate bool) answer {
	a := r.decide(ctx, der, revalidate)
	event := Event{Outcome: a.outcome, Alarm: a.alarm, CA: a.ca, Serial: a.serial, Reused: a.reused}
	if r.observer != nil {
		r.observer.Observe(event)
	}
	if o, ok := ctx.Value(observerKey{}).(Observer); ok && o != nil {
		o.Observe(event)
	}
	return a
}

func (r *Responder) decide(ctx context.Context, der []byte, revalidate bool) answer {
	if r.now == nil { // New did not make it
		return failure(OutcomeInternalError)
	}
	if len(der) > MaxRequestSize {
		r.log.DebugContext(ctx, "OCSP request refused", "error", "request is too large", "bytes", len(der))
		return failure(OutcomeMalformed)
	}
	req, err := parseRequest(der)
	if err != nil {
		r.log.DebugContext(ctx, "OCSP request refused", "error", err)
		return failure(OutcomeMalformed)
	}
	// Take the time before asking the source. An answer may be older than its
	// arrival, but a good must not be dated after a revocation that it misses.
	now, g := r.begin()
	// All three parts of the CertID must be ours: the name alone or the key
	// alone may belong to another CA. An unknown hash matches nothing.
	a := g.issuers[req.issuer]
	if a == nil {
		return failure(OutcomeUnauthorized)
	}
	own := req.nonce != nil || revalidate
	if own && !r.own.take(now) {
		if req.nonce != nil && req.nonce.critical {
			refused := failure(OutcomeTryLater)
			refused.ca, refused.serial = a.ca, req.serial
			return refused
		}
		// RFC 9919 does not require a responder to answer a nonce.
		own, req.nonce = false, nil
	}
	answer := r.find(ctx, g, a, req, now, own)
	answer.ca, answer.serial = a.ca, req.serial
	return answer
}
