// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/big"
	"time"

	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// answer is a response and what HTTP needs to know about it. It may be shared,
// so it must not be changed.
type answer struct {
	outcome Outcome
	alarm   Alarm
	der     []byte
	window  window
	// etag is the entity tag if caches may keep the answer, and empty
	// otherwise. A cache may keep an answer that is valid for every client.
	etag string
	// dated is set if no other answer that a client may hold has the same
	// thisUpdate, so the date identifies the answer.
	dated bool
	// ca, serial and reused are those of the Event, and not stored.
	ca     *x509.Certificate
	serial *big.Int
	reused bool
}

// again returns the answer for a request that it was not signed for.
func (s *signedAnswer) again() answer {
	a := s.answer
	a.reused = true
	return a
}

func failure(outcome Outcome) answer {
	var status ocspwire.ResponseStatus
	switch outcome {
	case OutcomeMalformed:
		status = ocspwire.MalformedRequest
	case OutcomeUnauthorized:
		status = ocspwire.Unauthorized
	case OutcomeTryLater:
		status = ocspwire.TryLater
	default:
		status = ocspwire.InternalError
	}
	return answer{outcome: outcome, der: ocspwire.ErrorResponse(status)}
}

// find returns a stored answer or makes one.
func (r *Responder) find(ctx context.Context, g *generation, a *authority, req *request, now time.Time, own bool) answer {
	key := answerKey{a, string(req.raw)}
	var held *signedAnswer
	if !own {
		held = g.answers.get(key)
	}
	// Read the version before the status: a later change then changes the
	// version.
	version, versioned := a.version(req.serial)
	if held != nil && versioned && held.versioned && held.version == version && held.young(now, maxAgeUnchanged) {
		r.refresh(ctx, g, a, req, held, now)
		return held.again()
	}
	return r.make(ctx, g, a, req, key, held, now, version, versioned)
}

// make makes an answer as of now, unless the source confirms the one that is
// held. The version was read before.
func (r *Responder) make(ctx context.Context, g *generation, a *authority, req *request, key answerKey, held *signedAnswer,
	now time.Time, version uint64, versioned bool) answer {
	log := func() *slog.Logger { return r.log.With("issuer", a.name, "serial", "0x"+req.serial.Text(16)) }
	st, err := a.source.Status(ctx, req.serial)
	if err != nil {
		failed := failure(OutcomeTryLater)
		message := "OCSP status source failed"
		if errors.Is(err, ErrRevocationLost) {
			failed.alarm, message = AlarmRevocationLost, "OCSP status source lost a revocation"
		}
		log().ErrorContext(ctx, message, "error", err)
		return failed
	}
	if held != nil && sameStatus(held.status, st) && held.young(now, maxAgeAsked) {
		return held.again()
	}
	made := r.sign(ctx, a, req, st, now, log)
	if made.etag == "" {
		return made
	}
	// HTTP dates have a resolution of one second. A revocation may come in the
	// same second as a good answer, whose holder must not be told that nothing
	// has changed. A source with past status times gives many answers the same
	// date, and so may authorities replaced within that second.
	made.dated = st.Code == Good && made.window.thisUpdate.Equal(made.window.producedAt) && made.window.thisUpdate.After(g.began)
	// The status may or may not include a change since the version was read.
	if after, _ := a.version(req.serial); after == version {
		g.answers.put(key, &signedAnswer{answer: made, status: st, asked: now, version: version, versioned: versioned})
	}
	return made
}

// sign makes an answer from a status, as of now.
func (r *Responder) sign(ctx context.Context, a *authority, req *request, st Status, now time.Time, log func() *slog.Logger) answer {
	w := r.window(now, st, a)
	switch {
	case now.After(a.signedBy.NotAfter):
		log().ErrorContext(ctx, "OCSP signer certificate has expired; renew it", "not_after", a.signedBy.NotAfter)
		return failure(OutcomeInternalError)
	case !w.nextUpdate.After(w.thisUpdate) || w.nextUpdate.Before(now):
		log().ErrorContext(ctx, "OCSP status source is out of date", "this_update", st.ThisUpdate, "next_update", st.NextUpdate)
		return failure(OutcomeTryLater)
	}
	if st.Code == Revoked {
		st = repairRevocation(st, w)
	}
	out, err := marshalResponse(a, req.raw, req.nonce, st, w)
	if err != nil {
		log().ErrorContext(ctx, "OCSP response could not be made", "error", err)
		return failure(OutcomeInternalError)
	}
	made := answer{outcome: Outcome(st.Code.String()), der: out, window: w}
	// Caches must not keep an unknown, which stops being true as soon as the CA
	// issues that serial, nor an answer made for one client.
	if st.Code != Unknown && req.nonce == nil {
		sum := sha256.Sum256(out)
		made.etag = `"` + hex.EncodeToString(sum[:]) + `"`
	}
	return made
}

// window computes the times of a response. No response outlives its signer's
// certificate or its source's knowledge.
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

// repairRevocation makes a revocation encodable. A detail that is missing, or
// that a CRL entry cannot carry, must not suppress the revocation. RevokedAt
// falls back to thisUpdate. A reason falls back to unspecified if it is
// reserved (7), out of range, or means the opposite (8, removeFromCRL, RFC 5280
// §5.3.1).
func repairRevocation(st Status, w window) Status {
	st.RevokedAt = st.RevokedAt.UTC().Truncate(time.Second)
	// GeneralizedTime has four digits for the year.
	if year := st.RevokedAt.Year(); st.RevokedAt.IsZero() || year < 0 || year > 9999 {
		st.RevokedAt = w.thisUpdate
	}
	if reason := ocspwire.CRLReason(st.Reason); !reason.Valid() || reason == ocspwire.RemoveFromCRL {
		st.Reason = int(ocspwire.Unspecified)
	}
	return st
}
