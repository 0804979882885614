// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

func TestRevokedForGood(t *testing.T) {
	for _, row := range []struct {
		name    string
		revoked func(leaf *testca.Party) *testca.Party
		offset  time.Duration // of the revoked answer
	}{
		{"leaf", func(leaf *testca.Party) *testca.Party { return leaf }, 0},
		{"intermediate", func(leaf *testca.Party) *testca.Party { return leaf.Issuer }, 0},
		{"by an answer older than the staple held", func(leaf *testca.Party) *testca.Party { return leaf }, -30 * time.Minute},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				leaf := newLeaf()
				f := &fetcher{answer: good(leaf, 10*time.Minute)}
				s := newStapler(t, leaf, f, func(c *stapler.Config) { c.StapleChain, c.Anchor = true, leaf.Issuer.Issuer.Cert })
				done := run(t, s)
				if err := s.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				f.set(func(ctx context.Context, req stapler.Request) ([]byte, error) {
					if p := row.revoked(leaf); req.Certificate.Equal(p.Cert) {
						return answer(p, row.offset, 10*time.Minute, saying(testca.Revoked)), nil
					}
					return good(leaf, 10*time.Minute)(ctx, req)
				})
				err := <-done
				wantReason(t, err, stapled.CertificateRevoked)
				if !errors.Is(err, stapled.CertificateRevoked) {
					t.Errorf("error %v is not ocspstaple's", err)
				}

				// Whatever the responder says from now on.
				f.set(good(leaf, 10*time.Minute))
				before := len(f.seen())
				for range 3 {
					time.Sleep(time.Hour)
					_, err := s.Current(time.Now())
					wantReason(t, err, stapled.CertificateRevoked)
					wantReason(t, s.Refresh(t.Context()), stapled.CertificateRevoked)
					wantReason(t, s.Wait(t.Context()), stapled.CertificateRevoked)
				}
				if n := len(f.seen()); n != before {
					t.Errorf("asked %d times after the revocation", n-before)
				}
			})
		})
	}
}

// TestRevokedByHearsay: a fetcher that claims a revocation, without a response
// that proves it, has merely failed.
func TestRevokedByHearsay(t *testing.T) {
	for name, claim := range map[string]error{
		"stapler":    &stapled.Error{Reason: stapled.CertificateRevoked, Err: errors.New("says the fetcher")},
		"ocspstaple": &stapled.Error{Reason: stapled.CertificateRevoked, Err: errors.New("says the fetcher")},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				leaf := newLeaf()
				f := &fetcher{answer: always(nil, claim)}
				s := newStapler(t, leaf, f)
				run(t, s)
				time.Sleep(time.Minute)
				_, err := s.Current(time.Now())
				wantReason(t, err, stapled.StapleMissing)
				f.set(good(leaf, 10*time.Minute))
				if err := s.Wait(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestRevokedFirst: Wait ends when there will never be a staple.
func TestRevokedFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		f := &fetcher{answer: always(answer(leaf, 0, time.Minute, saying(testca.Revoked)), nil)}
		s := newStapler(t, leaf, f)
		done := run(t, s)
		wantReason(t, s.Wait(t.Context()), stapled.CertificateRevoked)
		wantReason(t, <-done, stapled.CertificateRevoked)
	})
}
