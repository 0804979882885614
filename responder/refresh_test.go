// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestRefresh: an answer that is asked for often is made again before it stops
// being reused, and nobody waits for it. With 10 minutes of validity it is reused
// for 4 minutes.
func TestRefresh(t *testing.T) {
	const reused = 4 * time.Minute
	for _, row := range []struct {
		name       string
		at         []time.Duration // when clients ask
		change     func(*reuseWorld)
		signatures int64
		last       bool // the last client gets the first answer
	}{
		{"asked early only", []time.Duration{reused * 79 / 100}, nil, 1, true},
		{"asked late: the client gets the answer that is there", []time.Duration{reused * 81 / 100}, nil, 2, true},
		{"and the next client the new one", []time.Duration{reused * 81 / 100, reused * 82 / 100}, nil, 2, false},
		{"beyond the end of the first", []time.Duration{reused * 81 / 100, reused * 101 / 100}, nil, 2, false},
		{"never asked late", []time.Duration{reused * 101 / 100}, nil, 2, false},
		{"the source fails in the background", []time.Duration{reused * 81 / 100, reused * 82 / 100, reused},
			func(w *reuseWorld) { w.err = errors.New("down") }, 1, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newReuseWorld(t, 10*time.Minute)
				first := w.responder.Respond(t.Context(), w.request)
				var last []byte
				for i, at := range row.at {
					if i == 0 && row.change != nil {
						row.change(w)
					}
					w.after.Store(int64(at))
					last = w.responder.Respond(t.Context(), w.request)
					synctest.Wait()
				}
				if got := w.signatures.Load(); got != row.signatures {
					t.Errorf("%d signatures, want %d", got, row.signatures)
				}
				if same := bytes.Equal(last, first); same != row.last {
					t.Errorf("the last client gets the first answer: %t", same)
				}
			})
		})
	}
}

// TestRefreshWaitsForNobody: a key that hangs keeps no client waiting, and is
// asked once.
func TestRefreshWaitsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newReuseWorld(t, 10*time.Minute)
		first := w.responder.Respond(t.Context(), w.request)
		hang := make(chan struct{})
		w.mu.Lock()
		w.asked = func() { <-hang }
		w.mu.Unlock()
		before := w.questions.Load()
		w.after.Store(int64(200 * time.Second))
		for range 10 {
			if !bytes.Equal(w.responder.Respond(t.Context(), w.request), first) {
				t.Fatal("not the answer that is there")
			}
		}
		synctest.Wait()
		if n := w.questions.Load() - before; n != 1 {
			t.Errorf("the source was asked %d times in the background, want once", n)
		}
		close(hang)
	})
}

// TestRefreshIsBounded: beyond a number of answers at once, the next client
// tries.
func TestRefreshIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newReuseWorld(t, 10*time.Minute)
		w.responder.Respond(t.Context(), w.request)
		for range maxRefreshing {
			w.responder.refreshing <- struct{}{}
		}
		w.after.Store(int64(200 * time.Second))
		w.responder.Respond(t.Context(), w.request)
		synctest.Wait()
		if n := w.signatures.Load(); n != 1 {
			t.Errorf("%d signatures, want 1", n)
		}
		<-w.responder.refreshing
		w.responder.Respond(t.Context(), w.request)
		synctest.Wait()
		if n := w.signatures.Load(); n != 2 {
			t.Errorf("%d signatures, want 2", n)
		}
		if n := len(w.responder.refreshing); n != maxRefreshing-1 {
			t.Errorf("%d in the background, want %d", n, maxRefreshing-1)
		}
	})
}
