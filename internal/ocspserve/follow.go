// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"context"
	"os"

	"github.com/stapledjwt/stapled/internal/follow"
)

// Follow reloads the configuration at every signal, and when the content of its
// file has changed, until the context ends. Without a file, which is "", only
// signals reload. The files that it names have their own way of being followed.
func (s *Server) Follow(ctx context.Context, file string, signals <-chan os.Signal) {
	follow.Configuration{
		Contents: func() follow.Digest { return follow.Contents(file) },
		Reload:   s.Reload,
		Log:      s.log,
	}.Run(ctx, signals)
}

// URL returns the URL at which this machine reaches the responder.
func (s *Server) URL() string { return s.service.URL() }

// MetricsURL returns the URL of the metrics; "" if there are none.
func (s *Server) MetricsURL() string {
	if s.exporter == nil {
		return ""
	}
	return s.exporter.URL() + "/metrics"
}

// CAs returns the names of the CAs that the responder answers for.
func (s *Server) CAs() []string {
	var names []string
	for _, a := range s.current.Load().authorities {
		names = append(names, a.name)
	}
	return names
}
