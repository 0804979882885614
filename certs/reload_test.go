// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
)

// reloading is a Reloader at work on two files.
type reloading struct {
	t         *testing.T
	cert, key string

	mu      sync.Mutex
	text    strings.Builder // of the log
	offered []*certs.Identity
	refuse  error
}

// Write appends a line of the log.
func (r *reloading) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(line)
}

func (r *reloading) use(_ context.Context, id *certs.Identity) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offered = append(r.offered, id)
	return r.refuse
}

func (r *reloading) setRefusal(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = err
}

func identityOf(t *testing.T, party *testca.Party) *certs.Identity {
	t.Helper()
	id, err := certs.NewIdentity(party.Chain(), party.Key)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// newReloading starts with a party's files and identity.
func newReloading(t *testing.T, party *testca.Party) *reloading {
	t.Helper()
	dir := t.TempDir()
	r := &reloading{t: t, cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem")}
	r.save(identityOf(t, party))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		reloader := certs.Reloader{CertFile: r.cert, KeyFile: r.key, Use: r.use, Logger: slog.New(slog.NewTextHandler(r, nil))}
		ended <- reloader.Run(ctx, identityOf(t, party))
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	})
	return r
}

func (r *reloading) save(id *certs.Identity) {
	r.t.Helper()
	if err := id.Save(r.cert, r.key); err != nil {
		r.t.Fatal(err)
	}
}

// wait lets this many looks happen, and returns the identities offered and the
// lines logged in that time.
func (r *reloading) wait(looks int) (offered []*certs.Identity, log string) {
	r.take()
	time.Sleep(time.Duration(looks) * certs.ReloadInterval)
	synctest.Wait()
	return r.take()
}

func (r *reloading) take() (offered []*certs.Identity, log string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	offered, log = r.offered, r.text.String()
	r.offered = nil
	r.text.Reset()
	return offered, log
}

func TestReload(t *testing.T) {
	ca := testca.New().Intermediate()
	old, renewed := ca.Leaf(), ca.Leaf(testca.WithKey(testca.Key(testca.P256, "renewed")))
	for _, row := range []struct {
		name           string
		change         func(*testing.T, *reloading)
		offered, lines int // in three looks after the change
		says           string
	}{
		{"nothing", func(*testing.T, *reloading) {}, 0, 0, ""},
		{"both replaced", func(t *testing.T, r *reloading) { r.save(identityOf(t, renewed)) }, 1, 1, "level=INFO"},
		{"the same again", func(t *testing.T, r *reloading) { r.save(identityOf(t, old)) }, 0, 0, ""},
		{"new certificate of the same key", func(t *testing.T, r *reloading) {
			r.save(identityOf(t, ca.Leaf(testca.WithKey(old.Key))))
		}, 1, 1, "level=INFO"},
		{"key only", func(t *testing.T, r *reloading) {
			if err := identityOf(t, renewed).Save(filepath.Join(t.TempDir(), "cert.pem"), r.key); err != nil {
				t.Fatal(err)
			}
		}, 0, 1, "the private key is not the one of the certificate"},
		{"certificate gone", func(t *testing.T, r *reloading) {
			if err := os.Remove(r.cert); err != nil {
				t.Fatal(err)
			}
		}, 0, 1, "no such file"},
		{"half a certificate", func(t *testing.T, r *reloading) {
			if err := os.WriteFile(r.cert, []byte("-----BEGIN CERTIFICATE-----\nMIIB"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, 0, 1, "holds no PEM certificate"},
		{"not usable yet", func(t *testing.T, r *reloading) {
			r.setRefusal(errors.New("no staple yet"))
			r.save(identityOf(t, renewed))
		}, 3, 1, "no staple yet"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newReloading(t, old)
				synctest.Wait()
				row.change(t, r)
				if offered, log := r.wait(3); len(offered) != row.offered || strings.Count(log, "\n") != row.lines || !strings.Contains(log, row.says) {
					t.Errorf("offered %d times, want %d; the log, where %d lines are wanted: %s", len(offered), row.offered, row.lines, log)
				}
				// In any case, a good pair of files ends the problem.
				r.setRefusal(nil)
				last := identityOf(t, ca.Leaf(testca.WithKey(testca.Key(testca.P256, "last"))))
				r.save(last)
				if offered, _ := r.wait(3); len(offered) != 1 || !offered[0].Leaf().Equal(last.Leaf()) {
					t.Errorf("the last identity was offered %d times", len(offered))
				}
			})
		})
	}
}

func TestReloadWithoutUse(t *testing.T) {
	if err := (certs.Reloader{}).Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "Reloader.Use is nil") {
		t.Errorf("error %v", err)
	}
}
