// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
)

// failure is the outcome of a request without an answer from the upstream.
type failure struct {
	status  int
	body    string
	level   slog.Level
	message string
	cause   error // if known better than from the transport
}

// classifyFailure decides who is at fault. The client's fault comes first: its
// broken body also breaks the request to the upstream.
func classifyFailure(ctx context.Context, patience *patience, err error) failure {
	var tooLarge *http.MaxBytesError
	var timeout net.Error
	clientErr := patience.clientErr()
	switch {
	case errors.As(clientErr, &tooLarge):
		return failure{http.StatusRequestEntityTooLarge, "request body too large\n", slog.LevelInfo, "request body is too large", clientErr}
	case errors.Is(clientErr, os.ErrDeadlineExceeded):
		return failure{http.StatusRequestTimeout, "request timeout\n", slog.LevelInfo, "request body did not arrive in time", clientErr}
	case clientErr != nil:
		return failure{http.StatusBadRequest, "bad request\n", slog.LevelInfo, "request body is broken", clientErr}
	case patience.end():
		return failure{http.StatusGatewayTimeout, "gateway timeout\n", slog.LevelError, "upstream timed out", errSilent}
	case errors.Is(context.Cause(ctx), context.Canceled):
		// Only a client that has closed just its own side reads this.
		return failure{http.StatusBadRequest, "bad request\n", slog.LevelInfo, "client left before the upstream answered", nil}
	case errors.As(err, &timeout) && timeout.Timeout():
		return failure{http.StatusGatewayTimeout, "gateway timeout\n", slog.LevelError, "upstream timed out", nil}
	}
	return failure{http.StatusBadGateway, "bad gateway\n", slog.LevelError, "upstream failed", nil}
}

// fail answers the client when the upstream does not. The error contains
// internal addresses and is only for the log.
func (p *Proxy) fail(w http.ResponseWriter, r *http.Request, err error) {
	f, _ := r.Context().Value(forwardingKey{}).(forwarding)
	end := classifyFailure(r.Context(), f.patience, err)
	if end.cause != nil {
		err = end.cause // the transport may only say "context canceled"
	}
	p.log.LogAttrs(r.Context(), end.level, end.message,
		slog.String("error", loggable(err.Error(), f.raw)), slog.String("upstream", p.upstream.Host),
		slog.String("remote", r.RemoteAddr), slog.String("path", loggable(r.URL.Path, f.raw)))
	plain(w, end.status, end.body)
}
