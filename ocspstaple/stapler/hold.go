// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"slices"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// load reads the staples from their files. A file is a convenience: one that is
// stale, corrupt, unreadable or about another certificate counts as missing.
func (s *Stapler) load() {
	for _, sub := range s.subjects {
		der, err := sub.read()
		if der == nil && err == nil {
			continue
		}
		if err == nil {
			var staple *ocspstaple.Staple
			staple, err = sub.examine(der, s.now(), s.freshness)
			// A certificate stays revoked even when the response that says so
			// gets old. A hold may have been lifted.
			if err == nil || isFinal(staple) {
				s.hold(sub, staple, false)
				continue
			}
		}
		s.log.Warn("kept staple not usable, ignoring the file",
			"certificate", sub.String(), "file", sub.file, "error", err)
	}
}

// hold makes an authentic staple the current one if it says good, or stops
// everything if it says revoked.
func (s *Stapler) hold(sub *subject, staple *ocspstaple.Staple, save bool) {
	if isRevoked(staple) {
		s.revoke(sub, staple)
	} else {
		s.change(func(st *state) {
			st.staples[sub.index], st.failed[sub.index] = staple, nil
		})
		// Log this as a warning, as the failures were: not all of them were
		// logged.
		if attempts, began := sub.outage.end(); attempts > 0 {
			s.log.Warn("new staple after failures", "certificate", sub.String(),
				"failures", attempts, "after", s.now().Sub(began).Round(time.Millisecond))
		}
		s.log.Info("staple held", "certificate", sub.String(),
			"this_update", staple.ThisUpdate(), "next_update", staple.NextUpdate(), "from_file", !save)
		s.observe(Event{Outcome: OutcomeRefreshed, Index: sub.index, Staple: staple})
	}
	if !save || sub.file == "" {
		return
	}
	// Also keep a revoked response: after a restart the stapler does not ask
	// again.
	if err := certs.WriteFile(sub.file, staple.DER()); err != nil {
		s.log.Error("staple not written to its file; a restart will need the responder",
			"certificate", sub.String(), "file", sub.file, "error", err)
	}
}

// revoke stops the use of the chain for good. A CA never withdraws a revocation
// (RFC 5280 §5.3), except for certificateHold, and after lifting a hold the
// operator starts a new stapler.
func (s *Stapler) revoke(sub *subject, staple *ocspstaple.Staple) {
	err := about(staple.Check(s.now(), s.freshness), sub.String())
	s.change(func(st *state) {
		if st.revoked == nil {
			st.revoked = err
		}
	})
	s.log.Error("certificate revoked, no staple will be given any more: enroll a new certificate",
		"certificate", sub.String(), "revoked_at", staple.RevokedAt(), "reason", staple.RevocationReason().String(), "file", sub.file)
	s.observe(Event{Outcome: OutcomeFailed, Index: sub.index, Reason: stapled.CertificateRevoked})
}

// fail records why an attempt failed and keeps the current staple. It logs the
// first failure of an outage, each new reason, and the others at growing
// intervals.
func (s *Stapler) fail(sub *subject, err *stapled.Error, retry time.Duration) {
	s.change(func(st *state) { st.failed[sub.index] = err })
	s.observe(Event{Outcome: OutcomeFailed, Index: sub.index, Reason: err.Reason})
	now, held := s.now(), s.held(sub)
	fresh := held != nil && !now.After(held.FreshUntil(s.freshness))
	attempt, unsaid, log := sub.outage.failed(now, err.Reason, fresh)
	if !log {
		return
	}
	attrs := []any{
		"certificate", sub.String(), "reason", string(err.Reason), "error", err.Err,
		"attempt", attempt, "retry_in", retry.Round(time.Millisecond),
	}
	if unsaid > 0 {
		attrs = append(attrs, "not_logged", unsaid)
	}
	if fresh {
		s.log.Warn("no new staple", append(attrs, "held_until", held.FreshUntil(s.freshness))...)
		return
	}
	s.log.Warn("no new staple, and none to sign with", attrs...)
}

// change replaces the state with an edited copy. It also copies the slice of
// staples, but only if one of them changes: the same slice tells callers that
// nothing changed.
func (s *Stapler) change(edit func(*state)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.current.Load()
	next := &state{
		staples: slices.Clone(old.staples),
		failed:  slices.Clone(old.failed),
		revoked: old.revoked,
		ended:   old.ended,
	}
	edit(next)
	if slices.Equal(next.staples, old.staples) {
		next.staples = old.staples
	}
	s.current.Store(next)
	if !s.isReady && (next.revoked != nil || next.ended || !slices.Contains(next.staples, nil)) {
		s.isReady = true
		close(s.ready)
	}
}

func isRevoked(staple *ocspstaple.Staple) bool {
	return staple != nil && staple.Status() == ocspstaple.Revoked
}

// isFinal reports whether a staple says revoked and not only on hold: a hold
// may be lifted (RFC 5280 §5.3.1). Otherwise a network attacker could keep the
// response that reported a hold, and use it much later to end the use of the
// certificate.
func isFinal(staple *ocspstaple.Staple) bool {
	return isRevoked(staple) && staple.RevocationReason().IsFinal()
}
