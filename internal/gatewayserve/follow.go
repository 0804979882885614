// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"context"
	"os"

	"github.com/stapledjwt/stapled/internal/follow"
)

// Follow reloads the configuration at every signal, and when the content of its
// file or of a file that it names has changed, until the context ends.
func (s *Server) Follow(ctx context.Context, file string, signals <-chan os.Signal) {
	follow.Configuration{
		Contents:  func() follow.Digest { return contents(file, s.current.Load().cfg) },
		Reload:    func(context.Context) error { return s.Reload() },
		Unchanged: s.unchanged,
		Log:       s.log,
	}.Run(ctx, signals)
}

// contents is a digest of every file that a configuration was read from.
func contents(file string, cfg Config) follow.Digest {
	names := []string{file}
	for _, a := range cfg.Anchors {
		names = append(names, a.File)
	}
	for _, f := range cfg.Fronts {
		names = append(names, f.Certificate, f.Key)
	}
	for _, r := range cfg.Routes {
		names = append(names, r.UpstreamRoot)
	}
	return follow.Contents(names...)
}
