// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package delegate_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/big"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/delegate"
)

// TestRenewal: each delegate is replaced between one half and two thirds of its
// life, with another key, on disk too.
func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		k := s.run(nil)
		first := k.Current().Leaf()
		time.Sleep(10 * life)
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		if n := len(s.changes); n < 14 || n > 20 {
			t.Fatalf("%d renewals in 10 lives", n)
		}
		before := first
		spread := make(map[time.Duration]bool)
		for _, c := range s.changes {
			age, whole := c.at.Sub(before.NotBefore), before.NotAfter.Sub(before.NotBefore)
			if age < whole/2 || age > whole*2/3 {
				t.Errorf("renewed after %s of %s", age, whole)
			}
			spread[age] = true
			if c.cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool }).Equal(before.PublicKey) {
				t.Error("the key is the same")
			}
			before = c.cert
		}
		if len(spread) < len(s.changes)/2 {
			t.Errorf("the ages at renewal are %v: no jitter", spread)
		}
		current := k.Current().Leaf()
		if !current.Equal(before) || !s.inFiles().Equal(before) {
			t.Error("Current, the files and what use was given differ")
		}
		if snapshot := k.Snapshot(); snapshot.Failure.Err != nil || snapshot.Late || snapshot.Unsaved || !snapshot.Certificate.Equal(before) ||
			!snapshot.RenewAt.After(time.Now()) || !snapshot.NotAfter.Equal(before.NotAfter) {
			t.Errorf("%+v", snapshot)
		}
	})
}

// TestReplace: a responder goes on with the new delegate, without a restart.
func TestReplace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		source := responder.SourceFunc(func(context.Context, *big.Int) (responder.Status, error) {
			return responder.Status{Code: responder.Good}, nil
		})
		authority := func(id *certs.Identity) responder.Authority {
			return responder.Authority{Certificate: s.issuer.Cert, Source: source, SignerCertificate: id.Leaf(), Signer: id.Key}
		}
		k := s.open(nil)
		r, err := responder.New(responder.Config{Authorities: []responder.Authority{authority(k.Current())}})
		s.must(err)
		s.keep(k, func(_ context.Context, id *certs.Identity) error { return r.Replace(authority(id)) })
		for range 5 {
			time.Sleep(life)
			synctest.Wait()
			current := k.Current().Leaf()
			if !strings.Contains(string(r.Respond(t.Context(), request(t, s.issuer))), string(current.Raw)) {
				t.Error("the response does not embed the current delegate")
			}
		}
	})
}

// TestCADown: the delegate stays in use until its end, attempts become rare but
// do not cease, and the first that succeeds ends the failure.
func TestCADown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		down := stapled.Errorf(stapled.Unreachable, "connection refused")
		k := s.run(nil)
		first := k.Current().Leaf()
		s.with(func(s *scene) { s.down, s.obtained = down, nil })
		time.Sleep(life * 3 / 4)
		synctest.Wait()
		snapshot := k.Snapshot()
		if !errors.Is(snapshot.Failure.Err, stapled.Unreachable) || snapshot.Late || !snapshot.Certificate.Equal(first) {
			t.Errorf("at three quarters: %+v", snapshot)
		}
		if age := snapshot.Failure.Since.Sub(first.NotBefore); age < life/2 || age > life*2/3+time.Minute || !snapshot.Failure.At.After(snapshot.Failure.Since) {
			t.Errorf("since %s, last at %s", snapshot.Failure.Since, snapshot.Failure.At)
		}
		s.wantLines(slog.LevelWarn, "going on with the current one")
		s.wantLines(slog.LevelError)

		time.Sleep(life / 2)
		synctest.Wait()
		if snapshot := k.Snapshot(); !snapshot.Late || !snapshot.Certificate.Equal(first) {
			t.Errorf("after its end: %+v", snapshot)
		}
		s.wantLines(slog.LevelError, "going on with the current one", "the delegate has ended")
		s.mu.Lock()
		attempts := len(s.obtained)
		for i, at := range s.obtained[1:] {
			if gap := at.Sub(s.obtained[i]); gap < 500*time.Millisecond || gap > 5*time.Minute+time.Second {
				t.Errorf("attempt %d after %s", i+1, gap)
			}
		}
		if early := s.obtained[1].Sub(s.obtained[0]); early > 5*time.Second {
			t.Errorf("second attempt after %s", early)
		}
		s.mu.Unlock()
		if attempts < 30 || attempts > 200 {
			t.Errorf("%d attempts", attempts)
		}
		if len(s.changes) != 0 {
			t.Error("use was called")
		}

		s.with(func(s *scene) { s.down = nil })
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if snapshot := k.Snapshot(); snapshot.Failure.Err != nil || snapshot.Late || snapshot.Certificate.Equal(first) {
			t.Errorf("the CA is back: %+v", snapshot)
		}
	})
}

// TestRefusal: a CA that says no is an error at once, because trying again is
// not likely to help.
func TestRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		k := s.run(nil)
		s.with(func(s *scene) { s.down = stapled.Errorf(stapled.Refused, "403 Forbidden") })
		time.Sleep(life * 3 / 4)
		synctest.Wait()
		s.wantLines(slog.LevelError, "403 Forbidden")
		if err := k.Snapshot().Failure.Err; !errors.Is(err, stapled.Refused) {
			t.Errorf("failure %v", err)
		}
	})
}

// TestRevoked: a revoked delegate is reported and not replaced, until another
// one is in the files.
func TestRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		var revoked *big.Int
		k := s.run(func(cfg *delegate.Config) {
			cfg.Source = responder.SourceFunc(func(_ context.Context, serial *big.Int) (responder.Status, error) {
				s.mu.Lock()
				defer s.mu.Unlock()
				switch {
				case revoked == nil:
					return responder.Status{}, errors.New("the database is down")
				case serial.Cmp(revoked) == 0:
					return responder.Status{Code: responder.Revoked, RevokedAt: time.Now()}, nil
				}
				return responder.Status{Code: responder.Good}, nil
			})
		})
		first := k.Current().Leaf()
		time.Sleep(life / 4)
		synctest.Wait()
		if k.Snapshot().Revoked {
			t.Error("revoked, because the source does not answer")
		}
		s.with(func(s *scene) { revoked, s.obtained = first.SerialNumber, nil })
		time.Sleep(life * 2)
		synctest.Wait()
		if snapshot := k.Snapshot(); !snapshot.Revoked || !snapshot.Certificate.Equal(first) {
			t.Errorf("%+v", snapshot)
		}
		s.wantLines(slog.LevelError, "the delegate is revoked")
		if len(s.obtained) != 0 {
			t.Errorf("%d delegates were obtained", len(s.obtained))
		}

		next := s.issue()
		s.must(next.Save(s.cert, s.key))
		time.Sleep(certs.ReloadInterval + time.Second)
		synctest.Wait()
		if snapshot := k.Snapshot(); snapshot.Revoked || !snapshot.Certificate.Equal(next.Leaf()) {
			t.Errorf("another one is in the files: %+v", snapshot)
		}
		time.Sleep(life)
		synctest.Wait()
		if len(s.obtained) == 0 {
			t.Error("it is not renewed either")
		}
	})
}

// TestRevokedWhileDown: attempts that have failed end as well.
func TestRevokedWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		asked, revoked := 0, false
		k := s.run(func(cfg *delegate.Config) {
			cfg.Source = responder.SourceFunc(func(context.Context, *big.Int) (responder.Status, error) {
				s.mu.Lock()
				defer s.mu.Unlock()
				if asked++; revoked {
					return responder.Status{Code: responder.Revoked, RevokedAt: time.Now()}, nil
				}
				return responder.Status{Code: responder.Good}, nil
			})
		})
		s.with(func(s *scene) { s.down = errors.New("connection refused") })
		time.Sleep(life * 3 / 4)
		s.with(func(s *scene) { revoked, s.obtained = true, nil })
		time.Sleep(life)
		synctest.Wait()
		if !k.Snapshot().Revoked || len(s.obtained) != 0 {
			t.Errorf("%+v, %d attempts", k.Snapshot(), len(s.obtained))
		}
		if most := int(2 * life / certs.ReloadInterval); asked > most {
			t.Errorf("the source was asked %d times, more than %d", asked, most)
		}
	})
}

// TestUseless: what cannot sign for the issuer never comes into use, although the
// CA has issued it.
func TestUseless(t *testing.T) {
	for _, row := range []struct {
		name string
		edit testca.Edit
		says string
	}{
		{"no id-pkix-ocsp-nocheck", func(t *testca.Template) { t.ExtraExtensions = nil }, "lacks id-pkix-ocsp-nocheck"},
		{"not for OCSP", func(t *testca.Template) { t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }, "lacks the extended key usage OCSPSigning"},
		{"no digitalSignature", func(t *testca.Template) { t.KeyUsage = x509.KeyUsageKeyAgreement }, "lacks the key usage digitalSignature"},
		{"another CA", func(t *testca.Template) { t.SigningKey = testca.Key(testca.P256, "other") }, "was not issued by the CA itself"},
		{"expired", func(t *testca.Template) { t.NotBefore, t.NotAfter = t.NotBefore.Add(-life), t.NotBefore }, "is valid from"},
		{"another key", func(t *testca.Template) { t.PublicKey = testca.Key(testca.P256, "other").Public() }, "does not belong to the certificate"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t)
				k := s.run(nil)
				first := k.Current().Leaf()
				s.with(func(s *scene) { s.edit = row.edit })
				time.Sleep(life * 3 / 4)
				synctest.Wait()
				snapshot := k.Snapshot()
				if err := snapshot.Failure.Err; err == nil || !strings.Contains(err.Error(), row.says) {
					t.Errorf("failure %v, want one that says %q", err, row.says)
				}
				if !snapshot.Certificate.Equal(first) || len(s.changes) != 0 || !s.inFiles().Equal(first) {
					t.Error("it came into use")
				}
			})
		})
	}
}

// TestUseRefuses: what has been obtained is offered again, and no other is
// obtained meanwhile.
func TestUseRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		k := s.run(nil)
		first := k.Current().Leaf()
		s.with(func(s *scene) { s.refuse, s.obtained = errors.New("not now"), nil })
		time.Sleep(life * 3 / 4)
		synctest.Wait()
		if snapshot := k.Snapshot(); !snapshot.Certificate.Equal(first) || snapshot.Failure.Err == nil || !s.inFiles().Equal(first) {
			t.Errorf("refused: %+v", snapshot)
		}
		s.with(func(s *scene) { s.refuse = nil })
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if snapshot := k.Snapshot(); snapshot.Certificate.Equal(first) || snapshot.Failure.Err != nil {
			t.Errorf("accepted: %+v", snapshot)
		}
		if len(s.obtained) != 1 {
			t.Errorf("%d delegates were obtained for one renewal", len(s.obtained))
		}
	})
}

// TestUnsaved: a delegate that cannot be saved is used all the same, and saved
// when that works again.
func TestUnsaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		k := s.run(nil)
		first := k.Current().Leaf()
		dir := s.cert[:strings.LastIndex(s.cert, "/")]
		s.must(os.Rename(dir, dir+".away"))
		time.Sleep(life * 3 / 4)
		synctest.Wait()
		snapshot := k.Snapshot()
		if !snapshot.Unsaved || snapshot.Failure.Err == nil || snapshot.Certificate.Equal(first) || len(s.changes) != 1 {
			t.Errorf("%+v", snapshot)
		}
		s.must(os.Rename(dir+".away", dir))
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if snapshot := k.Snapshot(); snapshot.Unsaved || snapshot.Failure.Err != nil || !s.inFiles().Equal(snapshot.Certificate) || len(s.changes) != 1 {
			t.Errorf("%+v", snapshot)
		}
	})
}
