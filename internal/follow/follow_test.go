// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package follow_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/follow"
)

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var state sync.Mutex // a tick does not order what follows it
		var found follow.Digest
		var failure error
		var during func()
		reloads, log := 0, new(bytes.Buffer)
		signals := make(chan os.Signal, 1)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go follow.Configuration{
			Contents: func() follow.Digest {
				state.Lock()
				defer state.Unlock()
				return found
			},
			Reload: func(context.Context) error {
				state.Lock()
				defer state.Unlock()
				reloads++
				if during != nil {
					during()
					during = nil
				}
				return failure
			},
			Log: slog.New(slog.NewTextHandler(log, nil)),
		}.Run(ctx, signals)
		synctest.Wait()
		for _, row := range []struct {
			name          string
			do            func()
			reloads, told int
		}{
			{"nothing", func() {}, 0, 0},
			{"a change", func() { found[0]++ }, 1, 0},
			{"nothing more", func() {}, 0, 0},
			{"a signal", func() { signals <- syscall.SIGHUP }, 1, 0},
			{"a broken change", func() { found[0]++; failure = errors.New("broken") }, 1, 1},
			{"still broken: tried again, and told once", func() {}, 1, 0},
			{"a signal about what is broken", func() { signals <- syscall.SIGHUP }, 2, 1},
			{"broken for another cause", func() { failure = errors.New("otherwise") }, 1, 1},
			{"a change back to what is in use", func() { found[0]--; failure = nil }, 0, 0},
			{"broken again", func() { found[0]++; failure = errors.New("otherwise") }, 1, 1},
			{"mended", func() { failure = nil }, 1, 0},
			{"nothing again", func() {}, 0, 0},
			{"a change that changes again during the reload", func() { found[0]++; during = func() { found[0]++ } }, 1, 0},
			{"the second of them", func() {}, 1, 0},
			{"nothing at last", func() {}, 0, 0},
		} {
			state.Lock()
			reloads = 0
			log.Reset()
			row.do()
			state.Unlock()
			time.Sleep(certs.ReloadInterval)
			synctest.Wait()
			if told := strings.Count(log.String(), "not reloaded"); reloads != row.reloads || told != row.told {
				t.Errorf("%s: %d reloads, told %d times; want %d and %d", row.name, reloads, told, row.reloads, row.told)
			}
			if over := strings.Contains(log.String(), "unchanged and in use"); over != (row.name == "a change back to what is in use") {
				t.Errorf("%s: log %s", row.name, log)
			}
		}
	})
}

func TestContents(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	seen := map[follow.Digest]string{}
	for _, row := range []struct {
		name string
		do   func() error
	}{
		{"missing", func() error { return nil }},
		{"empty", func() error { return os.WriteFile(name, nil, 0o600) }},
		{"written", func() error { return os.WriteFile(name, []byte("a"), 0o600) }},
	} {
		if err := row.do(); err != nil {
			t.Fatal(err)
		}
		d := follow.Contents("", name)
		if other, ok := seen[d]; ok {
			t.Errorf("%s looks like %s", row.name, other)
		}
		seen[d] = row.name
	}
}
