// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"iter"
	"math/big"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/responder"
)

type recorder struct {
	given  []string
	during func()
}

func (r *recorder) Has(*big.Int) bool { return false }

func (r *recorder) Record(revocations iter.Seq2[*big.Int, responder.Status]) error {
	if r.during != nil {
		r.during()
	}
	for serial, st := range revocations {
		if st.Code == responder.Revoked && st.NotAfter.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) {
			r.given = append(r.given, serial.Text(16))
		}
	}
	slices.Sort(r.given)
	return nil
}

// TestRecordsBeforeEffect: each file gives the recorder its new final revocations,
// before anybody can ask the index.
func TestRecordsBeforeEffect(t *testing.T) {
	const end = "270101000000Z"
	line := func(serial, reason string) string {
		return "R\t" + end + "\t260101000000Z," + reason + "\t" + serial + "\tunknown\t/CN=x\n"
	}
	r := &recorder{}
	name := filepath.Join(t.TempDir(), "index.txt")
	save := func(content string) {
		if err := certs.WriteFile(name, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	save(line("01", "superseded") + line("02", "certificateHold"))
	x, err := New(Config{File: name, Recorder: r})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"1"}; !slices.Equal(r.given, want) {
		t.Errorf("first: recorded %v, want %v", r.given, want)
	}
	before := x.current.Load().contents
	r.given, r.during = nil, func() {
		if x.current.Load().contents != before {
			t.Error("the file takes effect before it is recorded")
		}
	}
	save(line("01", "superseded") + line("02", "keyCompromise") + line("0A", "superseded"))
	x.look()
	if want := []string{"2", "a"}; !slices.Equal(r.given, want) {
		t.Errorf("next: recorded %v, want %v", r.given, want)
	}
}
