// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
)

// followed is a source that reads a file, with a clock that the test sets.
type followed struct {
	*Source
	ca   *testca.Party
	file string
	now  time.Time
}

// follow returns a source without a list, at two minutes after testca.Now.
func follow(t *testing.T, edit func(*Config)) *followed {
	t.Helper()
	f := &followed{ca: testca.New(), file: filepath.Join(t.TempDir(), "ca.crl"), now: testca.Now.Add(2 * time.Minute)}
	cfg := Config{Issuer: f.ca.Cert, File: f.file, Now: func() time.Time { return f.now }}
	if edit != nil {
		edit(&cfg)
	}
	var err error
	if f.Source, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	return f
}

// publish writes a list and refreshes the source.
func (f *followed) publish(t *testing.T, number int64, serials ...int64) error {
	t.Helper()
	writeFile(t, f.file, sign(t, f.ca, listOf(number, serials...)))
	return f.Refresh(t.Context())
}

// want fails unless the source says this about a serial.
func (f *followed) want(t *testing.T, serial int64, want responder.Code) {
	t.Helper()
	st, err := f.Status(t.Context(), big.NewInt(serial))
	if err != nil {
		t.Fatal(err)
	}
	if st.Code != want {
		t.Errorf("serial %d is %s, want %s", serial, st.Code, want)
	}
}

// wantTryLater fails unless the source has no answer, for this reason.
func (f *followed) wantTryLater(t *testing.T, says string) {
	t.Helper()
	st, err := f.Status(t.Context(), big.NewInt(1))
	wantError(t, err, says)
	if st != (responder.Status{}) {
		t.Errorf("status %+v beside an error", st)
	}
	if usable := f.Snapshot().Usable; usable == nil || usable.Error() != err.Error() {
		t.Errorf("Snapshot.Usable is %v, not %v", usable, err)
	}
}

func TestStatus(t *testing.T) {
	f := follow(t, nil)
	f.wantTryLater(t, "no list yet")
	if err := f.publish(t, 1, 5); err != nil {
		t.Fatal(err)
	}
	st, err := f.Status(t.Context(), big.NewInt(5))
	want := responder.Status{
		Code: responder.Revoked, RevokedAt: testca.Now, Reason: 1,
		ThisUpdate: testca.Now.Add(time.Minute), NextUpdate: testca.Now.Add(61 * time.Minute),
	}
	if err != nil || st != want {
		t.Errorf("got %+v, %v, want %+v", st, err, want)
	}
	st, err = f.Status(t.Context(), big.NewInt(6))
	if err != nil || st != (responder.Status{Code: responder.Good, ThisUpdate: want.ThisUpdate, NextUpdate: want.NextUpdate}) {
		t.Errorf("not listed: %+v, %v", st, err)
	}
	f.want(t, -5, responder.Unknown)
	for _, tooLong := range []*big.Int{new(big.Int).Lsh(big.NewInt(1), 160), nil} {
		if st, err := f.Status(t.Context(), tooLong); st.Code != responder.Unknown || (err == nil) != (tooLong != nil) {
			t.Errorf("serial %x: %s, %v", tooLong, st.Code, err)
		}
	}
}

// TestUnlisted: with another source beside it, a serial that the list does not
// have is unknown to it, and a responder does not take such a source alone.
func TestUnlisted(t *testing.T) {
	f := follow(t, func(c *Config) { c.Unlisted = UnlistedUnknown })
	if err := f.publish(t, 1, 5); err != nil {
		t.Fatal(err)
	}
	f.want(t, 5, responder.Revoked)
	f.want(t, 6, responder.Unknown)
	authority := responder.Authority{Certificate: f.ca.Cert, Signer: f.ca.Key, Source: f.Source}
	_, err := responder.New(responder.Config{Authorities: []responder.Authority{authority}, Now: func() time.Time { return f.now }})
	wantError(t, err, "combine it with one that knows what was issued")

	f = follow(t, nil)
	authority = responder.Authority{Certificate: f.ca.Cert, Signer: f.ca.Key, Source: f.Source}
	_, err = responder.New(responder.Config{Authorities: []responder.Authority{authority}, Now: func() time.Time { return f.now }})
	wantError(t, err, "")
}

// TestVersion: the version grows with every list that takes effect, at once,
// and only then.
func TestVersion(t *testing.T) {
	f := follow(t, nil)
	if version, ok := f.Version(big.NewInt(5)); ok {
		t.Errorf("version %d without a list", version)
	}
	last := uint64(0)
	for number, serials := range [][]int64{{}, {5}, {5, 6}} {
		if err := f.publish(t, int64(number), serials...); err != nil {
			t.Fatal(err)
		}
		version, ok := f.Version(big.NewInt(99))
		if !ok || version <= last {
			t.Errorf("version %d, %t after %d", version, ok, last)
		}
		if err := f.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if last, _ = f.Version(big.NewInt(99)); last != version {
			t.Errorf("version %d for the same list as %d", last, version)
		}
	}
	f.want(t, 5, responder.Revoked)
}

// TestExpiredEntryLeaves: a CA takes expired certificates off its list, and may
// lift a hold.
func TestExpiredEntryLeaves(t *testing.T) {
	f := follow(t, nil)
	if err := f.publish(t, 1, 5, 6); err != nil {
		t.Fatal(err)
	}
	if err := f.publish(t, 2, 6); err != nil {
		t.Fatal(err)
	}
	f.want(t, 5, responder.Good)
	f.want(t, 6, responder.Revoked)
	if snap := f.Snapshot(); snap.LastError != nil || snap.Entries != 1 || snap.Number.Int64() != 2 {
		t.Errorf("snapshot %+v", snap)
	}
}

// TestPastNextUpdate: a list counts until its nextUpdate to the second, while
// nothing else can be had, and not beyond.
func TestPastNextUpdate(t *testing.T) {
	f := follow(t, nil)
	if err := f.publish(t, 1, 5); err != nil {
		t.Fatal(err)
	}
	writeFile(t, f.file, []byte("<html>"))
	f.now = testca.Now.Add(61 * time.Minute)
	wantError(t, f.Refresh(t.Context()), "HTML")
	f.want(t, 6, responder.Good)
	f.now = f.now.Add(time.Nanosecond)
	f.wantTryLater(t, "ended at 2026-03-01T13:01:00Z: the list from")
	wantError(t, f.publish(t, 1, 5), "ended at 2026-03-01T13:01:00Z, and it is")
	f.wantTryLater(t, "does the CA still make lists?")
	if err := f.publish(t, 50, 5); err != nil {
		t.Fatal(err)
	}
	f.want(t, 6, responder.Good)
}

// TestGoesBack: neither the number nor thisUpdate goes back, and a list that
// differs from the current one is a later one.
func TestGoesBack(t *testing.T) {
	for _, row := range []struct {
		name           string
		number, minute int64
		says           string
	}{
		{"later", 3, 3, ""},
		{"later, with the same number", 2, 3, ""},
		{"with the next number in the same second", 3, 2, ""},
		{"older", 1, 1, "goes back: its crlNumber is 1, after 2. If the CA was restored on purpose, restart"},
		{"older number, later time", 1, 3, "goes back: its crlNumber"},
		{"older time", 3, 1, "goes back: its thisUpdate is 2026-03-01T12:01:00Z, after 2026-03-01T12:02:00Z"},
		{"the same number and time", 2, 2, "of another list"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := follow(t, nil)
			f.now = f.now.Add(time.Minute)
			if err := f.publish(t, 2, 5); err != nil {
				t.Fatal(err)
			}
			l := listOf(row.minute)
			l.Number = big.NewInt(row.number)
			writeFile(t, f.file, sign(t, f.ca, l))
			err := f.Refresh(t.Context())
			wantError(t, err, row.says)
			if row.says == "" {
				f.want(t, 5, responder.Good)
				return
			}
			f.want(t, 5, responder.Revoked)
			if snap := f.Snapshot(); snap.LastError == nil || snap.Number.Int64() != 2 || !snap.LastSuccess.Equal(f.now) {
				t.Errorf("snapshot %+v", snap)
			}
		})
	}
}

// TestSignedAgain: the same list with another signature is the same list.
func TestSignedAgain(t *testing.T) {
	f := follow(t, nil)
	for range 2 { // ECDSA signatures differ
		if err := f.publish(t, 1, 5); err != nil {
			t.Fatal(err)
		}
	}
	if version, _ := f.Version(nil); version != 1 {
		t.Errorf("version %d", version)
	}
}

// TestFuture: a list may begin up to a minute from now.
func TestFuture(t *testing.T) {
	f := follow(t, nil)
	wantError(t, f.publish(t, 3, 5), "")
	wantError(t, f.publish(t, 4, 5), "begins at 2026-03-01T12:04:00Z, and it is 2026-03-01T12:02:00Z: compare this clock")
	f.want(t, 5, responder.Revoked)
}

// TestClockSetBack: while the clock is before the list, nobody can tell whether
// it has ended.
func TestClockSetBack(t *testing.T) {
	f := follow(t, nil)
	if err := f.publish(t, 2, 5); err != nil {
		t.Fatal(err)
	}
	f.now = testca.Now.Add(time.Minute)
	f.want(t, 5, responder.Revoked)
	f.now = f.now.Add(-time.Second)
	f.wantTryLater(t, "set this clock")
	wantError(t, f.Refresh(t.Context()), "compare this clock")
	f.now = testca.Now.Add(3 * time.Minute)
	f.want(t, 5, responder.Revoked)
}

func TestSnapshot(t *testing.T) {
	f := follow(t, nil)
	if snap := f.Snapshot(); snap.Number != nil || snap.Usable == nil || !snap.LastSuccess.IsZero() {
		t.Errorf("before the first list: %+v", snap)
	}
	wantError(t, f.Refresh(t.Context()), "no such file")
	f.wantTryLater(t, "no list yet: stat")
	if err := f.publish(t, 1, 5, 6); err != nil {
		t.Fatal(err)
	}
	taken := f.now
	f.now = f.now.Add(time.Minute)
	if err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	snap := f.Snapshot()
	snap.Number.SetInt64(99) // the caller's own copy
	snap = f.Snapshot()
	if snap.Number.Int64() != 1 || snap.Entries != 2 || !snap.Since.Equal(taken) || !snap.LastSuccess.Equal(f.now) ||
		!snap.ThisUpdate.Equal(testca.Now.Add(time.Minute)) || !snap.NextUpdate.Equal(testca.Now.Add(61*time.Minute)) ||
		snap.LastError != nil || snap.StateError != nil || snap.Usable != nil {
		t.Errorf("%+v", snap)
	}
}

// TestStatusAllocatesNothing, whether or not the list has the serial.
func TestStatusAllocatesNothing(t *testing.T) {
	f := follow(t, nil)
	if err := f.publish(t, 1, 5); err != nil {
		t.Fatal(err)
	}
	for _, serial := range []*big.Int{big.NewInt(5), big.NewInt(6), new(big.Int).Lsh(big.NewInt(1), 159)} {
		if n := testing.AllocsPerRun(100, func() {
			if _, err := f.Status(t.Context(), serial); err != nil {
				t.Error(err)
			}
			f.Version(serial)
		}); n != 0 {
			t.Errorf("serial %x: %v allocations", serial, n)
		}
	}
}
