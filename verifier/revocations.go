// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/sha256"
	"crypto/x509"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// revocations is what the verifier knows of revocations beyond the staples that
// a token carries (rule 6.10).
//
// A staple is seen when a token with a valid path and signature carries it, and
// it and those before it are authentic. Three facts about a certificate are
// enough to decide, whatever the order in which its staples were seen:
//
//   - final: the time until which a revocation counts that nobody takes back. It
//     is the latest of the ends of all final revocations seen. Each ends 2 ×
//     MaxStapleAge after its thisUpdate, or after it was last seen, whichever is
//     later.
//   - held and heldUntil: the thisUpdate and the end of the newest hold that was
//     fresh when seen. It contradicts good staples that are not newer, until they
//     are all stale. It contradicts a certificate without a staple while it is
//     fresh.
//   - good: the thisUpdate of the newest good staple that was fresh when seen. It
//     lifts an older hold of a certificate without a staple, even a hold that is
//     seen later. Only a CA's certificate may come without a staple. It matters
//     until every older hold is stale.
//
// Each is a maximum, so the outcome for a token depends on the set of staples
// seen, the token and the time, and not on their order. It does not depend on
// the caches either: whatever they hold was seen, good and fresh. What has been
// forgotten counts as not seen: when a pool was full, or after a clock that was
// ahead.
type revocations struct {
	// presented holds what was learned from staples that came with their
	// certificate.
	presented pool
	// lifts holds the good ones. They are apart, so that the many good staples of
	// one CA evict nobody's revocation.
	lifts pool
}

// certificateID identifies a certificate as a CRL or a CertID does, by issuer
// and serial number: it is the SHA-256 digest of the issuer's name, its public
// key and the serial number, which is positive. The first two are DER, so each
// ends where it says. Certificates that differ in anything else share their
// revocation, as do the paths of a cross-signed CA.
type certificateID [sha256.Size]byte

func certificateIDOf(c, issuer *x509.Certificate) certificateID {
	var room [512]byte
	id := append(append(room[:0], issuer.RawSubject...), issuer.RawSubjectPublicKeyInfo...)
	n := len(id)
	id = append(id, make([]byte, (c.SerialNumber.BitLen()+7)/8)...)
	c.SerialNumber.FillBytes(id[n:])
	return sha256.Sum256(id)
}

// learn records what an authentic staple says. ca reports whether it is about
// the certificate of a CA on the path.
func (r *revocations) learn(s provenStaple, ca bool, now time.Time, f ocspstaple.Freshness) {
	staple := s.staple
	thisUpdate := staple.ThisUpdate()
	switch {
	// 1. A good one lifts older holds. Of a leaf, the token's own decides.
	case staple.Status() == ocspstaple.Good:
		if ca && staple.CheckFresh(now, f) == nil {
			r.lifts.put(s.cert, thisUpdate, now, facts{good: thisUpdate, until: thisUpdate.Add(f.MaxAge)})
		}
	case staple.Status() != ocspstaple.Revoked:
	// 2. Serial numbers that the responder has not heard of may be revoked as
	// well (RFC 6960 §2.2). That is no revocation.
	case staple.ExtendedRevoke():
	// 3. A final revocation counts whatever its age.
	case staple.RevocationReason().IsFinal():
		until := latest(now, earliest(thisUpdate, now.Add(leeway.Of(f.Leeway)))).Add(f.MaxAge).Add(f.MaxAge)
		r.presented.put(s.cert, earliest(staple.RevokedAt(), now), now, facts{final: until, until: until})
	// 4. A hold counts if it is fresh.
	case staple.CheckFresh(now, f) == nil:
		r.presented.put(s.cert, earliest(staple.RevokedAt(), now), now,
			facts{held: thisUpdate, heldUntil: staple.FreshUntil(f), until: thisUpdate.Add(f.MaxAge)})
	}
}

// checkStapled refuses a certificate whose staple a revocation contradicts.
func (r *revocations) checkStapled(s provenStaple, now time.Time, f ocspstaple.Freshness) error {
	known, ok := r.presented.get(s.cert, now)
	if !ok {
		return nil
	}
	if err := known.checkFinal(now); err != nil {
		return err
	}
	thisUpdate := s.staple.ThisUpdate()
	held := !now.After(known.held.Add(f.MaxAge))
	if held && s.staple.Status() == ocspstaple.Good && !thisUpdate.After(known.held) {
		return reject(stapled.CertificateRevoked, "a staple that is not older says revoked")
	}
	return nil
}

// checkUnstapled refuses a CA certificate that comes without a staple and is
// known to be revoked.
func (r *revocations) checkUnstapled(cert certificateID, now time.Time) error {
	known, ok := r.presented.get(cert, now)
	if !ok {
		return nil
	}
	if err := known.checkFinal(now); err != nil {
		return err
	}
	if now.After(known.heldUntil) {
		return nil
	}
	if lift, ok := r.lifts.get(cert, now); ok && lift.good.After(known.held) {
		return nil
	}
	return reject(stapled.CertificateRevoked, "it has no staple, and a fresh one that was seen says revoked")
}

func (f *facts) checkFinal(now time.Time) error {
	if now.After(f.final) {
		return nil
	}
	return reject(stapled.CertificateRevoked, "a staple that was seen says revoked for good")
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
