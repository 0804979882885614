// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/smallstep/certificates/api/render"
)

// logRefusal logs an error that step-ca returns for a request. The two levels
// are counted separately, so nobody can hide the CA's own failures behind many
// refusals.
func (c *CA) logRefusal(_ http.ResponseWriter, r *http.Request, err error) {
	level, message := slog.LevelError, "step-ca failed to serve a request"
	var coded render.StatusCodedError
	if errors.As(err, &coded) && coded.StatusCode() < http.StatusInternalServerError {
		level, message = slog.LevelWarn, "step-ca refused a request"
	}
	// Log the error as text: as JSON, a step-ca error would contain only what its
	// caller may see.
	slog.New(c.requestLog).LogAttrs(r.Context(), level, message,
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("error", err.Error()))
}
