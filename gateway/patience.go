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

// errSilent is the cause of a request to the upstream that has been given up.
var errSilent = errors.New("the upstream neither took the request nor began to answer in time")

// patience gives a request up when the upstream stands still: when it has
// neither taken a part of the body nor begun its answer for some time. The time
// for which the proxy waits for the client's next bytes does not count. Once the
// answer has begun there is no limit: streams and upgraded connections are
// silent for hours with good reason.
type patience struct {
	limit  time.Duration // negative: without end
	giveUp context.CancelCauseFunc

	mu       sync.Mutex
	timer    *time.Timer // nil without a limit
	deadline time.Time   // while it is the upstream's turn
	waiting  bool        // for the client
	ended    bool
	gaveUp   bool
	bodyErr  error // what reading the client's body ended with, other than io.EOF
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
	// The timer may have gone off just before it was stopped or set anew.
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

// resume starts the clock anew: it is the upstream's turn. It takes the error of
// reading the client's body.
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

// interim starts the clock anew after a 1xx response, which says that the
// upstream is at work (RFC 9110 §15.2). While the client's bytes are waited for, it has
// not been running.
func (p *patience) interim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil && !p.ended && !p.waiting {
		p.deadline = time.Now().Add(p.limit)
		p.timer.Reset(p.limit)
	}
}

// end stops the clock for good. It reports whether the request had been given
// up by then.
func (p *patience) end() (gaveUp bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	if p.timer != nil {
		p.timer.Stop()
	}
	return p.gaveUp
}

// clientErr is why the client's body could not be read to its end, or nil.
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

// patientTransport ends the patience with an upstream once it answers.
type patientTransport struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (t patientTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	f, _ := r.Context().Value(forwardingKey{}).(forwarding)
	response, err := t.RoundTripper.RoundTrip(r)
	if f.patience.end() && err == nil {
		// A moment too late: the answer is cut off already.
		return nil, errors.Join(errSilent, response.Body.Close())
	}
	return response, err
}
