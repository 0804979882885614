// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"io"
	"math/big"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// countingSigner counts the signatures that it makes.
type countingSigner struct {
	crypto.Signer
	count *atomic.Int64
}

func (s countingSigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	s.count.Add(1)
	return s.Signer.Sign(random, digest, opts)
}

// reuseWorld is a responder whose source and clock a test sets.
type reuseWorld struct {
	testCA
	responder  *Responder
	request    []byte
	after      atomic.Int64 // since epoch
	signatures atomic.Int64
	questions  atomic.Int64

	mu      sync.Mutex
	status  Status
	err     error
	counter uint64
	cannot  bool // tell the version
	asked   func()
}

func (w *reuseWorld) now() time.Time { return epoch.Add(time.Duration(w.after.Load())) }

func (w *reuseWorld) Status(context.Context, *big.Int) (Status, error) {
	w.questions.Add(1)
	w.mu.Lock()
	st, err, asked := w.status, w.err, w.asked
	w.mu.Unlock()
	if asked != nil {
		asked()
	}
	return st, err
}

func (w *reuseWorld) Version(*big.Int) (uint64, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counter, !w.cannot
}

// set changes the status, and then the version.
func (w *reuseWorld) set(st Status) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status = st
	w.counter++
}

func newReuseWorld(t testing.TB, validity time.Duration) *reuseWorld {
	t.Helper()
	w := &reuseWorld{testCA: newTestCA(t, "CA", newP256(t)), status: Status{Code: Good}}
	var err error
	w.responder, err = New(Config{
		Validity: validity, Now: w.now,
		Authorities: []Authority{{Certificate: w.cert, Signer: countingSigner{w.key, &w.signatures}, Source: w}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.request = ask(t, w.cert, goodSerial, crypto.SHA256)
	return w
}

// TestReuse asks, changes something, and asks again.
func TestReuse(t *testing.T) {
	t.Parallel()
	revoked := Status{Code: Revoked, RevokedAt: revokedAt}
	for _, row := range []struct {
		name      string
		validity  time.Duration
		cannot    bool
		status    Status
		change    func(*reuseWorld)
		reused    bool
		questions int64 // after the change
	}{
		{"at once", 0, false, Status{Code: Good}, func(*reuseWorld) {}, true, 0},
		{"two fifths of its life", 0, false, Status{Code: Good}, later(4*time.Minute - time.Second), true, 0},
		{"more", 0, false, Status{Code: Good}, later(4*time.Minute + time.Second), false, 1},
		{"five minutes of a long life", 24 * time.Hour, false, Status{Code: Good}, later(5 * time.Minute), true, 0},
		{"more than five minutes of a long life", 24 * time.Hour, false, Status{Code: Good}, later(5*time.Minute + 1), false, 1},
		{"shortest life", time.Second, false, Status{Code: Good}, later(400 * time.Millisecond), true, 0},
		{"more of the shortest life", time.Second, false, Status{Code: Good}, later(401 * time.Millisecond), false, 1},
		{"clock set back", 0, false, Status{Code: Good}, later(-1), false, 1},
		{"revoked", 0, false, Status{Code: Good}, func(w *reuseWorld) { w.set(revoked) }, false, 1},
		{"hold lifted", 0, false, revoked, func(w *reuseWorld) { w.set(Status{Code: Good}) }, false, 1},
		{"reason changed", 0, false, revoked, func(w *reuseWorld) { w.set(Status{Code: Revoked, RevokedAt: revokedAt, Reason: 1}) }, false, 1},
		{"time of revocation changed", 0, false, revoked, func(w *reuseWorld) { w.set(Status{Code: Revoked, RevokedAt: revokedAt.Add(1)}) }, false, 1},
		{"list changed", 0, false, Status{Code: Good}, func(w *reuseWorld) { w.set(Status{Code: Good, ThisUpdate: epoch.Add(-1)}) }, false, 1},
		{"end of the list changed", 0, false, Status{Code: Good}, func(w *reuseWorld) { w.set(Status{Code: Good, NextUpdate: epoch.Add(time.Hour)}) }, false, 1},
		{"written, same status", 0, false, Status{Code: Good}, func(w *reuseWorld) { w.set(Status{Code: Good}) }, true, 1},
		{"written, same status, older", 0, false, Status{Code: Good}, func(w *reuseWorld) { w.set(Status{Code: Good}); later(2 * time.Second)(w) }, false, 1},
		{"cannot tell any more", 0, false, Status{Code: Good}, func(w *reuseWorld) { w.cannot = true; later(time.Minute)(w) }, false, 1},

		{"cannot tell, one second", 0, true, Status{Code: Good}, later(time.Second), true, 1},
		{"cannot tell, more", 0, true, Status{Code: Good}, later(time.Second + 1), false, 1},
		{"cannot tell, revoked", 0, true, Status{Code: Good}, func(w *reuseWorld) { w.status = revoked }, false, 1},
		{"cannot tell, clock set back", 0, true, Status{Code: Good}, later(-1), false, 1},
		{"unknown", 0, false, Status{}, func(*reuseWorld) {}, false, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newReuseWorld(t, row.validity)
			w.status, w.cannot = row.status, row.cannot
			first := w.responder.Respond(t.Context(), w.request)
			row.change(w)
			w.questions.Store(0)
			second := w.responder.Respond(t.Context(), w.request)
			if reused := bytes.Equal(first, second); reused != row.reused || (w.signatures.Load() == 1) != row.reused {
				t.Errorf("reused: %t, after %d signatures; want %t", reused, w.signatures.Load(), row.reused)
			}
			if got := w.questions.Load(); got != row.questions {
				t.Errorf("the source was asked %d times, want %d", got, row.questions)
			}
			resp, err := ocsp.ParseResponse(second, w.cert)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Status != map[Code]int{Good: ocsp.Good, Revoked: ocsp.Revoked, Unknown: ocsp.Unknown}[w.status.Code] {
				t.Errorf("status %d, where the source says %s", resp.Status, w.status.Code)
			}
		})
	}
}

func later(d time.Duration) func(*reuseWorld) {
	return func(w *reuseWorld) { w.after.Store(int64(d)) }
}

// TestReuseIsOfOneCertID: an answer is reused only for the same question.
func TestReuseIsOfOneCertID(t *testing.T) {
	t.Parallel()
	w := newReuseWorld(t, 0)
	for range 2 {
		for _, serial := range []*big.Int{goodSerial, revokedSerial} {
			for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
				resp, err := ocsp.ParseResponse(w.responder.Respond(t.Context(), ask(t, w.cert, serial, hash)), w.cert)
				if err != nil || resp.SerialNumber.Cmp(serial) != 0 || resp.IssuerHash != hash {
					t.Errorf("asked for %s under %s: got %v, %v", serial, hash, resp, err)
				}
			}
		}
	}
	if got := w.signatures.Load(); got != 8 {
		t.Errorf("%d signatures, want 8", got)
	}
}

// TestReuseOfFailure: a failing source is tryLater, and leaves nothing behind.
func TestReuseOfFailure(t *testing.T) {
	t.Parallel()
	w := newReuseWorld(t, 0)
	w.cannot = true
	w.responder.Respond(t.Context(), w.request)
	w.err = errors.New("database is down")
	var re ocsp.ResponseError
	if _, err := ocsp.ParseResponse(w.responder.Respond(t.Context(), w.request), w.cert); !errors.As(err, &re) || re.Status != ocsp.TryLater {
		t.Errorf("got %v, want try later", err)
	}
	w.err = nil
	if resp, err := ocsp.ParseResponse(w.responder.Respond(t.Context(), w.request), w.cert); err != nil || resp.Status != ocsp.Good {
		t.Errorf("got %v, %v; want good", resp, err)
	}
}

// TestAnswerInFlight: a good that was read before a revocation is not held after
// it, and is dated before it.
func TestAnswerInFlight(t *testing.T) {
	t.Parallel()
	w := newReuseWorld(t, 0)
	w.asked = func() {
		w.set(Status{Code: Revoked, RevokedAt: w.now()})
		w.after.Store(int64(time.Minute))
	}
	resp, err := ocsp.ParseResponse(w.responder.Respond(t.Context(), w.request), w.cert)
	if err != nil || resp.Status != ocsp.Good || !resp.ThisUpdate.Equal(epoch.Truncate(time.Second)) ||
		!resp.NextUpdate.Equal(epoch.Truncate(time.Second).Add(DefaultValidity)) {
		t.Errorf("got %v, %v; want good as of before the source was asked", resp, err)
	}
	if n := len(w.responder.current.answers.byKey); n != 0 {
		t.Errorf("%d answers are held, want none", n)
	}
	w.asked = nil
	if resp, err = ocsp.ParseResponse(w.responder.Respond(t.Context(), w.request), w.cert); err != nil || resp.Status != ocsp.Revoked {
		t.Errorf("got %v, %v; want revoked", resp, err)
	}
}

// TestRevocationIsVisibleAtOnce: with many concurrent requests, none that
// begins after a revocation was acknowledged gets a good.
func TestRevocationIsVisibleAtOnce(t *testing.T) {
	t.Parallel()
	for name, cannot := range map[string]bool{"tells changes": false, "cannot tell": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newReuseWorld(t, 0)
			w.cannot = cannot
			for range 50 {
				w.set(Status{Code: Good})
				var acknowledged atomic.Bool
				var wg sync.WaitGroup
				for range 4 {
					wg.Go(func() {
						for seen := 0; seen < 3; {
							late := acknowledged.Load()
							resp, err := ocsp.ParseResponse(w.responder.Respond(t.Context(), w.request), w.cert)
							if err != nil || late && resp.Status != ocsp.Revoked {
								t.Errorf("after the revocation: got %v, %v", resp, err)
								return
							}
							if late {
								seen++
							}
						}
					})
				}
				w.set(Status{Code: Revoked, RevokedAt: revokedAt})
				acknowledged.Store(true)
				wg.Wait()
			}
		})
	}
}

// TestAnswersAreBounded: strangers neither grow the memory nor evict much.
func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	w := newReuseWorld(t, 0)
	w.responder.current.answers = newAnswers(10)
	w.responder.Respond(t.Context(), w.request)
	respond := func(status Status, n int64) {
		w.status = status
		for i := range n {
			w.responder.Respond(t.Context(), ask(t, w.cert, big.NewInt(100+i), crypto.SHA256))
		}
	}
	respond(Status{}, 50)
	if n := len(w.responder.current.answers.byKey); n != 1 {
		t.Errorf("%d answers are held after unknown serials, want 1", n)
	}
	respond(Status{Code: Good}, 50)
	if n, m := len(w.responder.current.answers.byKey), w.responder.current.answers.recent.Len(); n != 10 || m != 10 {
		t.Errorf("%d and %d answers are held, want 10", n, m)
	}
	// Those that can be of no more use go first.
	w.after.Store(int64(time.Hour))
	w.responder.Respond(t.Context(), w.request)
	if n := len(w.responder.current.answers.byKey); n != 1 {
		t.Errorf("%d answers are held after an hour, want 1", n)
	}
}

// TestRespondGivesACopy: what the caller does with it changes no later answer.
func TestRespondGivesACopy(t *testing.T) {
	t.Parallel()
	w := newReuseWorld(t, 0)
	for _, req := range [][]byte{w.request, nil} {
		first := w.responder.Respond(t.Context(), req)
		want := bytes.Clone(first)
		clear(first)
		if !bytes.Equal(w.responder.Respond(t.Context(), req), want) {
			t.Error("the answer has been changed")
		}
	}
}
