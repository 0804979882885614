// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/loglimit"
)

// accessLog writes a line for requests: a share of the accepted ones, and the
// refused ones as many as package loglimit permits.
type accessLog struct {
	closer   io.Closer
	accepted *slog.Logger
	refused  *loglimit.Handler
	sample   float64
}

// openAccessLog returns nil without a file.
func openAccessLog(cfg AccessLog) (*accessLog, error) {
	if cfg.File == "" {
		return nil, nil
	}
	l := &accessLog{sample: cfg.Sample}
	var out io.Writer = os.Stdout
	if cfg.File != "-" {
		f, err := os.OpenFile(cfg.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
		if err != nil {
			return nil, fmt.Errorf("access_log: %w", err)
		}
		l.closer, out = f, f
	}
	handler := slog.NewJSONHandler(out, nil)
	l.accepted, l.refused = slog.New(handler), loglimit.New(handler)
	return l, nil
}

// isTraceParent: version, trace, parent and flags (W3C Trace Context §3.2). A
// client can write anything there.
var isTraceParent = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// check reports whether the log could be opened, and makes no file.
func (l AccessLog) check() error {
	if l.File == "" || l.File == "-" {
		return nil
	}
	directory := filepath.Dir(l.File)
	if info, err := os.Stat(directory); err != nil || !info.IsDir() {
		return fmt.Errorf("access_log: %s is no directory: make it, or name another file", directory)
	}
	return nil
}

// String is the setting as it stands in the file.
func (l AccessLog) String() string {
	switch {
	case l.File == "":
		return "none"
	case l.Sample == 1:
		return l.File
	}
	return fmt.Sprintf("{file: %s, sample: %v}", l.File, l.Sample)
}

// access is the line of one request. It implements gateway.Observer.
type access struct {
	log   *accessLog
	front Kind
	id    string
	start time.Time
	event gateway.Event
}

func (l *accessLog) begin(front Kind, id string) *access {
	return &access{log: l, front: front, id: id, start: time.Now()}
}

// Observe implements gateway.Observer.
func (a *access) Observe(e gateway.Event) { a.event = e }

// end writes the line. The method, the path and the client are those that the
// decision was about: at forward_auth and ext_authz not those of the question.
// The query is left out, because clients put secrets there.
func (a *access) end(status int, bytes int64, r *http.Request) {
	e := a.event
	refused := e.Outcome != gateway.OutcomeAccepted
	if !refused && status < http.StatusInternalServerError && a.log.sample < 1 && mathrand.Float64() >= a.log.sample {
		return
	}
	asked := e.Request
	line := []slog.Attr{
		slog.String("reason", string(e.Reason)), slog.String("request_id", a.id), slog.String("front", string(a.front)),
		slog.String("outcome", string(e.Outcome)), slog.String("route", e.Route), slog.Int("status", status),
		slog.String("client", withoutPort(asked.RemoteAddr)), slog.String("method", asked.Loggable(asked.Method)),
		slog.String("host", asked.Loggable(asked.Target.Host)), slog.String("path", asked.LoggablePath()),
		slog.String("issuer", asked.Loggable(e.Token.Issuer())), slog.String("jti", asked.Loggable(e.Token.ID())),
		slog.Int64("bytes", bytes), slog.Float64("took_ms", float64(time.Since(a.start).Microseconds())/1000),
	}
	if r != nil {
		if parent := r.Header.Get("Traceparent"); isTraceParent.MatchString(parent) {
			line = append(line, slog.String("traceparent", parent))
		}
	}
	log := a.log.accepted
	if refused {
		log = slog.New(a.log.refused)
	}
	log.LogAttrs(context.Background(), slog.LevelInfo, "request", line...)
}

// withoutPort returns the address of a client alone: only the direct ones have a
// port.
func withoutPort(client string) string {
	if a, err := netip.ParseAddrPort(client); err == nil {
		return a.Addr().Unmap().String()
	}
	return client
}

func (l *accessLog) close() error {
	l.refused.Flush()
	if l.closer == nil {
		return nil
	}
	return l.closer.Close()
}
