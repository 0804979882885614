// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
)

// network answers requests without a connection, under virtual time.
type network struct {
	answer func(look int) (*http.Response, error)

	mu    sync.Mutex
	looks []time.Time // guarded by mu
}

func (n *network) RoundTrip(*http.Request) (*http.Response, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.looks = append(n.looks, time.Now())
	return n.answer(len(n.looks))
}

func reply(status int, body []byte, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, ContentLength: int64(len(body)), Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}
	for i := 0; i < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

var errDown = errors.New("connection refused")

// running is a source that runs in a bubble of virtual time.
type running struct {
	followed
	*network
	log   *record
	start time.Time
	// back is how far the clock was set back.
	back atomic.Int64
}

// age is the time since the source started.
func (r *running) age() time.Duration { return time.Since(r.start) }

// record is a log that can be read while it is written.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (r *record) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(line)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// run starts a source with a poll interval of 10 seconds in this bubble, and
// ends it with the test. answer says what the network does.
func run(t *testing.T, answer func(r *running, look int) (*http.Response, error)) *running {
	t.Helper()
	r := &running{network: &network{}, log: new(record), start: time.Now()}
	r.ca = testca.New()
	r.answer = func(look int) (*http.Response, error) { return answer(r, look) }
	s, err := New(Config{
		Issuer: r.ca.Cert, URL: "http://ca.example/ca.crl", Poll: 10 * time.Second,
		Now:    func() time.Time { return testca.Now.Add(r.age() - time.Duration(r.back.Load())) },
		Logger: slog.New(slog.NewTextHandler(r.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.from.(*server).client.Transport = r.network
	r.Source = s
	ctx, cancel := context.WithCancelCause(context.Background()) // the test's own ends first
	ended, stop := make(chan error), errors.New("stop")
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel(stop)
		if err := <-ended; err != stop {
			t.Errorf("Run returned %v, not the cause of its end", err)
		}
	})
	return r
}

// list returns a list that counts from now for as long, with this number.
func (r *running) list(t *testing.T, number int64, life time.Duration, serials ...int64) []byte {
	l := listOf(number, serials...)
	l.ThisUpdate = r.cfg.Now()
	l.NextUpdate = l.ThisUpdate.Add(life)
	return sign(t, r.ca, l)
}

// waits returns the times between looks.
func (r *running) waits() []time.Duration {
	r.network.mu.Lock()
	defer r.network.mu.Unlock()
	var waits []time.Duration
	for i := 1; i < len(r.looks); i++ {
		waits = append(waits, r.looks[i].Sub(r.looks[i-1]))
	}
	return waits
}

// TestPoll: a new list takes effect at most a poll interval after it is there.
func TestPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, func(r *running, look int) (*http.Response, error) {
			if r.age() >= 100*time.Second {
				return reply(200, r.list(t, 2, time.Hour, 5)), nil
			}
			return reply(200, r.list(t, 1, time.Hour)), nil
		})
		synctest.Wait()
		r.want(t, 5, responder.Good)
		time.Sleep(99 * time.Second)
		r.want(t, 5, responder.Good)
		time.Sleep(11*time.Second + time.Nanosecond)
		synctest.Wait()
		r.want(t, 5, responder.Revoked)
		for _, wait := range r.waits() {
			if wait < 9*time.Second || wait > 10*time.Second {
				t.Errorf("a wait of %s", wait)
			}
		}
	})
}

// TestLooksEarlierBeforeTheEnd: a list that is about to end is replaced before.
func TestLooksEarlierBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, func(r *running, look int) (*http.Response, error) {
			return reply(200, r.list(t, int64(look), 8*time.Second)), nil
		})
		for range 100 {
			time.Sleep(time.Second)
			synctest.Wait()
			r.want(t, 5, responder.Good)
		}
		for _, wait := range r.waits() {
			if wait > 4*time.Second {
				t.Errorf("a wait of %s", wait)
			}
		}
	})
}

// TestOutage: failures are retried at growing intervals up to the poll interval,
// logged a few times, and the list counts to its end.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var up atomic.Bool
		r := run(t, func(r *running, look int) (*http.Response, error) {
			if look > 1 && !up.Load() {
				return nil, errDown
			}
			return reply(200, r.list(t, int64(look), time.Hour, 5)), nil
		})
		time.Sleep(time.Hour)
		synctest.Wait()
		r.want(t, 5, responder.Revoked)
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		r.wantTryLater(t, "ended at 2026-03-01T13:00:00Z: GET http://ca.example/ca.crl: connection refused")
		waits := r.waits()
		for i, longest := range []time.Duration{10, 1, 2, 4, 8, 10, 10, 10} {
			if longest *= time.Second; waits[i] > longest || waits[i] < longest/2 {
				t.Errorf("wait %d is %s, want at most %s", i, waits[i], longest)
			}
		}
		for _, wait := range waits[8:] {
			if wait > 10*time.Second || wait < time.Second {
				t.Errorf("a wait of %s", wait)
			}
		}
		if lines := strings.Count(r.log.String(), "\n"); lines > 20 {
			t.Errorf("%d lines about one outage:\n%s", lines, r.log)
		}
		for _, says := range []string{"CRL taken into use", "the current one stays in use", "answered tryLater", "left_out="} {
			if !strings.Contains(r.log.String(), says) {
				t.Errorf("the log does not say %q:\n%s", says, r.log)
			}
		}
		up.Store(true)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		r.want(t, 5, responder.Revoked)
		if !strings.Contains(r.log.String(), "available again") {
			t.Errorf("the log does not say that the outage is over:\n%s", r.log)
		}
	})
}

// TestOutageNearTheEnd: before a list ends there are more attempts, so that the
// last one is not long before.
func TestOutageNearTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, func(r *running, look int) (*http.Response, error) {
			if look > 1 {
				return nil, errDown
			}
			return reply(200, r.list(t, 1, time.Minute)), nil
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		left := time.Minute
		for i, wait := range r.waits() {
			if wait > max(left/2, time.Second) {
				t.Errorf("wait %d of %s, %s before the end", i, wait, left)
			}
			left -= wait
		}
		if left > 2*time.Second {
			t.Errorf("the last attempt was %s before the end", left)
		}
	})
}

// TestRefusedListIsLogged although the server has just been down.
func TestRefusedListIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, func(r *running, look int) (*http.Response, error) {
			if look == 1 {
				return nil, errDown
			}
			return reply(200, []byte("<html>")), nil
		})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if text := r.log.String(); !strings.Contains(text, "refused") || !strings.Contains(text, "HTML") {
			t.Error(text)
		}
	})
}

// TestBusyServer: Retry-After is honored, but not for more than half of the time
// that the list has, nor ten minutes; without a list, not for more than the
// poll interval.
func TestBusyServer(t *testing.T) {
	for _, row := range []struct {
		name, retryAfter string
		life             time.Duration // of the first list; 0 for none
		least, most      time.Duration
	}{
		{"a minute", "60", time.Hour, time.Minute, time.Minute},
		{"a day", "86400", time.Hour, maxRetryAfter, maxRetryAfter},
		{"an hour, near the end", "3600", 10 * time.Minute, 4 * time.Minute, 5 * time.Minute},
		{"an hour, without a list", "3600", 0, 10 * time.Second, 10 * time.Second},
		{"zero", "0", time.Hour, time.Second / 2, time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run(t, func(r *running, look int) (*http.Response, error) {
					if look == 1 && row.life > 0 {
						return reply(200, r.list(t, 1, row.life)), nil
					}
					return reply(503, nil, "Retry-After", row.retryAfter), nil
				})
				time.Sleep(row.most + 11*time.Second)
				synctest.Wait()
				waits := r.waits()
				if row.life > 0 {
					waits = waits[1:]
				}
				if waits[0] < row.least || waits[0] > row.most {
					t.Errorf("waited %s, want %s to %s", waits[0], row.least, row.most)
				}
			})
		})
	}
}

// TestClockJumps: whatever the wall clock does, the looks go on.
func TestClockJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, func(r *running, look int) (*http.Response, error) {
			return reply(200, r.list(t, int64(look), time.Hour)), nil
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		before := len(r.waits())
		r.back.Store(int64(24 * time.Hour))
		time.Sleep(time.Minute)
		synctest.Wait()
		r.wantTryLater(t, "set this clock")
		if looks := len(r.waits()) - before; looks < 6 {
			t.Errorf("%d looks in a minute", looks)
		}
		r.back.Store(0)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		r.want(t, 5, responder.Good)
	})
}

func TestRunOnce(t *testing.T) {
	f := follow(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	wantError(t, f.Run(ctx), "called before")
}
