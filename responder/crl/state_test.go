// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
)

// restart returns a new source with the same files.
func (f *followed) restart(t *testing.T) *followed {
	t.Helper()
	s, err := New(f.cfg)
	if err != nil {
		t.Fatal(err)
	}
	next := *f
	next.Source = s
	return &next
}

// stateful returns a source with a state file.
func stateful(t *testing.T) *followed {
	t.Helper()
	state := filepath.Join(t.TempDir(), "crl.json")
	return follow(t, func(c *Config) { c.StateFile = state })
}

// TestGoesBackAfterRestart: what a source has seen counts after a restart, too.
func TestGoesBackAfterRestart(t *testing.T) {
	f := stateful(t)
	for number := range int64(3) {
		if err := f.publish(t, number, 5); err != nil {
			t.Fatal(err)
		}
	}
	// The same list is taken again, by its content.
	f = f.restart(t)
	f.wantTryLater(t, "no list yet")
	if err := f.publish(t, 2, 5); err != nil {
		t.Fatal(err)
	}
	f.want(t, 5, responder.Revoked)
	// An older one is not, and another with the same number and time is not.
	f = f.restart(t)
	wantError(t, f.publish(t, 1), "goes back: its crlNumber is 1, after 2. If the CA was restored on purpose, remove "+f.cfg.StateFile)
	wantError(t, f.publish(t, 2), "of another list")
	f.wantTryLater(t, "no list yet: the list from")
	if err := f.publish(t, 3, 5); err != nil {
		t.Fatal(err)
	}
	// Without the file, any list counts.
	if err := os.Remove(f.cfg.StateFile); err != nil {
		t.Fatal(err)
	}
	f = f.restart(t)
	if err := f.publish(t, 1, 5); err != nil {
		t.Fatal(err)
	}
}

// TestDiskFull: a list takes effect although its number cannot be stored. That
// is reported, and tried again after the next look, whatever it finds.
func TestDiskFull(t *testing.T) {
	f := stateful(t)
	if err := f.publish(t, 1); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(f.cfg.StateFile)
	if err := os.Rename(dir, dir+".gone"); err != nil {
		t.Fatal(err)
	}
	if err := f.publish(t, 2, 5); err != nil {
		t.Fatal(err)
	}
	f.want(t, 5, responder.Revoked)
	if snap := f.Snapshot(); snap.StateError == nil || snap.LastError != nil || snap.Usable != nil {
		t.Errorf("snapshot %+v", snap)
	}
	if err := os.Rename(dir+".gone", dir); err != nil {
		t.Fatal(err)
	}
	if err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := f.Snapshot().StateError; err != nil {
		t.Error(err)
	}
	wantError(t, f.restart(t).publish(t, 1), "goes back: its crlNumber is 1, after 2")
}

// TestStateFileIsDamaged: a file that cannot be read is an error, not a first
// start.
func TestStateFileIsDamaged(t *testing.T) {
	f := stateful(t)
	if err := f.publish(t, 1, 5); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(f.cfg.StateFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, content, says string }{
		{"empty", "", "is damaged"},
		{"half", string(whole[:len(whole)/2]), "is damaged"},
		{"another member", strings.Replace(string(whole), "crl_number", "crlNumber", 1), "is damaged"},
		{"negative number", strings.Replace(string(whole), `"1"`, `"-1"`, 1), "is damaged"},
		{"no number", strings.Replace(string(whole), `"1"`, `""`, 1), "is damaged"},
		{"short digest", strings.Replace(string(whole), `"tbs_sha256":"`, `"tbs_sha256":"","x":"`, 1), "is damaged"},
		{"too long", strings.Repeat(" ", maxState) + string(whole), "is damaged"},
		{"something behind it", string(whole) + "{}", "is damaged"},
	} {
		writeFile(t, f.cfg.StateFile, []byte(row.content))
		if _, err := New(f.cfg); err == nil || !strings.Contains(err.Error(), row.says) || !strings.Contains(err.Error(), "Remove it") {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	writeFile(t, f.cfg.StateFile, whole)
	other := f.cfg
	other.Issuer = testca.New(testca.Named("Other")).Cert
	_, err = New(other)
	wantError(t, err, `belongs to another CA than "CN=Other"`)
	other.Issuer, other.StateFile = f.ca.Cert, t.TempDir()
	_, err = New(other)
	wantError(t, err, "cannot be read")
}
