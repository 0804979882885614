// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/internal/zerotest"
	"github.com/stapledjwt/stapled/responder"
)

var (
	number = big.NewInt(0xabc)
	start  = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	issuer = sync.OnceValue(func() *testca.Party { return testca.New() })
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a ledger, a source and a clock.
type world struct {
	t      testing.TB
	dir    string
	disk   disk
	ledger *Ledger
	*Guarded
	*Recorder

	mu     sync.Mutex
	now    time.Time
	status responder.Status
	err    error
	asked  func()
	text   strings.Builder // of the log
}

func (w *world) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(line)
}

func (w *world) log() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func (w *world) set(st responder.Status, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status, w.err = st, err
}

func (w *world) source(context.Context, *big.Int) (responder.Status, error) {
	w.mu.Lock()
	st, err, asked := w.status, w.err, w.asked
	w.mu.Unlock()
	if asked != nil {
		asked()
	}
	return st, err
}

func newWorld(t testing.TB, disk disk) *world {
	t.Helper()
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "state"), disk: disk, now: start}
	w.open()
	t.Cleanup(func() { _ = w.ledger.Close() })
	return w
}

func (w *world) open() {
	w.t.Helper()
	check(w.t, w.tryOpen())
}

func (w *world) tryOpen() error {
	l, err := open(Config{Dir: w.dir, Now: func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.now
	}, Logger: slog.New(slog.NewTextHandler(w, nil))}, w.disk)
	if err != nil {
		return err
	}
	g, err := l.Guard(issuer().Cert, responder.SourceFunc(w.source))
	if err != nil {
		return errors.Join(err, l.Close())
	}
	r, err := l.Recorder(issuer().Cert)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	w.ledger, w.Guarded, w.Recorder = l, g, r
	return nil
}

// crash ends the ledger as kill -9 does: nothing more is written.
func (w *world) crash() {
	w.t.Helper()
	w.ledger.mu.Lock()
	for _, b := range w.ledger.books {
		b.mu.Lock()
		b.queue = nil
		b.pending.Store(0)
		b.mu.Unlock()
	}
	w.ledger.mu.Unlock()
	_ = w.ledger.Close()
}

// file returns the name of the one file.
func (w *world) file() string {
	w.t.Helper()
	names, err := filepath.Glob(filepath.Join(w.dir, "*.revoked"))
	if err != nil || len(names) != 1 {
		w.t.Fatalf("%v, %v", names, err)
	}
	return names[0]
}

func (w *world) says(n *big.Int) string {
	w.t.Helper()
	st, err := w.Status(w.t.Context(), n)
	switch {
	case err != nil && st != (responder.Status{}):
		w.t.Errorf("a status beside an error: %+v, %v", st, err)
		fallthrough
	case errors.Is(err, responder.ErrRevocationLost):
		return "alarm"
	case err != nil:
		return "error"
	}
	return st.Code.String()
}

func good(end time.Time) responder.Status {
	return responder.Status{Code: responder.Good, NotAfter: end}
}

func revoked(reason int, end time.Time) responder.Status {
	return responder.Status{Code: responder.Revoked, RevokedAt: start, Reason: reason, NotAfter: end}
}

// TestGuard: what the source says, one after the other, and what the ledger
// makes of it; with and without a restart between any two.
func TestGuard(t *testing.T) {
	t.Parallel()
	end, past := start.Add(time.Hour), start.Add(-time.Second)
	var zero time.Time
	type step struct {
		says responder.Status
		err  error
		want string
	}
	for _, row := range []struct {
		name           string
		steps          []step
		lost, departed int
	}{
		{"good", []step{{good(end), nil, "good"}, {good(end), nil, "good"}}, 0, 0},
		{"unknown", []step{{responder.Status{}, nil, "unknown"}, {good(end), nil, "good"}}, 0, 0},
		{"revoked", []step{{good(end), nil, "good"}, {revoked(1, end), nil, "revoked"}, {revoked(1, end), nil, "revoked"}}, 0, 0},
		{"taken back", []step{{revoked(1, end), nil, "revoked"}, {good(end), nil, "alarm"}, {good(end), nil, "alarm"}}, 1, 0},
		{"unspecified, taken back", []step{{revoked(0, end), nil, "revoked"}, {good(end), nil, "alarm"}}, 1, 0},
		{"an undefined reason, taken back", []step{{revoked(99, end), nil, "revoked"}, {good(end), nil, "alarm"}}, 1, 0},
		{"forgotten", []step{{revoked(1, end), nil, "revoked"}, {responder.Status{}, nil, "alarm"}}, 1, 0},
		{"an undefined code", []step{{revoked(1, end), nil, "revoked"}, {responder.Status{Code: 42}, nil, "alarm"}}, 1, 0},
		{"taken back, and restored", []step{{revoked(1, end), nil, "revoked"}, {good(end), nil, "alarm"}, {revoked(1, end), nil, "revoked"}}, 0, 0},
		{"hold", []step{{revoked(6, end), nil, "revoked"}, {good(end), nil, "good"}}, 0, 0},
		{"removeFromCRL", []step{{revoked(8, end), nil, "revoked"}, {good(end), nil, "good"}}, 0, 0},
		{"hold after a final one, lifted", []step{{revoked(1, end), nil, "revoked"}, {revoked(6, end), nil, "revoked"}, {good(end), nil, "alarm"}}, 1, 0},
		{"source fails", []step{{good(end), errors.New("down"), "error"}, {revoked(1, end), nil, "revoked"}, {good(end), errors.New("down"), "error"}}, 0, 0},
		{"revoked beside an error teaches nothing", []step{{revoked(1, end), errors.New("down"), "error"}, {good(end), nil, "good"}}, 0, 0},
		{"expired", []step{{revoked(1, past), nil, "revoked"}, {good(past), nil, "good"}, {responder.Status{}, nil, "unknown"}}, 0, 0},
		{"a CRL does not say when it ends", []step{{revoked(1, zero), nil, "revoked"}, {good(zero), nil, "error"}}, 0, 1},
		{"but another source does", []step{{revoked(1, zero), nil, "revoked"}, {good(end), nil, "alarm"}}, 1, 0},
		{"and did so before", []step{{revoked(1, end), nil, "revoked"}, {revoked(1, zero), nil, "revoked"}, {good(zero), nil, "alarm"}}, 1, 0},
		{"and says that it has expired", []step{{revoked(1, zero), nil, "revoked"}, {good(past), nil, "good"}}, 0, 0},
		{"the later end counts", []step{{revoked(1, past), nil, "revoked"}, {good(end), nil, "alarm"}}, 1, 0},
		{"and is learned", []step{{revoked(1, zero), nil, "revoked"}, {revoked(1, end), nil, "revoked"}, {good(zero), nil, "alarm"}}, 1, 0},
	} {
		for _, restarts := range []string{"", ", with restarts", ", with crashes"} {
			t.Run(row.name+restarts, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, system{})
				for i, step := range row.steps {
					w.set(step.says, step.err)
					if got := w.says(number); got != step.want {
						t.Errorf("step %d: %s, want %s", i, got, step.want)
					}
					switch {
					case i == len(row.steps)-1:
					case restarts == ", with restarts":
						check(t, w.ledger.Close())
						w.open()
					case restarts == ", with crashes":
						w.crash()
						w.open()
					}
				}
				if s := w.ledger.Snapshot(); s.Lost != row.lost || s.Departed != row.departed || s.Unwritten != 0 || s.Err != nil {
					t.Errorf("snapshot %+v", s)
				}
			})
		}
	}
}

// TestExpiry: what was lost is no alarm any more once the certificate has
// expired. A day later, its entry is gone.
func TestExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, system{})
	w.set(revoked(1, start.Add(time.Hour)), nil)
	w.says(number)
	w.set(responder.Status{}, nil)
	for _, row := range []struct {
		after      time.Duration
		want       string
		lost       int
		remembered int
	}{
		{time.Hour, "alarm", 1, 1},
		{time.Hour + time.Second, "unknown", 0, 1},
		{25 * time.Hour, "unknown", 0, 1},
		{25*time.Hour + time.Second, "unknown", 0, 0},
	} {
		w.now = start.Add(row.after)
		b := w.Guarded.book
		b.writing.Lock()
		check(t, b.rewrite())
		b.writing.Unlock()
		got := w.says(number)
		if s := w.ledger.Snapshot(); got != row.want || s.Lost != row.lost || s.Remembered != row.remembered {
			t.Errorf("after %s: %s, %+v; want %s", row.after, got, s, row.want)
		}
	}
}

// TestCompaction: the file does not grow by what has expired.
func TestCompaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, system{})
	last := int64(0)
	for day := range 40 {
		w.now = start.AddDate(0, 0, day)
		check(t, w.Record(func(yield func(*big.Int, responder.Status) bool) {
			for range 1000 {
				last++
				if !yield(big.NewInt(last), revoked(1, w.now.Add(time.Hour))) {
					return
				}
			}
		}))
	}
	info, err := os.Stat(w.file())
	check(t, err)
	if s := w.ledger.Snapshot(); s.Remembered > 9000 || info.Size() > 9000*40 {
		t.Errorf("%+v, %d bytes", s, info.Size())
	}
	w.set(good(time.Time{}), nil)
	if got := w.says(big.NewInt(last)); got != "alarm" {
		t.Errorf("the last one: %s", got)
	}
	if got := w.says(big.NewInt(1)); got != "good" {
		t.Errorf("the first one: %s", got)
	}
	// At the start, too.
	for n := range int64(5000) {
		w.Guarded.book.record(mustSerial(1<<40+n), w.now.Add(time.Hour), maxRecorded)
	}
	check(t, w.ledger.Close())
	w.now = w.now.AddDate(0, 0, 10)
	w.disk = &failing{at: 2, forever: true} // when the file is open
	w.open()
	if !strings.Contains(w.log(), "keeps expired entries") {
		t.Errorf("the disk is full; log: %s", w.log())
	}
	check(t, w.ledger.Close())
	w.disk = system{}
	w.open()
	if s := w.ledger.Snapshot(); s.Remembered != 0 {
		t.Errorf("after the start: %+v", s)
	}
}

func mustSerial(n int64) serial {
	s, err := serialOf(big.NewInt(n))
	if err != nil {
		panic(err)
	}
	return s
}

// TestRecord: what was recorded counts though nobody asked.
func TestRecord(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{1, maxAppended, maxAppended + 1, 1000} {
		w := newWorld(t, system{})
		check(t, w.Record(func(yield func(*big.Int, responder.Status) bool) {
			for i := range n {
				if !yield(big.NewInt(2*i), revoked(1, start.Add(time.Hour))) || !yield(big.NewInt(2*i+1), revoked(6, start.Add(time.Hour))) {
					return
				}
			}
			_ = yield(big.NewInt(-1), revoked(1, time.Time{})) && yield(nil, revoked(1, time.Time{}))
		}))
		w.crash()
		w.open()
		w.set(good(time.Time{}), nil)
		for i := range n {
			if final, hold := w.says(big.NewInt(2*i)), w.says(big.NewInt(2*i+1)); final != "alarm" || hold != "good" {
				t.Errorf("%d of %d: %s, and %s for a hold", i, n, final, hold)
			}
		}
	}
}

// TestRevokedWhileAsked: a good that was on its way when the revocation was
// written down is neither an alarm nor an answer.
func TestRevokedWhileAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, system{})
	w.set(good(start.Add(time.Hour)), nil)
	w.asked = func() {
		w.asked = nil
		w.set(revoked(1, start.Add(time.Hour)), nil)
		if got := w.says(number); got != "revoked" {
			t.Errorf("the second: %s", got)
		}
	}
	if got := w.says(number); got != "revoked" {
		t.Errorf("the first: %s", got)
	}
	if s := w.ledger.Snapshot(); s.Lost != 0 {
		t.Errorf("snapshot %+v", s)
	}
}

// TestResponder: the client gets tryLater, and the operator an alarm.
func TestResponder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, system{})
	ca := issuer()
	var events []responder.Event
	r, err := responder.New(responder.Config{
		Authorities: []responder.Authority{{Certificate: ca.Cert, Signer: ca.Key, Source: w.Guarded}},
		Observer:    observer(func(e responder.Event) { events = append(events, e) }),
		Now:         func() time.Time { return ca.Cert.NotBefore.Add(time.Hour) },
	})
	check(t, err)
	request, err := ocsp.CreateRequest(&x509.Certificate{SerialNumber: number}, ca.Cert, &ocsp.RequestOptions{Hash: crypto.SHA256})
	check(t, err)
	for _, st := range []responder.Status{good(start.Add(time.Hour)), revoked(1, start.Add(time.Hour)), good(start.Add(time.Hour))} {
		w.set(st, nil)
		r.Respond(t.Context(), request)
	}
	want := []responder.Event{
		{Outcome: responder.OutcomeGood}, {Outcome: responder.OutcomeRevoked},
		{Outcome: responder.OutcomeTryLater, Alarm: responder.AlarmRevocationLost},
	}
	for i := range want {
		if len(events) != len(want) || events[i].Outcome != want[i].Outcome || events[i].Alarm != want[i].Alarm {
			t.Fatalf("events %+v, want %+v", events, want)
		}
	}
}

type observer func(responder.Event)

func (o observer) Observe(e responder.Event) { o(e) }

// numbered is a source with a version.
type numbered struct{ responder.Source }

func (numbered) Version(*big.Int) (uint64, bool) { return 7, true }

// TestGuardAgain: sources that replace each other share what is remembered;
// those of another CA do not.
func TestGuardAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, system{})
	if _, ok := w.Version(number); ok {
		t.Error("it can tell the version, though the source cannot")
	}
	w.set(revoked(1, start.Add(time.Hour)), nil)
	w.says(number)
	w.set(good(start.Add(time.Hour)), nil)
	source := numbered{responder.SourceFunc(w.source)}
	other := testca.New(testca.WithKey(testca.Key(testca.P256, "other"))).Cert
	for ca, want := range map[*x509.Certificate]string{issuer().Cert: "alarm", other: "good"} {
		var err error
		w.Guarded, err = w.ledger.Guard(ca, source)
		check(t, err)
		if got := w.says(number); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if v, ok := w.Version(number); v != 7 || !ok {
			t.Errorf("version %d, %t", v, ok)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, system{})
	if l, err := Open(Config{Dir: w.dir}); err == nil || !strings.Contains(err.Error(), "another process") || l != nil {
		t.Errorf("opened twice: %v", err)
	}
	for name, call := range map[string]func() error{
		"no CA certificate": func() error { _, err := w.ledger.Guard(nil, w); return err },
		"no source":         func() error { _, err := w.ledger.Guard(issuer().Cert, nil); return err },
		"Config.Dir is empty": func() error {
			_, err := Open(Config{})
			return err
		},
		"others can write": func() error {
			dir := t.TempDir()
			check(t, os.Chmod(dir, 0o770))
			_, err := Open(Config{Dir: dir})
			return err
		},
		"state is a file": func() error {
			name := filepath.Join(t.TempDir(), "state is a file")
			check(t, os.WriteFile(name, nil, 0o600))
			_, err := Open(Config{Dir: name})
			return err
		},
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]os.FileMode{w.dir: 0o700, w.file(): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	check(t, w.ledger.Close())
	check(t, w.ledger.Close())
	if _, err := w.ledger.Guard(issuer().Cert, w); err == nil || !strings.Contains(err.Error(), "not open") {
		t.Errorf("after Close: %v", err)
	}
	check(t, os.Chmod(w.file(), 0o622))
	if err := w.tryOpen(); err == nil || !strings.Contains(err.Error(), "others can write") {
		t.Errorf("a file that others can write: %v", err)
	}
	// A serial that does not fit is no serial that anybody may have.
	check(t, os.Chmod(w.file(), 0o600))
	w.open()
	for _, n := range []*big.Int{nil, big.NewInt(-1), new(big.Int).Lsh(big.NewInt(1), 160)} {
		if got := w.says(n); got != "error" {
			t.Errorf("%v: %s", n, got)
		}
	}
}

// TestZeroValues: the zero value of an exported type is of no use, and no method of it
// panics.
func TestZeroValues(t *testing.T) {
	zerotest.Methods(t, []any{new(Ledger), new(Guarded), new(Recorder)})
}
