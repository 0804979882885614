// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/stapledjwt/stapled/responder"
)

// TestFileFaults: whatever becomes of the file, an error says what it is, and
// the current list stays in use.
func TestFileFaults(t *testing.T) {
	for _, row := range []struct {
		name string
		then func(t *testing.T, f *followed)
		says string
	}{
		{"gone", func(t *testing.T, f *followed) {}, "no such file"},
		{"directory", func(t *testing.T, f *followed) {
			if err := os.Mkdir(f.file, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "not a regular file"},
		{"1 GB", func(t *testing.T, f *followed) {
			writeFile(t, f.file, nil)
			if err := os.Truncate(f.file, 1e9); err != nil { // takes no space
				t.Fatal(err)
			}
		}, "more than 67108864 bytes: raise the limit"},
		{"empty", func(t *testing.T, f *followed) { writeFile(t, f.file, nil) }, "is empty"},
		{"truncated", func(t *testing.T, f *followed) { writeFile(t, f.file, sign(t, f.ca, listOf(2))[:99]) }, "truncated"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := follow(t, nil)
			if err := f.publish(t, 1, 5); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(f.file); err != nil {
				t.Fatal(err)
			}
			row.then(t, f)
			err := f.Refresh(t.Context())
			wantError(t, err, row.says)
			wantError(t, err, f.file)
			f.want(t, 5, responder.Revoked)
			f.want(t, 6, responder.Good)
		})
	}
}

// TestUnchanged: a list that is still the same is not verified again, also from
// a server without conditional requests.
func TestUnchanged(t *testing.T) {
	f := follow(t, nil)
	if err := f.publish(t, 1, 5); err != nil {
		t.Fatal(err)
	}
	p := serve(t, nil, func(_ *published, w http.ResponseWriter, _ *http.Request) {
		in, err := os.Open(f.file)
		if err != nil {
			t.Error(err)
			return
		}
		defer in.Close()
		io.Copy(w, in)
	})
	if err := p.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, from := range []origin{f.from, p.from} {
		if b, err := from.fetch(t.Context(), true); b != nil || err != nil {
			t.Errorf("%T: %d bytes, %v", from, b.size, err)
		}
		if b, err := from.fetch(t.Context(), false); b == nil || err != nil {
			t.Errorf("%T, without a list that counts: %v", from, err)
		}
	}
}

// TestReadAll: no more than the limit is read, whatever size was expected.
func TestReadAll(t *testing.T) {
	for _, expected := range []int64{-1, 0, 99, 100, 101, 1 << 40} {
		for size := int64(99); size < 102; size++ {
			data, err := readAll(io.LimitReader(zeros{}, size), expected, 100)
			if err != nil || (data == nil) != (size > 100) || data != nil && int64(len(data)) != size {
				t.Errorf("%d bytes, %d expected: %d, %v", size, expected, len(data), err)
			}
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
