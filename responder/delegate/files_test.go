// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package delegate_test

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder/delegate"
)

// TestFollow: something else renews the files. Half a pair, or anything that is
// no delegate, changes nothing, and is worth one line.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		first := s.issue()
		s.must(first.Save(s.cert, s.key))
		k := s.run(func(cfg *delegate.Config) { cfg.Obtain = nil })
		other := s.issue()
		s.must(other.Save(s.cert+".other", s.key+".other"))
		rename := func(name string) { s.must(os.Rename(name+".other", name)) }
		looks := func() {
			time.Sleep(3*certs.ReloadInterval + time.Second)
			synctest.Wait()
		}
		inUse := func(want *certs.Identity, failure bool, changes int) {
			t.Helper()
			snapshot := k.Snapshot()
			if !snapshot.Certificate.Equal(want.Leaf()) || (snapshot.Failure.Err != nil) != failure || len(s.changes) != changes || !snapshot.RenewAt.IsZero() {
				t.Errorf("%+v with %d changes", snapshot, len(s.changes))
			}
		}
		looks()
		inUse(first, false, 0)
		s.wantLines(slog.LevelWarn)

		rename(s.cert) // torn
		looks()
		inUse(first, true, 0)
		s.wantLines(slog.LevelWarn, "key_mismatch")
		rename(s.key)
		looks()
		inUse(other, false, 1)
		s.wantLines(slog.LevelWarn, "key_mismatch")

		s.must(os.WriteFile(s.cert, []byte("-----BEGIN CERT"), 0o600)) // cut off
		looks()
		inUse(other, true, 1)
		s.must(os.Remove(s.cert))
		looks()
		inUse(other, true, 1)
		plain := s.issue(func(t *testca.Template) { t.ExtKeyUsage = nil })
		s.must(plain.Save(s.cert, s.key))
		looks()
		inUse(other, true, 1)
		s.wantLines(slog.LevelWarn, "key_mismatch", "cut off", "no such file", "OCSPSigning")
		s.must(other.Save(s.cert, s.key))
		looks()
		inUse(other, false, 1)
	})
}

// TestFilesDuringRenewal: what a Keeper has obtained is not replaced by an older
// delegate in the files, but by a newer one.
func TestFilesDuringRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		k := s.run(nil)
		first := k.Current().Leaf()
		older := s.issue(testca.Valid(first.NotBefore, first.NotAfter.Add(-time.Hour)))
		s.must(older.Save(s.cert, s.key))
		time.Sleep(certs.ReloadInterval + time.Second)
		synctest.Wait()
		if current := k.Current().Leaf(); !current.Equal(first) {
			t.Error("an older one came into use")
		}
		newer := s.issue()
		s.must(newer.Save(s.cert, s.key))
		time.Sleep(certs.ReloadInterval + time.Second)
		synctest.Wait()
		if current := k.Current().Leaf(); !current.Equal(newer.Leaf()) {
			t.Error("a newer one did not come into use")
		}
	})
}

// TestFollowEncrypted: a key with a password is read, at first and later.
func TestFollowEncrypted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		password := []byte("correct horse")
		save := func(id *certs.Identity) {
			s.must(delegate.Save(id, s.cert, ""))
			der, err := x509.MarshalPKCS8PrivateKey(id.Key)
			s.must(err)
			//nolint:staticcheck // It is weak, and what such files have.
			block, err := x509.EncryptPEMBlock(rand.Reader, "PRIVATE KEY", der, password, x509.PEMCipherAES256)
			s.must(err)
			s.must(os.WriteFile(s.key, pem.EncodeToMemory(block), 0o600))
		}
		save(s.issue())
		k := s.run(func(cfg *delegate.Config) { cfg.Obtain, cfg.Password = nil, password })
		next := s.issue()
		save(next)
		time.Sleep(certs.ReloadInterval + time.Second)
		synctest.Wait()
		if !k.Current().Leaf().Equal(next.Leaf()) {
			t.Errorf("%+v", k.Snapshot())
		}
		if _, err := delegate.Open(t.Context(), delegate.Config{Issuer: s.issuer.Cert, CertFile: s.cert, KeyFile: s.key}); !errors.Is(err, certs.ErrEncrypted) {
			t.Errorf("without the password: %v", err)
		}
	})
}
