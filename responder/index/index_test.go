// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package index_test

import (
	"context"
	"errors"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/internal/zerotest"
	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/index"
)

// The clock of synctest begins at 2000-01-01. The certificates of most lines
// end in 2026.
const (
	validA   = "V\t261207202352Z\t\t0A\tunknown\t/CN=a\n"
	revokedA = "R\t261207202352Z\t991231235955Z,keyCompromise\t0A\tunknown\t/CN=a\n"
	heldA    = "R\t261207202352Z\t991231235955Z,certificateHold\t0A\tunknown\t/CN=a\n"
	validB   = "V\t261207202352Z\t\t0B\tunknown\t/CN=b\n"
	// These end on 2000-01-02.
	shortA   = "V\t000102000000Z\t\t0A\tunknown\t/CN=a\n"
	revokedS = "R\t000102000000Z\t991231235955Z,keyCompromise\t0A\tunknown\t/CN=a\n"
)

var serialA, serialB = big.NewInt(10), big.NewInt(11)

// followed is an Index that follows a file.
type followed struct {
	*index.Index
	t    *testing.T
	file string
	stop func()

	mu   sync.Mutex
	text strings.Builder // of the log
}

// Write appends a line of the log.
func (f *followed) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.text.Write(line)
}

func follow(t *testing.T, content string) *followed {
	t.Helper()
	f := &followed{t: t, file: filepath.Join(t.TempDir(), "index.txt")}
	f.save(content)
	var err error
	f.Index, err = index.New(index.Config{File: f.file, Logger: slog.New(slog.NewTextHandler(f, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	})
	f.stop = stop
	t.Cleanup(stop)
	return f
}

// save replaces the file in one step.
func (f *followed) save(content string) {
	f.t.Helper()
	if err := os.WriteFile(f.file+".new", []byte(content), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(f.file+".new", f.file); err != nil {
		f.t.Fatal(err)
	}
}

// pass lets time pass, and returns what was logged in it.
func (f *followed) pass(d time.Duration) string {
	time.Sleep(d)
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.text.Reset()
	return f.text.String()
}

// says returns the status, in a word.
func (f *followed) says(serial *big.Int) string {
	st, err := f.Status(f.t.Context(), serial)
	switch {
	case err != nil && st != (responder.Status{}):
		f.t.Errorf("a status beside an error: %+v, %v", st, err)
		fallthrough
	case errors.Is(err, responder.ErrRevocationLost):
		return "revocation lost"
	case err != nil:
		return "error"
	}
	return st.Code.String()
}

// TestFollow: a first file, a second, and what the Index then says, two seconds
// and some more after each.
func TestFollow(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name          string
		files         []string
		a, b          string // in the end
		lost, revoked int    // of the Snapshot
		log           string // of the last change
	}{
		{"nothing is listed", []string{""}, "unknown", "unknown", 0, 0, ""},
		{"listed", []string{validA}, "good", "unknown", 0, 0, ""},
		{"issued", []string{validA, validA + validB}, "good", "good", 0, 0, "listed=2"},
		{"revoked", []string{validA, revokedA}, "revoked", "unknown", 0, 0, "reloaded"},
		{"hold, lifted", []string{validA, heldA, validA}, "good", "unknown", 0, 0, "reloaded"},
		{"torn", []string{validA + validB, revokedA + validB[:20]}, "good", "good", 0, 0, "index.txt:2: line does not end"},
		{"torn, and then complete", []string{validA, revokedA[:20], revokedA}, "revoked", "unknown", 0, 0, "reloaded"},
		{"malformed", []string{validA, revokedA + "what?\n"}, "good", "unknown", 0, 0, "index.txt:2: line has 1 field"},
		{"a line is lost", []string{validA + validB, validB}, "error", "good", 1, 0, "lost=1 revocations_lost=0 one_of_them=0xa"},
		{"and found again", []string{validA + validB, validB, validA + validB}, "good", "good", 0, 0, "everything again"},
		{"and found again, revoked", []string{validA + validB, validB, revokedA + validB}, "revoked", "good", 0, 0, "everything again"},
		{"empty", []string{revokedA + validB, ""}, "revocation lost", "error", 2, 1, "lost=2 revocations_lost=1 one_of_them=0xa"},
		{"a revocation is lost", []string{revokedA, validA}, "revocation lost", "unknown", 1, 1, "revocations_lost=1"},
		{"for longer", []string{revokedA, validA, validA + validB, validA}, "revocation lost", "error", 2, 1, "lost=1 revocations_lost=0"},
		{"and the line too", []string{revokedA, validA, ""}, "revocation lost", "unknown", 1, 1, ""},
		{"and found again", []string{revokedA, validA, revokedA}, "revoked", "unknown", 0, 0, "everything again"},
		{"the line goes, and comes back as valid", []string{revokedA, "", validA}, "revocation lost", "unknown", 1, 1, ""},
		{"a final revocation becomes a hold", []string{revokedA, heldA}, "revoked", "unknown", 1, 1, "revocations_lost=1"},
		{"and the hold is lifted", []string{revokedA, heldA, validA}, "revocation lost", "unknown", 1, 1, ""},
		{"a hold is lost", []string{heldA, ""}, "error", "unknown", 1, 0, "lost=1 revocations_lost=0"},
		{"a hold becomes final, and is lost", []string{heldA, revokedA, validA}, "revocation lost", "unknown", 1, 1, "revocations_lost=1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := follow(t, row.files[0])
				log := ""
				for _, content := range row.files[1:] {
					f.save(content)
					log = f.pass(index.DefaultInterval)
				}
				if a, b := f.says(serialA), f.says(serialB); a != row.a || b != row.b {
					t.Errorf("it says %s and %s; want %s and %s", a, b, row.a, row.b)
				}
				if s := f.Snapshot(); s.Lost != row.lost || s.RevocationsLost != row.revoked {
					t.Errorf("snapshot %+v", s)
				}
				if !strings.Contains(log, row.log) {
					t.Errorf("the log says %q, want %q", log, row.log)
				}
				if log := f.pass(3 * index.DefaultInterval); log != "" {
					t.Errorf("and again: %s", log)
				}
				f.stop()
			})
		})
	}
}

// TestExpired: CAs remove lines of expired certificates. That is no loss.
func TestExpired(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name          string
		first, second string
		before, after string
	}{
		{"valid", shortA, "", "error", "unknown"},
		{"revoked", revokedS, "", "revocation lost", "unknown"},
		{"revoked, listed as valid", revokedS, shortA, "revocation lost", "good"},
	} {
		t.Run(row.name+", lost before", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := follow(t, row.first)
				f.save(row.second)
				f.pass(2 * time.Second)
				if got := f.says(serialA); got != row.before {
					t.Errorf("before it expires: %s, want %s", got, row.before)
				}
				f.pass(24 * time.Hour)
				if got, s := f.says(serialA), f.Snapshot(); got != row.after || s.Lost != 0 || s.RevocationsLost != 0 {
					t.Errorf("after: %s, %+v; want %s", got, s, row.after)
				}
				f.stop()
			})
		})
		t.Run(row.name+", removed after", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := follow(t, row.first)
				f.pass(24*time.Hour + time.Second)
				f.save(row.second)
				log := f.pass(2 * time.Second)
				if got, s := f.says(serialA), f.Snapshot(); got != row.after || s.Lost != 0 || strings.Contains(log, "lost") {
					t.Errorf("%s, %+v; want %s, and nothing lost; log: %s", got, s, row.after, log)
				}
				f.stop()
			})
		})
	}
}

// TestStale: without a successful look, there is an answer for StaleAfter, and
// none after it. One line in the log says why.
func TestStale(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*testing.T, *followed){
		"missing":   func(t *testing.T, f *followed) { check(t, os.Remove(f.file)) },
		"malformed": func(_ *testing.T, f *followed) { f.save(revokedA + "what?\n") },
		"a directory": func(t *testing.T, f *followed) {
			check(t, os.Remove(f.file))
			check(t, os.Mkdir(f.file, 0o700))
		},
		"nobody looks": func(_ *testing.T, f *followed) { f.stop() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := follow(t, validA)
				began := time.Now()
				spoil(t, f)
				log := f.pass(index.DefaultStaleAfter)
				st, err := f.Status(t.Context(), serialA)
				if err != nil || st.Code != responder.Good || !st.ThisUpdate.Equal(began) {
					t.Errorf("after StaleAfter: %+v, %v; want good as of %s", st, err, began)
				}
				if _, ok := f.Version(serialA); !ok {
					t.Error("it cannot tell the version any more")
				}
				log += f.pass(time.Nanosecond)
				if got := f.says(serialA); got != "error" {
					t.Errorf("then: %s", got)
				}
				if _, ok := f.Version(serialA); ok {
					t.Error("then: it can tell the version, so that answers are reused without asking")
				}
				lines, want := strings.Count(log, "\n"), 1
				if name == "nobody looks" {
					want = 0
				} else if f.Snapshot().Err == nil {
					t.Error("the snapshot has no error")
				}
				if lines != want {
					t.Errorf("the log says %s", log)
				}
				if name == "nobody looks" {
					return
				}
				check(t, os.RemoveAll(f.file))
				f.save(revokedA)
				f.pass(2 * time.Second)
				if got := f.says(serialA); got != "revoked" || f.Snapshot().Err != nil {
					t.Errorf("when it is readable again: %s, %v", got, f.Snapshot().Err)
				}
				f.stop()
			})
		})
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestThisUpdate: an answer is as of the last look before it, which saw the
// revocation or was before it.
func TestThisUpdate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, validA)
		began := time.Now()
		for _, row := range []struct{ pass, want time.Duration }{
			{0, 0}, {2*time.Second - 1, 0}, {1, 2 * time.Second}, {time.Second, 2 * time.Second}, {time.Second, 4 * time.Second},
		} {
			f.pass(row.pass)
			for _, serial := range []*big.Int{serialA, serialB} {
				if st, err := f.Status(t.Context(), serial); err != nil || !st.ThisUpdate.Equal(began.Add(row.want)) || !st.NextUpdate.IsZero() {
					t.Errorf("%s after the start: %+v, %v; want as of %s", time.Since(began), st, err, row.want)
				}
			}
		}
		// The revocation comes right after a look: good, as of before it.
		revoked := time.Now()
		f.save(revokedA)
		f.pass(2*time.Second - 1)
		if st, err := f.Status(t.Context(), serialA); err != nil || st.Code != responder.Good || st.ThisUpdate.After(revoked) {
			t.Errorf("revoked at %s: %+v, %v", revoked, st, err)
		}
		f.pass(1)
		want := responder.Status{
			Code: responder.Revoked, Reason: 1, RevokedAt: time.Date(1999, 12, 31, 23, 59, 55, 0, time.UTC),
			ThisUpdate: time.Now().Round(0), NotAfter: time.Date(2026, 12, 7, 20, 23, 52, 0, time.UTC),
		}
		if st, err := f.Status(t.Context(), serialA); err != nil || !st.ThisUpdate.Equal(want.ThisUpdate) {
			t.Errorf("got %+v, %v", st, err)
		} else if st.ThisUpdate = want.ThisUpdate; st != want {
			t.Errorf("got %+v, want %+v", st, want)
		}
		f.stop()
	})
}

// TestVersion: the version of a serial grows when its line changes, and only
// then. That of an unlisted one grows with every change.
func TestVersion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, validA)
		var a, b uint64
		for i, row := range []struct {
			content      string
			aGrew, bGrew bool
		}{
			{validA + "# nothing new\n", false, true}, // b is not listed: any file may be the one that lists it
			{validA + validB, false, true},
			{revokedA + validB, true, false},
			{validB + revokedA, false, false},
			{heldA + validB, true, false},
			{validB, true, false},
			{revokedA + validB, true, false},
			{revokedA, false, true},
			{revokedA + validB, false, true},
		} {
			a, _ = f.Version(serialA)
			b, _ = f.Version(serialB)
			f.save(row.content)
			f.pass(2 * time.Second)
			nextA, ok := f.Version(serialA)
			nextB, okB := f.Version(serialB)
			if !ok || !okB || nextA > a != row.aGrew || nextB > b != row.bGrew || nextA < a || nextB < b {
				t.Errorf("row %d: from %d to %d, and from %d to %d; want growth %t, %t", i, a, nextA, b, nextB, row.aGrew, row.bGrew)
			}
		}
		f.stop()
	})
}

// TestReplacedInTwoSteps: openssl renames the old file away before the new one
// is in place.
func TestReplacedInTwoSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, validA)
		f.pass(2*time.Second - 10*time.Millisecond)
		check(t, os.Rename(f.file, f.file+".old"))
		f.pass(30 * time.Millisecond)
		f.save(revokedA)
		log := f.pass(100 * time.Millisecond)
		if got := f.says(serialA); got != "revoked" || strings.Contains(log, "not reloaded") {
			t.Errorf("%s; log: %s", got, log)
		}
		f.stop()
	})
}

// TestContentCounts: a change is found whatever the file's time and size.
func TestContentCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, heldA)
		before, err := os.Stat(f.file)
		check(t, err)
		other := strings.Replace(heldA, "0A", "0B", 1)
		check(t, os.WriteFile(f.file, []byte(other), 0o600))
		check(t, os.Chtimes(f.file, before.ModTime(), before.ModTime()))
		f.pass(2 * time.Second)
		if got := f.says(serialB); got != "revoked" {
			t.Errorf("got %s", got)
		}
		f.stop()
	})
}

// TestClockBack: what was read in the future is no answer.
func TestClockBack(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "index.txt")
	check(t, os.WriteFile(file, []byte(validA), 0o600))
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	x, err := index.New(index.Config{File: file, Now: func() time.Time { return now }})
	check(t, err)
	now = now.Add(-1)
	if st, err := x.Status(t.Context(), serialA); err == nil {
		t.Errorf("got %+v", st)
	}
	if _, ok := x.Version(serialA); ok {
		t.Error("it can tell the version")
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good"), filepath.Join(dir, "bad")
	check(t, os.WriteFile(good, []byte(validA), 0o600))
	check(t, os.WriteFile(bad, []byte(validA+"what?\n"), 0o600))
	for want, cfg := range map[string]index.Config{
		"Config.File is empty":           {},
		"no such file":                   {File: filepath.Join(dir, "missing")},
		"bad:2: line has 1 fields":       {File: bad},
		"interval 99ms is below":         {File: good, Interval: 99 * time.Millisecond},
		"StaleAfter 3s is below twice":   {File: good, StaleAfter: 3 * time.Second},
		"StaleAfter 30s is below twice ": {File: good, Interval: 16 * time.Second},
	} {
		if x, err := index.New(cfg); err == nil || !strings.Contains(err.Error(), want) || x != nil {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

// The zero value of an exported type is of no use, and no method of it panics.
func TestZeroValues(t *testing.T) {
	zerotest.Methods(t, []any{new(index.Index)})
}
