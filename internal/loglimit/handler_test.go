// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package loglimit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// output collects lines as JSON.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) handler() *Handler {
	return New(slog.NewJSONHandler(o, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type line struct {
	Level, Msg, Message, Reason, Error string
	LeftOut                            int `json:"left_out"`
	N                                  int
}

// take returns the lines since the last call.
func (o *output) take(t *testing.T) []line {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	var lines []line
	for text := range strings.Lines(o.buf.String()) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		lines = append(lines, l)
	}
	o.buf.Reset()
	return lines
}

func refuse(log *slog.Logger, times int) {
	for i := range times {
		log.Info("refused", "reason", "stale", "n", i)
	}
}

func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out output
		log := slog.New(out.handler())
		refuse(log, 1000)
		first := out.take(t)
		if len(first) != Burst {
			t.Fatalf("%d lines at once, want %d", len(first), Burst)
		}
		for i, l := range first {
			if l.LeftOut != 0 || l.N != i {
				t.Errorf("line %d is %+v", i, l)
			}
		}
		// It goes on, at 100 a second.
		for range 3 {
			for range 1000 {
				time.Sleep(Interval / 1000)
				log.Info("refused", "reason", "stale")
			}
			time.Sleep(time.Nanosecond)
		}
		var leftOut []int
		for _, l := range out.take(t) {
			leftOut = append(leftOut, l.LeftOut)
		}
		if fmt.Sprint(leftOut) != "[1989 999 999]" {
			t.Errorf("lines passed with left_out %v, want one each interval: [1989 999 999]", leftOut)
		}
	})
}

func TestSummary(t *testing.T) {
	for _, row := range []struct {
		name string
		then func(log *slog.Logger)
		want []line
	}{
		{"nothing follows", func(*slog.Logger) {},
			[]line{{Level: "INFO", Msg: "log lines left out", Message: "refused", Reason: "stale", LeftOut: 5}}},
		{"another kind follows", func(log *slog.Logger) { time.Sleep(Interval); log.Info("refused", "reason", "revoked") },
			[]line{{Level: "INFO", Msg: "refused", Reason: "revoked"}, {Level: "INFO", Msg: "log lines left out", Message: "refused", Reason: "stale", LeftOut: 5}}},
		{"a line has reported it", func(log *slog.Logger) { time.Sleep(Interval); log.Info("refused", "reason", "stale") },
			[]line{{Level: "INFO", Msg: "refused", Reason: "stale", LeftOut: 5}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out output
				log := slog.New(out.handler())
				refuse(log, Burst+5)
				out.take(t)
				row.then(log)
				time.Sleep(10 * summaryDelay)
				synctest.Wait()
				if got := out.take(t); fmt.Sprint(got) != fmt.Sprint(row.want) {
					t.Errorf("got %+v\nwant %+v", got, row.want)
				}
			})
		})
	}
}

// After a quiet time, a burst passes again.
func TestPaceRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out output
		log := slog.New(out.handler())
		refuse(log, Burst)
		time.Sleep(Burst * Interval)
		refuse(log, Burst)
		if got := out.take(t); len(got) != 2*Burst {
			t.Errorf("%d lines, want %d", len(got), 2*Burst)
		}
	})
}

func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out output
		h := out.handler()
		refuse(slog.New(h), Burst+7)
		out.take(t)
		h.Flush()
		h.Flush()
		h.limits.summarize(kind{slog.LevelInfo, "refused", "stale"}) // as a timer that was too late to be stopped
		time.Sleep(10 * summaryDelay)
		synctest.Wait()
		if got := out.take(t); len(got) != 1 || got[0].LeftOut != 7 {
			t.Errorf("got %+v, want one line with left_out 7", got)
		}
	})
}

// One kind does not silence another, and what a stranger chooses makes none.
func TestKinds(t *testing.T) {
	var out output
	log := slog.New(out.handler())
	for i := range 10 * Burst {
		remote := netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
		log.With("serial", i).Info("refused", "reason", "stale", "remote", remote, "path", fmt.Sprint("/", i))
		log.WithGroup("g").Warn("refused", "reason", "stale", "n", i)
		log.Info("refused", "n", i, "reason", "revoked")
		log.Info("failed", "reason", errors.New(fmt.Sprint("not text ", i)))
	}
	if got := out.take(t); len(got) != 4*Burst {
		t.Errorf("%d lines, want %d of 4 kinds each", len(got), Burst)
	}
}

// If a mistake lets a stranger choose a reason, memory and log stay bounded.
func TestKindsAreBounded(t *testing.T) {
	var out output
	h := out.handler()
	log := slog.New(h)
	const strangers = 20 * maxKinds
	for i := range strangers {
		log.Info("refused", "reason", fmt.Sprint(strings.Repeat("x", 300), i))
		log.Info(fmt.Sprint(strings.Repeat("x", 300), i))
	}
	if n := len(h.limits.kinds); n > maxKinds+1 {
		t.Errorf("%d kinds in memory, want at most %d", n, maxKinds+1)
	}
	if got := out.take(t); len(got) != maxKinds+Burst {
		t.Errorf("%d lines, want %d", len(got), maxKinds+Burst)
	}
	h.Flush()
	if got := out.take(t); len(got) != 1 || got[0].LeftOut != 2*strangers-maxKinds-Burst {
		t.Errorf("the summary is %+v, want %d left out", got, 2*strangers-maxKinds-Burst)
	}
}

// Nothing is lost: what passes and what is said to be left out is what came.
func TestConcurrentLinesAreCounted(t *testing.T) {
	var out output
	h := out.handler()
	const writers, each = 8, 2000
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() { refuse(slog.New(h), each) })
	}
	wg.Go(h.Flush)
	wg.Wait()
	h.Flush()
	total := 0
	for _, l := range out.take(t) {
		if total += l.LeftOut; l.Msg == "refused" {
			total++
		}
	}
	if total != writers*each {
		t.Errorf("%d lines accounted for, want %d", total, writers*each)
	}
}

type verbose struct{}

func (verbose) MarshalJSON() ([]byte, error) {
	return []byte(`"` + strings.Repeat("j", 1<<20) + `"`), nil
}
func (verbose) String() string { return strings.Repeat("s", 1<<20) }

type resolving struct{}

func (resolving) LogValue() slog.Value { return slog.AnyValue(verbose{}) }

func TestLinesAreBounded(t *testing.T) {
	long := strings.Repeat("é\x00\n", 1<<18)
	for _, row := range []struct {
		name string
		log  func(*slog.Logger)
	}{
		{"message", func(log *slog.Logger) { log.Info(long) }},
		{"text", func(log *slog.Logger) { log.Info("m", "k", long) }},
		{"error", func(log *slog.Logger) { log.Info("m", "k", errors.New(long)) }},
		{"value that writes itself", func(log *slog.Logger) { log.Info("m", "k", verbose{}) }},
		{"value that resolves", func(log *slog.Logger) { log.Info("m", "k", resolving{}) }},
		{"list", func(log *slog.Logger) { log.Info("m", "k", []string{long, long}) }},
		{"group", func(log *slog.Logger) { log.Info("m", slog.Group("g", "k", long)) }},
		{"attribute of the logger", func(log *slog.Logger) { log.With("k", long).Info("m") }},
		{"group of the logger", func(log *slog.Logger) { log.WithGroup("g").With("k", long).Info("m") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out output
			row.log(slog.New(out.handler()))
			got := out.buf.Len()
			if most := 6*MaxValue + 200; got == 0 || got > most {
				t.Errorf("a line of %d bytes, want one of at most %d", got, most)
			}
		})
	}
}

func TestShortLinesAreNotChanged(t *testing.T) {
	var direct, limited bytes.Buffer
	for _, h := range []slog.Handler{slog.NewJSONHandler(&direct, nil), New(slog.NewJSONHandler(&limited, nil))} {
		r := slog.NewRecord(time.Unix(1, 0), slog.LevelWarn, "m", 0)
		r.Add("a", 1, "b", "text", "c", time.Minute, "d", nil, "e", slog.GroupValue(slog.Int("f", 2)), "g", errors.New("e"), "h", true)
		if err := h.WithAttrs([]slog.Attr{slog.Int("i", 3)}).WithGroup("j").Handle(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	if direct.String() != limited.String() {
		t.Errorf("%s became %s", &direct, &limited)
	}
}

func TestNewOfAHandlerSharesItsLimits(t *testing.T) {
	var out output
	h := out.handler()
	refuse(slog.New(h), Burst)
	refuse(slog.New(New(h)), Burst)
	if got := out.take(t); len(got) != Burst {
		t.Errorf("%d lines, want %d", len(got), Burst)
	}
	refuse(slog.New(New(h).Unlimited()), Burst)
	if got := out.take(t); len(got) != Burst {
		t.Errorf("%d lines without limits, want %d", len(got), Burst)
	}
}

func TestErrorLog(t *testing.T) {
	var out output
	log := out.handler().ErrorLog(slog.LevelDebug, "connection failed")
	for i := range 100 {
		log.Printf("http: TLS handshake error from 10.0.0.1:%d: EOF", i)
	}
	log.Printf("http: panic serving 10.0.0.1:1: oops\n%s", strings.Repeat("frame\n", 1000))
	log.Print("http: Accept error: accept tcp: too many open files; retrying in 5ms")
	got := out.take(t)
	if len(got) != Burst+2 {
		t.Fatalf("%d lines, want %d", len(got), Burst+2)
	}
	for i, want := range map[int]line{
		0:         {Level: "DEBUG", Msg: "connection failed", Error: "http: TLS handshake error from 10.0.0.1:0: EOF"},
		Burst:     {Level: "ERROR", Msg: "handler panicked"},
		Burst + 1: {Level: "ERROR", Msg: "connections cannot be accepted"},
	} {
		if l := got[i]; l.Level != want.Level || l.Msg != want.Msg || !strings.HasPrefix(l.Error, want.Error) || len(l.Error) > maxTrace+len("…") {
			t.Errorf("line %d is %+v, want %+v", i, l, want)
		}
	}
	if frames := strings.Count(got[Burst].Error, "frame"); frames < 100 {
		t.Errorf("%d frames of the stack are left", frames)
	}
}
