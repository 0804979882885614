// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package index

import (
	"bytes"
	"math/big"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/bounds"
	"github.com/stapledjwt/stapled/responder"
)

var fuzzNow = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// FuzzIndex: whatever two files follow each other, a serial is good only if the
// second lists it as valid or expired, and only if the first did not say that
// it is revoked for good, unless the certificate has expired. Memory is bounded
// by the size of the files.
func FuzzIndex(f *testing.F) {
	seeds := []string{
		"", "# nothing\n",
		"V\t261207202352Z\t\t0A\tunknown\t/CN=a\n",
		"R\t261207202352Z\t261127202355Z,keyCompromise\t0A\tunknown\t/CN=a\nV\t20550101000000Z\t\t0B\tunknown\t/CN=b\\\tc\n",
		"R\t261207202352Z\t261127202355Z,certificateHold\t0A\tunknown\t/CN=a\nE\t250101000000Z\t\t0B\tunknown\t/CN=b\n",
		"R\t250101000000Z\t241127202355Z,keyTime,20241101000000Z\t0A\tunknown\t/CN=a\nV\t2612072023Z\t\t-0C\tunknown\t/CN=c\n",
		"V\t261207202352Z\t\t0A\tunknown\t/CN=a",
	}
	usable := 0
	for _, first := range seeds {
		if entries, err := parse(bytes.NewReader([]byte(first)), "seed", 1<<20); err == nil && len(entries) > 0 {
			usable++
		}
		for _, second := range seeds {
			f.Add([]byte(first), []byte(second))
		}
	}
	if usable == 0 {
		f.Fatal("no seed is usable")
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var before, after map[serial]entry
		var err error
		bounds.Hold(t, 256<<10+64*uint64(len(first)), func() { before, err = parse(bytes.NewReader(first), "first", 1<<20) })
		if err != nil {
			if before != nil {
				t.Fatal("entries beside an error")
			}
			return
		}
		if after, err = parse(bytes.NewReader(second), "second", 1<<20); err != nil {
			return
		}
		if len(after) > bytes.Count(second, []byte("\n")) {
			t.Fatalf("%d entries in %q", len(after), second)
		}
		x := &Index{cfg: Config{Now: func() time.Time { return fuzzNow }, StaleAfter: time.Second}}
		last := (&contents{entries: before}).follow(nil, fuzzNow)
		x.current.Store(&state{looked: fuzzNow, contents: (&contents{entries: after}).follow(last, fuzzNow)})
		for _, known := range []map[serial]entry{before, after} {
			for key := range known {
				st, err := x.Status(t.Context(), new(big.Int).SetBytes(key[:]))
				if err != nil || st.Code != responder.Good {
					continue
				}
				if now := after[key]; now.code != responder.Good {
					t.Fatalf("good for %s, which the file does not call good", key)
				}
				if was := before[key]; was.final() && !was.expired(fuzzNow) {
					t.Fatalf("good for %s, which was revoked", key)
				}
			}
		}
	})
}
