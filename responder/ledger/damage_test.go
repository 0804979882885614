// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bytes"
	"errors"
	"maps"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/bounds"
	"github.com/stapledjwt/stapled/responder"
)

// filled is a closed ledger with the serials 1 to n, each on disk. It returns
// the file's content.
func filled(t testing.TB, n int64) (*world, []byte) {
	t.Helper()
	w := newWorld(t, system{})
	w.set(revoked(1, start.Add(time.Hour)), nil)
	for i := range n {
		w.says(big.NewInt(i + 1))
	}
	check(t, w.ledger.Close())
	content, err := os.ReadFile(w.file())
	check(t, err)
	return w, content
}

// TestTorn: wherever a write ends, the records before it count, and the ledger
// goes on.
func TestTorn(t *testing.T) {
	t.Parallel()
	const n = 3
	w, content := filled(t, n)
	head := bytes.IndexByte(content, '\n') + 1
	for _, tail := range []string{"", "\x00", strings.Repeat("\x00", 5000), "a\n", "0 0 00000000\n", strings.Repeat("garbage\n", 3), strings.Repeat("x", 100_000)} {
		for end := range len(content) + 1 {
			if end < head && strings.Trim(tail, "\x00") != "" {
				continue // that is not the header of a ledger
			}
			if end < head && end > 0 && tail != "" {
				continue
			}
			check(t, os.WriteFile(w.file(), append(content[:end:end], tail...), 0o600))
			w.open()
			w.set(good(time.Time{}), nil)
			whole := max(0, bytes.Count(content[:end], []byte("\n"))-1)
			for i := range int64(n) {
				want := "good"
				if int(i) < whole {
					want = "alarm"
				}
				if got := w.says(big.NewInt(i + 1)); got != want {
					t.Fatalf("cut off at %d, then %.10q: serial %d is %s, want %s", end, tail, i+1, got, want)
				}
			}
			w.set(revoked(1, start.Add(time.Hour)), nil)
			w.says(big.NewInt(99))
			w.crash()
			w.open()
			w.set(good(time.Time{}), nil)
			if s := w.ledger.Snapshot(); w.says(big.NewInt(99)) != "alarm" || s.Remembered != whole+1 {
				t.Fatalf("cut off at %d, then %.10q: afterwards %+v", end, tail, s)
			}
			check(t, w.ledger.Close())
		}
	}
	if !strings.Contains(w.log(), "unfinished write") {
		t.Error("the log does not say so")
	}
}

// TestDamaged: the file is refused, and stays as it is, if a record is damaged
// that was whole when a later one was written.
func TestDamaged(t *testing.T) {
	t.Parallel()
	w, content := filled(t, 3)
	lines := bytes.SplitAfter(content, []byte("\n"))
	// The end of the line before the last is left out: without it, the last two
	// lines look like an unfinished write.
	last := len(content) - len(lines[3])
	for i := range last - 1 {
		for _, b := range []byte{content[i] ^ 1, content[i] ^ 0x20, 0, '\n'} {
			if b == content[i] {
				continue
			}
			damaged := bytes.Clone(content)
			damaged[i] = b
			check(t, os.WriteFile(w.file(), damaged, 0o600))
			err := w.tryOpen()
			if err == nil {
				t.Fatalf("byte %d is %q: it opens", i, b)
			}
			if !strings.Contains(err.Error(), ".revoked:") {
				t.Fatalf("byte %d is %q: the error names no line: %v", i, b, err)
			}
			if now, err := os.ReadFile(w.file()); err != nil || !bytes.Equal(now, damaged) {
				t.Fatalf("the file has been changed: %v", err)
			}
		}
	}
	check(t, os.WriteFile(w.file(), bytes.Repeat([]byte("x"), 100_000), 0o600))
	if err := w.tryOpen(); err == nil || !strings.Contains(err.Error(), ":1: file is not a ledger") {
		t.Errorf("another file: %v", err)
	}
	// By hand, as the package says.
	check(t, os.WriteFile(w.file(), bytes.Join([][]byte{lines[0], lines[1], lines[3]}, nil), 0o600))
	w.open()
	w.set(good(time.Time{}), nil)
	if a, b := w.says(big.NewInt(1)), w.says(big.NewInt(2)); a != "alarm" || b != "good" {
		t.Errorf("a line was deleted: %s, %s", a, b)
	}
}

// FuzzRead: whatever the file, it is refused, or its records are those that can
// be found in it, and are the same when they are written again.
func FuzzRead(f *testing.F) {
	const id = "00112233445566778899aabbccddeeff"
	whole := []byte(header(id))
	for i := range int64(3) {
		whole = appendRecord(whole, mustSerial(i*1000), i*1_700_000_000)
	}
	for end := range len(whole) + 1 {
		f.Add(whole[:end])
	}
	f.Add(append(whole, 0, 0, 0))
	if c, err := read(bytes.NewReader(whole), "seed", id); err != nil || c.records != 3 {
		f.Fatalf("the seed is not usable: %+v, %v", c, err)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		var c contents
		var err error
		bounds.Hold(t, 192<<10+64*uint64(len(content)), func() { c, err = read(bytes.NewReader(content), "file", id) })
		if err != nil {
			if c.entries != nil {
				t.Fatal("entries beside an error")
			}
			return
		}
		if c.size+c.torn != int64(len(content)) {
			t.Fatalf("%d and %d bytes of %d", c.size, c.torn, len(content))
		}
		again := []byte(header(id))
		for s, e := range c.entries {
			again = appendRecord(again, s, e.notAfter)
			if record := appendRecord(nil, s, e.notAfter); !bytes.Contains(content[:c.size], record) {
				t.Fatalf("%q is not in the file", record)
			}
		}
		if second, err := read(bytes.NewReader(again), "again", id); err != nil || !maps.Equal(second.entries, c.entries) {
			t.Fatalf("written again: %v", err)
		}
	})
}

// failing is a disk on which one call fails, or all from that one on. A write
// that fails has written half.
type failing struct {
	system
	calls, at int
	forever   bool
}

var errFull = errors.New("no space left on device")

func (d *failing) fails() bool {
	d.calls++
	return d.at > 0 && (d.calls == d.at || d.forever && d.calls > d.at)
}

func (d *failing) open(name string, flag int) (file, error) {
	if d.fails() {
		return nil, errFull
	}
	f, err := d.system.open(name, flag)
	return failingFile{f, d}, err
}

func (d *failing) rename(from, to string) error {
	if d.fails() {
		return errFull
	}
	return d.system.rename(from, to)
}

func (d *failing) syncDir(dir string) error {
	if d.fails() {
		return errFull
	}
	return d.system.syncDir(dir)
}

type failingFile struct {
	file
	disk *failing
}

func (f failingFile) WriteAt(p []byte, off int64) (int, error) {
	if f.disk.fails() {
		n, err := f.file.WriteAt(p[:len(p)/2], off)
		return n, errors.Join(err, errFull)
	}
	return f.file.WriteAt(p, off)
}

func (f failingFile) Sync() error {
	if f.disk.fails() {
		return errFull
	}
	return f.file.Sync()
}

func (f failingFile) Truncate(size int64) error {
	if f.disk.fails() {
		return errFull
	}
	return f.file.Truncate(size)
}

// TestFaults makes each call to the disk fail, once or from then on. What was
// revoked is revoked meanwhile, and never good again. After a crash, what the
// ledger said to be on disk is remembered.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, forever := range []bool{false, true} {
		for at, more := 1, true; more; at++ {
			d := &failing{forever: forever}
			w := newWorld(t, d)
			d.calls, d.at = 0, at
			onDisk := make(map[int64]bool)
			var seen []int64
			for step := range int64(8) {
				w.now = w.now.Add(2 * retryAfter) // it tries again
				w.set(revoked(1, start.Add(time.Hour)), nil)
				if step == 4 { // a new file
					_ = w.Record(func(yield func(*big.Int, responder.Status) bool) {
						for n := range int64(maxAppended + 1) {
							seen = append(seen, 100+n)
							if !yield(big.NewInt(100+n), w.status) {
								return
							}
						}
					})
				} else {
					seen = append(seen, step)
					if got := w.says(big.NewInt(step)); got != "revoked" {
						t.Fatalf("call %d fails: revoked is %s", at, got)
					}
				}
				if s := w.ledger.Snapshot(); s.Unwritten == 0 {
					if s.Err != nil {
						t.Fatalf("call %d fails: nothing is unwritten, but %v", at, s.Err)
					}
					for _, n := range seen {
						onDisk[n] = true
					}
				} else if s.Err == nil || !strings.Contains(w.log(), errFull.Error()) {
					t.Fatalf("call %d fails: %+v, and the log says %s", at, s, w.log())
				}
				w.set(good(time.Time{}), nil)
				for _, n := range seen {
					if got := w.says(big.NewInt(n)); got != "alarm" {
						t.Fatalf("call %d fails: serial %d is %s", at, n, got)
					}
				}
			}
			more = d.calls >= at
			w.now = w.now.Add(2 * retryAfter)
			w.says(number)
			if s := w.ledger.Snapshot(); s.Unwritten > 0 != (forever && more) {
				t.Fatalf("call %d fails, forever: %t: at the end %+v", at, forever, s)
			}
			if lines := strings.Count(w.log(), "forgets them"); lines > 4 {
				t.Errorf("call %d fails: %d lines say so", at, lines)
			}
			w.crash()
			d.at = 0
			w.open()
			w.set(good(time.Time{}), nil)
			for n := range onDisk {
				if got := w.says(big.NewInt(n)); got != "alarm" {
					t.Fatalf("call %d fails: serial %d was on disk, and after a crash is %s", at, n, got)
				}
			}
			check(t, w.ledger.Close())
		}
	}
}

// TestFaultsAtStart: a ledger that cannot make its file, or repair it, does not
// open.
func TestFaultsAtStart(t *testing.T) {
	t.Parallel()
	w, content := filled(t, 3)
	for _, row := range []struct {
		name    string
		content []byte
		calls   int // that can fail
		first   string
	}{
		{"new", nil, 5, "good"}, // open, write, sync, rename, sync of the directory
		{"header is torn", content[:10], 5, "good"},
		{"record is torn", content[:len(content)-1], 3, "alarm"}, // open, truncate, sync
		{"whole", content, 1, "alarm"},
	} {
		check(t, os.WriteFile(w.file(), row.content, 0o600))
		failed := 0
		for at := 1; ; at++ {
			w.disk = &failing{at: at}
			err := w.tryOpen()
			if err == nil {
				break
			}
			failed++
			if !errors.Is(err, errFull) {
				t.Errorf("%s: call %d fails: %v", row.name, at, err)
			}
			check(t, os.WriteFile(w.file(), row.content, 0o600))
		}
		w.set(good(time.Time{}), nil)
		if got := w.says(big.NewInt(1)); got != row.first {
			t.Errorf("%s: %s, want %s", row.name, got, row.first)
		}
		check(t, w.ledger.Close())
		if failed != row.calls {
			t.Errorf("%s: %d calls can fail, want %d", row.name, failed, row.calls)
		}
	}
}

// TestRetries: after a failed write the ledger waits for a second.
func TestRetries(t *testing.T) {
	t.Parallel()
	d := &failing{}
	w := newWorld(t, d)
	d.calls, d.at, d.forever = 0, 1, true
	w.set(revoked(1, start.Add(time.Hour)), nil)
	for _, row := range []struct {
		after time.Duration
		tries bool
	}{{0, true}, {0, false}, {retryAfter - 1, false}, {retryAfter, true}, {retryAfter, false}, {0, true}} { // the last: the clock was set back
		w.now = start.Add(row.after)
		before := d.calls
		w.says(number)
		if tried := d.calls > before; tried != row.tries {
			t.Errorf("after %s: tries: %t", row.after, tried)
		}
	}
	if err := w.Record(func(func(*big.Int, responder.Status) bool) {}); !errors.Is(err, errFull) {
		t.Errorf("Record: %v", err)
	}
	if err := w.ledger.Close(); err == nil {
		t.Error("Close does not say so")
	}
}

// hanging is a disk that hangs.
type hanging struct {
	system
	began, end chan struct{}
}

type hangingFile struct {
	file
	disk *hanging
}

func (d *hanging) open(name string, flag int) (file, error) {
	f, err := d.system.open(name, flag)
	return hangingFile{f, d}, err
}

func (f hangingFile) Sync() error {
	if f.disk.began != nil {
		f.disk.began <- struct{}{}
		<-f.disk.end
	}
	return f.file.Sync()
}

// TestHangingDisk: it keeps back the one answer that must be written down first.
func TestHangingDisk(t *testing.T) {
	t.Parallel()
	d := new(hanging)
	w := newWorld(t, d)
	d.began, d.end = make(chan struct{}), make(chan struct{})
	w.set(revoked(1, start.Add(time.Hour)), nil)
	got := make(chan string)
	go func() { got <- w.says(number) }()
	<-d.began
	w.set(good(start.Add(time.Hour)), nil)
	for n, want := range map[int64]string{1: "good", number.Int64(): "alarm"} {
		if got := w.says(big.NewInt(n)); got != want {
			t.Errorf("serial %d, meanwhile: %s, want %s", n, got, want)
		}
	}
	select {
	case early := <-got:
		t.Errorf("%s, before it is on disk", early)
	default:
	}
	d.end <- struct{}{}
	if got := <-got; got != "revoked" {
		t.Errorf("got %s", got)
	}
}
