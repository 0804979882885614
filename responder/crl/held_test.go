// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
)

// TestHeld: a source that has taken a list keeps what it needs of each entry, not
// the list.
func TestHeld(t *testing.T) {
	const count = 50_000
	ca := testca.New()
	name := filepath.Join(t.TempDir(), "ca.crl")
	writeFile(t, name, largeList(t, ca, count))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		f, err := os.Open(name)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		var list bytes.Buffer
		if _, err := list.ReadFrom(f); err != nil {
			t.Error(err)
		}
		w.Write(list.Bytes())
	}))
	t.Cleanup(server.Close)
	for _, row := range []struct {
		name string
		cfg  Config
	}{
		{"from a file", Config{File: name}},
		{"from a URL", Config{URL: server.URL}},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.cfg.Issuer, row.cfg.Now = ca.Cert, func() time.Time { return testca.Now.Add(time.Minute) }
			before := inUse()
			s, err := New(row.cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			held := (float64(inUse()) - float64(before)) / count
			t.Logf("%.1f bytes an entry", held)
			if held > 60 {
				t.Errorf("%.1f bytes an entry are held, want at most 60", held)
			}
			runtime.KeepAlive(s)
		})
	}
}
