// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"context"
	"time"
)

// refresh makes a new answer in the background if the one that has just been
// reused may soon not be reused any more: once for each answer, and for a few
// answers at a time. If it fails, the answer is reused for as long as it may be,
// and then a client asks for a new one. The source is asked again, so the new
// answer is as right as one that a client waits for.
func (r *Responder) refresh(ctx context.Context, g *generation, a *authority, req *request, held *signedAnswer, now time.Time) {
	if held.renewed.Load() || !held.aged(now) {
		return
	}
	select {
	case r.refreshing <- struct{}{}:
	default:
		return // the next client tries
	}
	if !held.renewed.CompareAndSwap(false, true) {
		<-r.refreshing
		return
	}
	ctx = context.WithoutCancel(ctx) // the client does not wait for it
	go func() {
		defer func() { <-r.refreshing }()
		ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
		defer cancel()
		// The version before the status, as for a client.
		version, versioned := a.version(req.serial)
		// The time now is later than when the client came, and before the source
		// is asked.
		r.make(ctx, g, a, req, answerKey{a, string(req.raw)}, nil, r.now(), version, versioned)
	}()
}

// refreshTimeout limits how long a source may take in the background.
const refreshTimeout = 10 * time.Second
