// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

func TestConfigRefused(t *testing.T) {
	root := testca.New()
	leaf := root.Intermediate().Leaf()
	direct := root.Leaf()
	other := testca.New(testca.Named("Other"))
	for _, row := range []struct {
		name string
		edit func(*stapler.Config)
		says string
	}{
		{"no chain", func(c *stapler.Config) { c.Chain = nil }, "1 to 5 certificates"},
		{"long chain", func(c *stapler.Config) { c.Chain = append(c.Chain, c.Chain[1], c.Chain[1], c.Chain[1], c.Chain[1]) }, "1 to 5 certificates"},
		{"no issuer for a single certificate", func(c *stapler.Config) { c.Chain = direct.Chain() }, "set Config.Anchor"},
		{"no issuer for the last of a stapled chain", func(c *stapler.Config) { c.StapleChain = true }, "set Config.Anchor"},
		{"anchor that issued nothing", func(c *stapler.Config) { c.StapleChain, c.Anchor = true, other.Cert }, "did not issue"},
		{"chain in the wrong order", func(c *stapler.Config) { c.Chain[1] = other.Cert }, "did not issue"},
		{"negative age", func(c *stapler.Config) { c.MaxAge = -1 }, "MaxAge is negative"},
		{"negative leeway", func(c *stapler.Config) { c.Leeway = -time.Second }, "a leeway of -1s is negative"},
		{"leeway of more than ten minutes", func(c *stapler.Config) { c.Leeway = 10*time.Minute + 1 }, "a leeway of 10m0.000000001s is more than 10m"},
		{"negative timeout", func(c *stapler.Config) { c.Timeout = -1 }, "Timeout is negative"},
		{"negative retry", func(c *stapler.Config) { c.RetryMin = -1 }, "RetryMin is negative"},
		{"RetryMax below RetryMin", func(c *stapler.Config) { c.RetryMin, c.RetryMax = time.Minute, time.Second }, "RetryMax is shorter"},
		{"no responder named", func(c *stapler.Config) { c.Fetcher = nil }, "names no OCSP responder"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := stapler.Config{Chain: leaf.Chain(), Fetcher: new(fetcher)}
			row.edit(&cfg)
			s, err := stapler.New(cfg)
			if err == nil || s != nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v and error %v, which is to say %q", s, err, row.says)
			}
		})
	}
}

func TestSingleCertificateBelowItsAnchor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		root := testca.New()
		leaf := root.Leaf()
		s := newStapler(t, leaf, &fetcher{answer: good(leaf, 10*time.Minute)}, func(c *stapler.Config) { c.Anchor = root.Cert })
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		current(t, s)
	})
}

// TestAnswersRefused: none of them is held, and each says why.
func TestAnswersRefused(t *testing.T) {
	leaf := newLeaf()
	sibling := leaf.Issuer.Leaf(testca.Named("sibling"))
	for _, row := range []struct {
		name   string
		answer func() ([]byte, error)
		reason stapled.Reason
	}{
		{"no answer", func() ([]byte, error) { return nil, errDown }, stapled.FetchFailed},
		{"nothing", func() ([]byte, error) { return nil, nil }, stapled.StapleMalformed},
		{"not OCSP", func() ([]byte, error) { return []byte("hello"), nil }, stapled.StapleMalformed},
		{"try later", func() ([]byte, error) {
			return leaf.Staple(func(r *testca.Response) { r.Status = 3 }), nil
		}, stapled.ResponderError},
		{"a status that no responder has", func() ([]byte, error) {
			return leaf.Staple(func(r *testca.Response) { r.Status = 4 }), nil
		}, stapled.StapleMalformed},
		{"for another certificate", func() ([]byte, error) { return answer(sibling, 0, time.Minute), nil }, stapled.StapleMismatch},
		{"signed by the leaf itself", func() ([]byte, error) {
			return answer(leaf, 0, time.Minute, testca.SignedBy(leaf, leaf.Cert)), nil
		}, stapled.StapleUntrusted},
		{"unknown", func() ([]byte, error) { return answer(leaf, 0, time.Minute, saying(testca.Unknown)), nil }, stapled.StapleUnknown},
		{"stale", func() ([]byte, error) { return answer(leaf, -time.Minute, 59*time.Second), nil }, stapled.StapleStale},
		{"too old", func() ([]byte, error) { return answer(leaf, -time.Hour-time.Second, 2*time.Hour), nil }, stapled.StapleStale},
		{"from the future", func() ([]byte, error) { return answer(leaf, time.Minute+time.Second, time.Hour), nil }, stapled.StapleNotYetValid},
		{"revoked", func() ([]byte, error) { return answer(leaf, 0, time.Minute, saying(testca.Revoked)), nil }, stapled.CertificateRevoked},
		{"revoked and stale", func() ([]byte, error) {
			return answer(leaf, -time.Hour, time.Minute, saying(testca.Revoked)), nil
		}, stapled.CertificateRevoked},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				seen, log := new(observer), new(logged)
				f := &fetcher{answer: func(context.Context, stapler.Request) ([]byte, error) { return row.answer() }}
				s := newStapler(t, leaf, f, func(c *stapler.Config) {
					c.Observer, c.Logger = seen, slog.New(slog.NewTextHandler(log, nil))
				})
				err := s.Refresh(t.Context())
				if !errors.Is(err, row.reason) {
					t.Errorf("got error %v, want %s", err, row.reason)
				}
				staples, err := s.Current(time.Now())
				if staples != nil || err == nil {
					t.Errorf("got %v and error %v", staples, err)
				}
				want := stapled.StapleMissing
				if row.reason == stapled.CertificateRevoked {
					want = stapled.CertificateRevoked
				}
				wantReason(t, err, want)
				refreshed, failed := seen.told()
				if refreshed != 0 || len(failed) != 1 || failed[0] != row.reason {
					t.Errorf("observer was told of %d refreshes and of %s", refreshed, failed)
				}
				if !strings.Contains(log.String(), string(row.reason)) && !strings.Contains(log.String(), "certificate revoked") {
					t.Errorf("the log does not say why: %s", log)
				}
			})
		})
	}
}

func TestErrorOfACustomFetcherIsKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newStapler(t, newLeaf(), &fetcher{answer: always(nil, errDown)})
		if err := s.Refresh(t.Context()); !errors.Is(err, errDown) || !errors.Is(err, stapled.StapleMissing) || !errors.Is(err, stapled.FetchFailed) {
			t.Errorf("error %v does not tell all", err)
		}
	})
}

func TestCurrentGivesTheSameSlice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		f := &fetcher{answer: good(leaf, 10*time.Minute)}
		s := newStapler(t, leaf, f)
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		first, err := s.Current(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		f.set(always(nil, errDown))
		wantReason(t, s.Refresh(t.Context()), stapled.FetchFailed)
		second, err := s.Current(time.Now())
		if err != nil || &first[0] != &second[0] {
			t.Errorf("another slice after a failure, error %v", err)
		}
		if n := testing.AllocsPerRun(20, func() { s.Current(time.Now()) }); n > 0 {
			t.Errorf("Current allocates %v times", n)
		}
	})
}

func TestStapleChain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		down := true
		f := &fetcher{}
		f.set(func(ctx context.Context, req stapler.Request) ([]byte, error) {
			if down && req.Certificate.IsCA {
				return nil, errDown
			}
			return good(leaf, 10*time.Minute)(ctx, req)
		})
		s := newStapler(t, leaf, f, func(c *stapler.Config) { c.StapleChain, c.Anchor = true, leaf.Issuer.Issuer.Cert })
		wantReason(t, s.Refresh(t.Context()), stapled.StapleMissing)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Wait(ctx); !errors.Is(err, stapled.StapleMissing) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait with one staple of two: %v", err)
		}
		f.set(good(leaf, 10*time.Minute))
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		staples, err := s.Current(time.Now())
		if err != nil || len(staples) != 2 {
			t.Fatalf("%d staples, error %v", len(staples), err)
		}
		for i, p := range []*testca.Party{leaf, leaf.Issuer} {
			if _, err := ocspstaple.Authenticate(staples[i].DER(), p.Cert, p.Issuer.Cert, time.Now(), 0); err != nil {
				t.Errorf("staple %d: %v", i, err)
			}
		}
	})
}
