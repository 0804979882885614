// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package loglimit

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// maxKinds bounds the memory. A program has a few dozen kinds, because its
// messages and reasons are constants. If a mistake lets a stranger choose one
// of them, all kinds beyond maxKinds share a pace.
const maxKinds = 256

// summaryDelay is the latest time after which a left-out line is reported.
// While lines of its kind keep coming, the next one that passes reports it
// sooner.
const summaryDelay = 2 * Interval

// kind is the key by which lines are counted. A stranger cannot choose any of
// it.
type kind struct {
	level           slog.Level
	message, reason string
}

// otherKinds is the kind of everything beyond maxKinds.
var otherKinds = kind{level: slog.LevelWarn, message: "lines of too many kinds"}

// limits is the state that a handler shares with the handlers derived from it.
type limits struct {
	next slog.Handler // for summaries

	mu    sync.Mutex
	kinds map[kind]*pace
}

// pace tracks the lines of one kind.
type pace struct {
	// due is when the next line would come if all came one Interval apart. A
	// kind may be ahead of it by Burst lines.
	due     time.Time
	leftOut uint64
	report  *time.Timer // reports leftOut
}

func newLimits(next slog.Handler) *limits {
	return &limits{next: next, kinds: make(map[kind]*pace)}
}

// take decides whether a line of this kind passes, and if so how many were left
// out before it.
func (l *limits) take(k kind) (leftOut uint64, ok bool) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.kinds[k]
	if p == nil {
		if len(l.kinds) >= maxKinds {
			k = otherKinds
		}
		if p = l.kinds[k]; p == nil {
			p = &pace{}
			l.kinds[k] = p
		}
	}
	if p.due.Before(now) {
		p.due = now
	}
	if p.due.Sub(now) > (Burst-1)*Interval {
		if p.leftOut == 0 {
			p.report = time.AfterFunc(summaryDelay, func() { l.summarize(k) })
		}
		p.leftOut++
		return 0, false
	}
	p.due = p.due.Add(Interval)
	return p.reset(), true
}

// reset returns the number of lines left out, for the caller to report.
func (p *pace) reset() uint64 {
	leftOut := p.leftOut
	if p.report != nil {
		p.report.Stop()
		p.report = nil
	}
	p.leftOut = 0
	return leftOut
}

// summarize reports what was left out of a kind. Otherwise the count of a burst
// would be lost, as nothing may follow it.
func (l *limits) summarize(k kind) {
	l.mu.Lock()
	leftOut := l.kinds[k].reset()
	l.mu.Unlock()
	if leftOut == 0 {
		return // a line has already reported it
	}
	r := slog.NewRecord(time.Now(), k.level, summary, 0)
	r.AddAttrs(slog.String("message", k.message))
	if k.reason != "" {
		r.AddAttrs(slog.String(reasonKey, k.reason))
	}
	r.AddAttrs(slog.Uint64(leftOutKey, leftOut))
	// Nobody can be told that writing the log failed.
	_ = l.next.Handle(context.Background(), r)
}

func (l *limits) flush() {
	l.mu.Lock()
	var pending []kind
	for k, p := range l.kinds {
		if p.leftOut > 0 {
			pending = append(pending, k)
		}
	}
	l.mu.Unlock()
	for _, k := range pending {
		l.summarize(k)
	}
}
