// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// CombineConfig is the configuration of a Combined source.
type CombineConfig struct {
	// Issued says which serials the CA has issued. It may also know revocations.
	// Required. If it is a CRL, which knows only what is revoked, every serial
	// counts as issued (RFC 6960 §2.2).
	Issued Source
	// Revoked know revocations, such as a CRL. "Good" and "unknown" both mean
	// that such a source knows no revocation of the serial, and never make an
	// answer good. So what a CRL does not list is unknown unless Issued knows
	// it. At least one is required.
	Revoked []Source
}

// Combined is a Source made of several: a certificate issued by one, and
// revoked by any.
type Combined struct {
	sources []Source // the first is Issued
}

// Combine makes one source of several.
func Combine(cfg CombineConfig) (*Combined, error) {
	if cfg.Issued == nil {
		return nil, errors.New("responder: CombineConfig.Issued is nil; name the source that knows what the CA has issued")
	}
	if len(cfg.Revoked) == 0 {
		return nil, errors.New("responder: CombineConfig.Revoked is empty; name a source of revocations, or use Issued alone")
	}
	c := &Combined{sources: append([]Source{cfg.Issued}, cfg.Revoked...)}
	for i, s := range cfg.Revoked {
		if s == nil {
			return nil, fmt.Errorf("responder: CombineConfig.Revoked[%d] is nil", i)
		}
	}
	return c, nil
}

// Status implements Source. It asks every source, in order, and decides in this
// order:
//
//  1. Revoked for good by any source: revoked, even if another source fails.
//     Only a hold can be lifted, so nothing that the others could say matters,
//     and only the times of the sources that say so count.
//  2. A source fails: its error, because it might know of a revocation.
//  3. On hold in any source: revoked.
//  4. Otherwise, what Issued says: good, or unknown.
//
// ThisUpdate is the oldest and NextUpdate the earliest of the sources that the
// decision rests on. RevokedAt is the earliest time of revocation, and Reason
// comes from the same source: the revocation date is the date at which the CA
// processed the revocation (RFC 5280 §5.3.2), and sources that learned of it
// later do not move it. NotAfter is the latest that a source gives.
func (c *Combined) Status(ctx context.Context, serial *big.Int) (Status, error) {
	if len(c.sources) == 0 {
		return Status{}, errors.New("responder: this Combined was not made by responder.Combine")
	}
	var all, final, hold, issued Status
	var failures []error
	for i, source := range c.sources {
		st, err := source.Status(ctx, serial)
		if err == nil && st.Code > Revoked {
			err = fmt.Errorf("source %d of the combined ones returned the undefined status code %d", i, st.Code)
		}
		if err != nil {
			failures = append(failures, err)
			continue
		}
		if i == 0 {
			issued = st
		}
		all = both(all, st)
		switch {
		case st.Code != Revoked:
		case ocspwire.CRLReason(st.Reason).IsFinal():
			final = earlier(final, st)
		default:
			hold = earlier(hold, st)
		}
	}
	switch {
	case final.Code == Revoked:
		final.NotAfter = all.NotAfter
		return final, nil
	case len(failures) > 0:
		return Status{}, errors.Join(failures...)
	case hold.Code == Revoked:
		all.Code, all.RevokedAt, all.Reason = Revoked, hold.RevokedAt, hold.Reason
		return all, nil
	}
	all.Code = issued.Code
	return all, nil
}

// earlier returns the revocation that was first, with the times of both. b is a
// revocation; a is one too, or zero. A revocation without a time counts as
// later.
func earlier(a, b Status) Status {
	if a.Code != Revoked {
		return b
	}
	times := both(a, b)
	if a.RevokedAt.IsZero() || !b.RevokedAt.IsZero() && b.RevokedAt.Before(a.RevokedAt) {
		a = b
	}
	times.Code, times.RevokedAt, times.Reason = Revoked, a.RevokedAt, a.Reason
	return times
}

// both returns the times that hold for two statuses, and no more of them.
func both(a, b Status) Status {
	notAfter := a.NotAfter
	if b.NotAfter.After(notAfter) {
		notAfter = b.NotAfter
	}
	return Status{ThisUpdate: first(a.ThisUpdate, b.ThisUpdate), NextUpdate: first(a.NextUpdate, b.NextUpdate), NotAfter: notAfter}
}

// first returns the earlier of two times. Zero means no limit.
func first(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Version implements Versioned. It can tell if all sources can. The sum of
// versions that only grow stays the same only if each of them does.
func (c *Combined) Version(serial *big.Int) (version uint64, ok bool) {
	for _, source := range c.sources {
		versioned, isVersioned := source.(Versioned)
		if !isVersioned {
			return 0, false
		}
		v, ok := versioned.Version(serial)
		if !ok {
			return 0, false
		}
		version += v
	}
	return version, len(c.sources) > 0
}
