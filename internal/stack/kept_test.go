// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestGoodUntil: the bound holds for staples of an earlier start too.
func TestGoodUntil(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "config"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := GoodUntil(dir, at); got != nil {
		t.Errorf("without a file: %s", got)
	}
	for _, step := range []struct {
		name     string
		started  time.Duration // after at
		validity time.Duration
		revoked  time.Duration
		want     time.Duration
	}{
		{"first start", 0, time.Hour, time.Second, time.Second + time.Hour},
		{"shorter from now on, revoked soon", time.Minute, 10 * time.Second, 2 * time.Minute, 61 * time.Minute},
		{"shorter again", 3 * time.Minute, 5 * time.Second, 4 * time.Minute, 61 * time.Minute},
		{"revoked when earlier staples have ended", 5 * time.Minute, 5 * time.Second, 2 * time.Hour, 2*time.Hour + 5*time.Second},
		{"longer", 3 * time.Hour, time.Hour, 3 * time.Hour, 4 * time.Hour},
	} {
		before, err := readKept(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := before.next("127.0.0.1:1", "echo", step.validity, at.Add(step.started)).write(dir); err != nil {
			t.Fatal(err)
		}
		got := GoodUntil(dir, at.Add(step.revoked))
		if got == nil || !got.Equal(at.Add(step.want)) {
			t.Errorf("%s: %v, want %s", step.name, got, at.Add(step.want))
		}
	}
	if err := os.WriteFile(keptFile(dir), []byte(`{"gateway_address":"127.0.0.1:1","audience":"echo","staple_validity":"long"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := GoodUntil(dir, at); got != nil {
		t.Errorf("from a damaged file: %s", got)
	}
	if _, err := readKept(dir); err == nil {
		t.Error("a damaged file passes for none")
	}
}
