// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// for one of these reasons, or none if it is negative.
func revokedFor(reason int) func(*testca.Response) {
	return func(r *testca.Response) {
		r.Singles[0].Status, r.Singles[0].Reason = testca.Revoked, reason
	}
}

const (
	unspecified     = -1
	keyCompromise   = 1
	certificateHold = 6
	removeFromCRL   = 8
)

// An attacker who kept a revoked response can replay it later. If it was a
// hold, since lifted, it must not end the use of the certificate. Any other is
// as true as on its first day.
func TestRevocationReplayed(t *testing.T) {
	const validity = 10 * time.Minute
	for _, row := range []struct {
		name   string
		reason int
		offset time.Duration // of its thisUpdate to that of the staple held
		want   stapled.Reason
	}{
		{"hold, expired", certificateHold, -time.Hour, stapled.StapleStale},
		{"hold, older than the staple held", certificateHold, -time.Minute, stapled.StapleNotNewer},
		{"hold of the same time", certificateHold, 0, stapled.CertificateRevoked},
		{"hold, newer", certificateHold, time.Second, stapled.CertificateRevoked},
		{"removal from a CRL, expired", removeFromCRL, -time.Hour, stapled.StapleStale},
		{"removal from a CRL, newer", removeFromCRL, time.Second, stapled.CertificateRevoked},
		{"key compromise, expired", keyCompromise, -time.Hour, stapled.CertificateRevoked},
		{"no reason, expired", unspecified, -time.Hour, stapled.CertificateRevoked},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				leaf, seen := newLeaf(), new(observer)
				f := &fetcher{answer: good(leaf, validity)}
				s := newStapler(t, leaf, f, func(c *stapler.Config) { c.Observer = seen })
				replayed := answer(leaf, row.offset, validity, revokedFor(row.reason))
				if err := s.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				held := current(t, s)
				time.Sleep(time.Second)
				f.set(always(replayed, nil))
				err := s.Refresh(t.Context())
				if _, failed := seen.told(); len(failed) != 1 || failed[0] != row.want {
					t.Errorf("the observer was told of %s, want %s", failed, row.want)
				}
				if row.want == stapled.CertificateRevoked {
					wantReason(t, err, row.want)
					return
				}
				if current(t, s) != held {
					t.Error("the staple held was replaced")
				}
				f.set(good(leaf, validity))
				if err := s.Refresh(t.Context()); err != nil || current(t, s) == held {
					t.Errorf("the next good answer: %v", err)
				}
			})
		})
	}
}

// A hold is not taken from the file after a restart: it may have been lifted.
// Nothing is given before the responder has said so.
func TestHoldIsAskedAboutAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		file := func(c *stapler.Config) { c.File = filepath.Join(t.TempDir(), "leaf.ocsp") }
		onHold := &fetcher{answer: always(answer(leaf, 0, time.Minute, revokedFor(certificateHold)), nil)}
		wantReason(t, newStapler(t, leaf, onHold, file).Refresh(t.Context()), stapled.CertificateRevoked)
		time.Sleep(time.Second)
		s := newStapler(t, leaf, &fetcher{answer: good(leaf, time.Minute)}, file)
		_, err := s.Current(time.Now())
		wantReason(t, err, stapled.StapleMissing)
		if err := s.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
