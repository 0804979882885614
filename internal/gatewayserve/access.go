// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"fmt"
	"io"
	"log/slog"
	"os"

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

func (l *accessLog) close() error {
	l.refused.Flush()
	if l.closer == nil {
		return nil
	}
	return l.closer.Close()
}
