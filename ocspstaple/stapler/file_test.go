// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

func TestFileOutlivesTheProcess(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		file := filepath.Join(t.TempDir(), "leaf.ocsp")
		edit := func(c *stapler.Config) {
			c.File, c.StapleChain, c.Anchor = file, true, leaf.Issuer.Issuer.Cert
		}
		first := newStapler(t, leaf, &fetcher{answer: good(leaf, 10*time.Minute)}, edit)
		if err := first.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		held, err := first.Current(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{file, file + ".1"} {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if mode := info.Mode().Perm(); mode != 0o600 {
				t.Errorf("%s has mode %o", name, mode)
			}
			if der, err := os.ReadFile(name); err != nil || !bytes.Equal(der, held[i].DER()) {
				t.Errorf("%s does not hold the response: %v", name, err)
			}
		}

		// The responder is down, but there are staples at once.
		seen := new(observer)
		down := &fetcher{answer: always(nil, errDown)}
		second := newStapler(t, leaf, down, edit, func(c *stapler.Config) { c.Observer = seen })
		if err := second.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if refreshed, _ := seen.told(); refreshed != 2 {
			t.Errorf("observer was told of %d staples", refreshed)
		}
		// The responder is asked at their half, not at the start.
		run(t, second)
		time.Sleep(4 * time.Minute)
		if n := len(down.seen()); n > 0 {
			t.Errorf("asked %d times before the half", n)
		}
		time.Sleep(2 * time.Minute)
		if n := len(down.seen()); n == 0 {
			t.Error("not asked at the half")
		}
	})
}

func TestFileIgnored(t *testing.T) {
	leaf := newLeaf()
	sibling := leaf.Issuer.Leaf(testca.Named("sibling"))
	// The previous certificate with the same name and key.
	previous := leaf.Issuer.Leaf()
	for _, row := range []struct {
		name    string
		content func() []byte
		says    string
	}{
		{"empty", func() []byte { return []byte{} }, "staple_malformed"},
		{"corrupt", func() []byte { return []byte("-----BEGIN") }, "staple_malformed"},
		{"cut short", func() []byte { der := answer(leaf, 0, time.Minute); return der[:len(der)-1] }, "staple_malformed"},
		{"flipped bit in the signature", func() []byte {
			der := answer(leaf, 0, time.Minute)
			der[len(der)-1] ^= 1
			return der
		}, "staple_untrusted"},
		{"stale", func() []byte { return answer(leaf, -time.Minute, 30*time.Second) }, "staple_stale"},
		{"of another certificate", func() []byte { return answer(sibling, 0, time.Minute) }, "staple_mismatch"},
		{"of the previous certificate", func() []byte { return answer(previous, 0, time.Minute) }, "staple_mismatch"},
		{"unknown", func() []byte { return answer(leaf, 0, time.Minute, saying(testca.Unknown)) }, "staple_unknown"},
		{"revoked, not authentic", func() []byte {
			return answer(leaf, 0, time.Minute, saying(testca.Revoked), testca.SignedBy(sibling, sibling.Cert))
		}, "staple_untrusted"},
		{"too large", func() []byte { return make([]byte, 64<<10+1) }, "more than 65536 bytes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "leaf.ocsp")
				if err := os.WriteFile(file, row.content(), 0o600); err != nil {
					t.Fatal(err)
				}
				log := new(logged)
				s := newStapler(t, leaf, &fetcher{answer: good(leaf, 10*time.Minute)}, func(c *stapler.Config) {
					c.File, c.Logger = file, slog.New(slog.NewTextHandler(log, nil))
				})
				_, err := s.Current(time.Now())
				wantReason(t, err, stapled.StapleMissing)
				if text := log.String(); !strings.Contains(text, row.says) || !strings.Contains(text, file) {
					t.Errorf("the log does not say %q about the file: %s", row.says, text)
				}
				// It is replaced by a good one.
				if err := s.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				if der, err := os.ReadFile(file); err != nil || !bytes.Equal(der, current(t, s).DER()) {
					t.Errorf("the file does not hold the new staple: %v", err)
				}
			})
		})
	}
}

func TestFileThatIsNoFile(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf, log := newLeaf(), new(logged)
		s := newStapler(t, leaf, &fetcher{answer: good(leaf, 10*time.Minute)}, func(c *stapler.Config) {
			c.File, c.Logger = t.TempDir(), slog.New(slog.NewTextHandler(log, nil))
		})
		if !strings.Contains(log.String(), "ignoring the file") {
			t.Errorf("the log is silent: %s", log)
		}
		// A staple that cannot be written is used anyway.
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(log.String(), "staple not written") {
			t.Errorf("the log is silent: %s", log)
		}
	})
}

func TestNoFileYet(t *testing.T) {
	log := new(logged)
	newStapler(t, newLeaf(), new(fetcher), func(c *stapler.Config) {
		c.File, c.Logger = filepath.Join(t.TempDir(), "leaf.ocsp"), slog.New(slog.NewTextHandler(log, nil))
	})
	if log.String() != "" {
		t.Errorf("the log complains: %s", log)
	}
}

// TestRevocationOutlivesTheProcess: after a restart the stapler gives out
// nothing before it has asked the responder, nor if that is down, nor when the
// response has become old.
func TestRevocationOutlivesTheProcess(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf := newLeaf()
		file := filepath.Join(t.TempDir(), "leaf.ocsp")
		edit := func(c *stapler.Config) { c.File = file }
		revoked := &fetcher{answer: always(answer(leaf, 0, time.Minute, saying(testca.Revoked)), nil)}
		wantReason(t, newStapler(t, leaf, revoked, edit).Refresh(t.Context()), stapled.CertificateRevoked)
		for _, later := range []time.Duration{0, time.Hour} {
			time.Sleep(later)
			down := &fetcher{answer: always(nil, errDown)}
			s := newStapler(t, leaf, down, edit)
			_, err := s.Current(time.Now())
			wantReason(t, err, stapled.CertificateRevoked)
			wantReason(t, s.Run(t.Context()), stapled.CertificateRevoked)
			if len(down.seen()) > 0 {
				t.Error("the responder was asked")
			}
		}
		// The renewed certificate, with the same file, is a different case.
		renewed := leaf.Issuer.Leaf()
		s := newStapler(t, renewed, &fetcher{answer: good(renewed, 10*time.Minute)}, edit)
		if err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
