// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"slices"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// load takes over what the files hold. A file is a convenience: one that is
// stale, corrupt, unreadable or about another certificate is as good as none.
func (s *Stapler) load() {
	for _, sub := range s.subjects {
		der, err := sub.read()
		if der == nil && err == nil {
			continue
		}
		if err == nil {
			var staple *ocspstaple.Staple
			staple, err = sub.examine(der, s.now(), s.freshness)
			// That a certificate is revoked stays true when the response that
			// says so gets old. A hold may have been lifted.
			if err == nil || isFinal(staple) {
				s.hold(sub, staple, false)
				continue
			}
		}
		s.log.Warn("kept staple not usable, ignoring the file",
			"certificate", sub.String(), "file", sub.file, "error", err)
	}
}

// hold makes an authentic staple the current one if it says good, or ends
// everything if it says revoked.
func (s *Stapler) hold(sub *subject, staple *ocspstaple.Staple, save bool) {
	if isRevoked(staple) {
		s.revoke(sub, staple)
	} else {
		s.change(func(st *state) {
			st.staples[sub.index], st.failed[sub.index] = staple, nil
		})
		// As loud as the failures were, of which the log has not had the last.
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
	// A revoked response is kept as well: a restart does not ask again.
	if err := certs.WriteFile(sub.file, staple.DER()); err != nil {
		s.log.Error("staple not written to its file; a restart will need the responder",
			"certificate", sub.String(), "file", sub.file, "error", err)
	}
}

// revoke ends the use of the chain for good (RFC 5280 §5.3: a revocation is
// not taken back, save for certificateHold, and whoever lifts a hold starts a new
// stapler).
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

// fail remembers why an attempt failed; what is held stays. The log gets the
// first failure of an outage, each new reason, and the others at growing distance.
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

// change replaces the state by an edited copy. The slice of staples is copied
// too, and only if one of them changes: its identity tells its users that
// nothing has.
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

// isFinal tells revocations from a hold, which may be lifted (RFC 5280 §5.3.1).
// Somebody on the network who has kept the response that told of a hold could
// otherwise end the use of the certificate long after.
func isFinal(staple *ocspstaple.Staple) bool {
	return isRevoked(staple) && ocspwire.CRLReason(staple.RevocationReason()).IsFinal()
}
