// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package delegate_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder/delegate"
)

// life is how long a delegate lives.
const life = 4 * time.Hour

// scene is a CA that can fail, a place for files, and what a Keeper does with
// them.
type scene struct {
	t         *testing.T
	issuer    *testca.Party
	cert, key string

	mu       sync.Mutex
	down     error         // what Obtain returns
	edit     testca.Edit   // of the next delegates
	obtained []time.Time   // when Obtain was called
	changes  []change      // what use was called with
	refuse   error         // what use returns
	log      []slog.Record // all lines
	device   crypto.Signer // the key that Obtain certifies; nil for a new one
}

type change struct {
	at   time.Time
	cert *x509.Certificate
}

func newScene(t *testing.T) *scene {
	t.Helper()
	dir := t.TempDir()
	now := time.Now()
	valid := testca.Valid(now.Add(-time.Hour), now.AddDate(10, 0, 0))
	return &scene{
		t: t, issuer: testca.New(valid).Intermediate(valid),
		cert: filepath.Join(dir, "ocsp.crt"), key: filepath.Join(dir, "ocsp.key"),
	}
}

// issue makes a delegate as step-ca does: backdated by a minute.
func (s *scene) issue(edits ...testca.Edit) *certs.Identity {
	s.t.Helper()
	var key crypto.Signer = s.device
	if key == nil {
		generated, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			s.t.Fatal(err)
		}
		key = generated
	}
	now := time.Now()
	party := s.issuer.Delegate(append([]testca.Edit{testca.WithKey(key), testca.Valid(now.Add(-time.Minute), now.Add(life))}, edits...)...)
	return &certs.Identity{Chain: []*x509.Certificate{party.Cert, s.issuer.Cert}, Key: key}
}

func (s *scene) obtain(ctx context.Context) (*certs.Identity, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.obtained = append(s.obtained, time.Now())
	if _, ok := ctx.Deadline(); !ok {
		s.t.Error("Obtain has no deadline")
	}
	if s.down != nil {
		return nil, s.down
	}
	if s.edit != nil {
		return s.issue(s.edit), nil
	}
	return s.issue(), nil
}

func (s *scene) use(_ context.Context, id *certs.Identity) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse == nil {
		s.changes = append(s.changes, change{time.Now(), id.Leaf()})
	}
	return s.refuse
}

// with changes what the CA and use do.
func (s *scene) with(change func(*scene)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *scene) config() delegate.Config {
	return delegate.Config{
		Issuer: s.issuer.Cert, CertFile: s.cert, KeyFile: s.key, Obtain: s.obtain, Logger: slog.New((*handler)(s)),
	}
}

// open opens a Keeper.
func (s *scene) open(change func(*delegate.Config)) *delegate.Keeper {
	s.t.Helper()
	cfg := s.config()
	if change != nil {
		change(&cfg)
	}
	k, err := delegate.Open(s.t.Context(), cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	return k
}

// run runs a Keeper until the test ends.
func (s *scene) run(change func(*delegate.Config)) *delegate.Keeper {
	s.t.Helper()
	k := s.open(change)
	s.keep(k, s.use)
	return k
}

func (s *scene) keep(k *delegate.Keeper, use func(context.Context, *certs.Identity) error) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error)
	go func() { ended <- k.Run(ctx, use) }()
	s.t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			s.t.Errorf("Run: %v", err)
		}
	})
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// inFiles returns what a restart would find.
func (s *scene) inFiles() *x509.Certificate {
	s.t.Helper()
	id, err := certs.LoadIdentity(s.cert, s.key)
	s.must(err)
	return id.Leaf()
}

// lines returns the messages and errors that were logged at a level.
func (s *scene) lines(level slog.Level) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, r := range s.log {
		if r.Level == level {
			text := r.Message
			r.Attrs(func(a slog.Attr) bool {
				text += " " + a.String()
				return true
			})
			out = append(out, text)
		}
	}
	return out
}

// wantLines checks that there is one line for each text, in order.
func (s *scene) wantLines(level slog.Level, want ...string) {
	s.t.Helper()
	got := s.lines(level)
	ok := len(got) == len(want)
	for i := 0; ok && i < len(want); i++ {
		ok = strings.Contains(got[i], want[i])
	}
	if !ok {
		s.t.Errorf("%s: logged %q, want %q", level, got, want)
	}
}

// handler is the log of a scene.
type handler scene

func (h *handler) Enabled(context.Context, slog.Level) bool { return true }
func (h *handler) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h *handler) WithGroup(string) slog.Handler            { return h }
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log = append(h.log, r.Clone())
	return nil
}
