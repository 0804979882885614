// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// errSilent is the cause when the proxy gives up on a request to the upstream.
var errSilent = errors.New("the upstream neither took the request nor began to answer in time")

// patience gives up on a request when the upstream stalls: when, for some time,
// it has neither taken part of the body nor begun its answer. Time that the
// proxy spends waiting for the client's next bytes does not count. There is no
// limit once the answer has begun: streams and upgraded connections may be
// silent for hours.
type patience struct {
	limit  time.Duration // negative: no limit
	giveUp context.CancelCauseFunc

	mu       sync.Mutex
	timer    *time.Timer // nil without a limit
	deadline time.Time   // while it is the upstream's turn
	waiting  bool        // for the client
	ended    bool
	gaveUp   bool
	bodyErr  error // the error that ended reading the client's body, other than io.EOF
}

func newPatience(limit time.Duration, giveUp context.CancelCauseFunc) *patience {
	p := &patience{limit: limit, giveUp: giveUp}
	if limit > 0 {
		p.deadline = time.Now().Add(limit)
		p.timer = time.AfterFunc(limit, p.expire)
	}
	return p
}

func (p *patience) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	// The timer may have fired just before it was stopped or reset.
	if p.ended || p.waiting || time.Now().Before(p.deadline) {
		return
	}
	p.ended, p.gaveUp = true, true
	p.giveUp(errSilent)
}

// wait stops the clock: it is the client's turn.
func (p *patience) wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = true
}

// resume restarts the clock: it is the upstream's turn. bodyErr is the error
// from reading the client's body.
func (p *patience) resume(bodyErr error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if bodyErr != nil && bodyErr != io.EOF && p.bodyErr == nil {
		p.bodyErr = bodyErr
	}
	p.waiting = false
	if p.timer != nil && !p.ended {
		p.deadline = time.Now().Add(p.limit)
		p.timer.Reset(p.limit)
	}
}

// interim restarts the clock after a 1xx response, which says that the upstream
// is working (RFC 9110 §15.2). The clock stays stopped while the proxy waits
// for the client's bytes.
func (p *patience) interim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil && !p.ended && !p.waiting {
		p.deadline = time.Now().Add(p.limit)
		p.timer.Reset(p.limit)
	}
}

// end stops the clock for good. It reports whether the request had already been
// given up.
func (p *patience) end() (gaveUp bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	if p.timer != nil {
		p.timer.Stop()
	}
	return p.gaveUp
}

// clientErr returns why the client's body could not be fully read, or nil.
func (p *patience) clientErr() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bodyErr
}

// patientBody is the body of a client's request on its way to the upstream.
type patientBody struct {
	io.ReadCloser
	patience *patience
}

// Read implements io.Reader.
func (b patientBody) Read(p []byte) (int, error) {
	b.patience.wait()
	n, err := b.ReadCloser.Read(p)
	b.patience.resume(err)
	return n, err
}

// patientTransport ends the patience once the upstream answers.
type patientTransport struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t patientTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	f, _ := r.Context().Value(forwardingKey{}).(forwarding)
	response, err := t.RoundTripper.RoundTrip(r)
	if f.patience.end() && err == nil {
		// Just too late: the answer has already been cut off.
		return nil, errors.Join(errSilent, response.Body.Close())
	}
	return response, err
}
