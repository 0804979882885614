// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package loglimit bounds what strangers can write into a log.
//
// Anybody who reaches a port can be refused again and again, and without a
// bound each refusal is a line: the disk fills at megabytes a second, and
// everything else that needs the disk fails too. A [Handler] lets the first
// [Burst] lines of a kind pass, then one every [Interval], which says how many
// were left out since the line before. It also bounds the length of each line.
//
// Limit only the lines that a stranger can cause: leaving out an audit line is
// a loss.
package loglimit

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// Burst is how many lines of one kind pass at once.
	Burst = 10
	// Interval is how often another line of a kind passes after that.
	Interval = 10 * time.Second
	// MaxValue bounds the message and each value of a line, in bytes.
	MaxValue = 512
)

const (
	// reasonKey is the attribute whose value is part of a line's kind.
	reasonKey = "reason"
	// leftOutKey is the attribute with the number of lines left out.
	leftOutKey = "left_out"
	// summary is the message of the line that reports left-out lines when no
	// further line of the kind comes.
	summary = "log lines left out"
)

// Handler is a [slog.Handler] that limits how many lines of each kind reach the
// handler behind it. A kind is a level, a message and the value of the
// attribute "reason". It is safe for concurrent use.
type Handler struct {
	next   slog.Handler
	limits *limits
}

// New limits the lines that reach next. It returns a Handler unchanged, so that
// everything that shares it also shares its limits.
func New(next slog.Handler) *Handler {
	if h, ok := next.(*Handler); ok {
		return h
	}
	return &Handler{next: next, limits: newLimits(next)}
}

// Unlimited returns the handler behind the limits, for lines that no stranger
// can cause.
func (h *Handler) Unlimited() slog.Handler { return h.next }

// Flush reports left-out lines that have not been reported yet. Call it before
// the process ends.
func (h *Handler) Flush() { h.limits.flush() }

// Enabled implements [slog.Handler].
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	return h.handle(ctx, r, MaxValue)
}

func (h *Handler) handle(ctx context.Context, r slog.Record, maxValue int) error {
	leftOut, ok := h.limits.take(kindOf(r))
	if !ok {
		return nil
	}
	line := slog.NewRecord(r.Time, r.Level, cut(r.Message, maxValue), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		line.AddAttrs(bounded(a, maxValue))
		return true
	})
	if leftOut > 0 {
		line.AddAttrs(slog.Uint64(leftOutKey, leftOut))
	}
	return h.next.Handle(ctx, line)
}

// WithAttrs implements [slog.Handler]. The attributes do not affect a line's
// kind.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	short := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		short[i] = bounded(a, MaxValue)
	}
	return &Handler{next: h.next.WithAttrs(short), limits: h.limits}
}

// WithGroup implements [slog.Handler].
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{next: h.next.WithGroup(name), limits: h.limits}
}

func kindOf(r slog.Record) kind {
	k := kind{level: r.Level, message: cut(r.Message, MaxValue)}
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != reasonKey || a.Value.Kind() != slog.KindString {
			return true
		}
		k.reason = cut(a.Value.String(), MaxValue)
		return false
	})
	return k
}

// bounded shortens a value. It writes anything but a plain value as text,
// because the value's own encoding could be of any length.
func bounded(a slog.Attr, most int) slog.Attr {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, cut(v.String(), most))
	case slog.KindAny:
		if v.Any() == nil {
			return a
		}
		// A step-ca error writes a stack trace under %+v, and in JSON only what its
		// caller may see.
		if err, ok := v.Any().(error); ok {
			return slog.String(a.Key, cut(err.Error(), most))
		}
		return slog.String(a.Key, cut(fmt.Sprint(v.Any()), most))
	case slog.KindGroup:
		members := v.Group()
		short := make([]slog.Attr, len(members))
		for i, member := range members {
			short[i] = bounded(member, most)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(short...)}
	default:
		return slog.Attr{Key: a.Key, Value: v}
	}
}

// cut shortens a text without splitting a character or keeping the rest of it
// in memory.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	end := most
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.Clone(text[:end]) + "…"
}
