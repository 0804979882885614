// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// TestLogOfAnOutage: its beginning, the end of the last staple, some lines in
// between, and its end. The observer gets every attempt.
func TestLogOfAnOutage(t *testing.T) {
	bubble(t, func(t *testing.T) {
		leaf, log, seen := newLeaf(), new(logged), new(observer)
		f := &fetcher{answer: good(leaf, 10*time.Minute)}
		s := newStapler(t, leaf, f, func(c *stapler.Config) {
			c.Logger, c.Observer = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})), seen
		})
		run(t, s)
		if err := s.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		count := func() int { return strings.Count(log.String(), "\n") }
		if count() != 0 {
			t.Errorf("a refresh is a warning: %s", log)
		}
		f.set(always(nil, errDown))
		time.Sleep(12*time.Hour + 5*time.Minute) // the certificate lasts for 24 hours
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		_, failed := seen.told()
		t.Logf("%d lines for %d failures in 12 hours", len(lines), len(failed))
		if len(failed) < 5000 {
			t.Errorf("the observer was told of %d failures", len(failed))
		}
		if len(lines) < 15 || len(lines) > 30 {
			t.Errorf("%d lines:\n%s", len(lines), log)
		}
		for n, want := range map[int][]string{
			0:              {`"no new staple"`, "attempt=1", "held_until=", errDown.Error()},
			len(lines) - 1: {`"no new staple, and none to sign with"`, "not_logged="},
		} {
			for _, text := range want {
				if !strings.Contains(lines[n], text) {
					t.Errorf("line %d does not say %s: %s", n, text, lines[n])
				}
			}
		}
		if n := strings.Count(log.String(), `"no new staple, and none to sign with"`); n < 10 {
			t.Errorf("%d lines say that there is no staple to sign with", n)
		}

		// A new reason is logged at once, and only once.
		before := count()
		for range 20 {
			f.set(always([]byte("hello"), nil))
			time.Sleep(10 * time.Second)
			f.set(always(nil, errDown))
			time.Sleep(10 * time.Second)
		}
		if n := count() - before; n < 1 || n > 2 || !strings.Contains(log.String(), "reason=staple_malformed") {
			t.Errorf("%d lines for a reason that comes and goes", n)
		}

		before = count()
		f.set(good(leaf, 10*time.Minute))
		time.Sleep(time.Hour)
		lines = strings.Split(strings.TrimSpace(log.String()), "\n")
		if count() != before+1 || !strings.Contains(lines[before], "new staple after failures") || !strings.Contains(lines[before], "after=12h") {
			t.Errorf("the end of the outage: %s", lines[before:])
		}

		// The next outage is a new one.
		f.set(func(context.Context, stapler.Request) ([]byte, error) { return nil, errDown })
		time.Sleep(8 * time.Minute)
		if count() < before+2 {
			t.Error("the next outage is not in the log")
		}
	})
}
