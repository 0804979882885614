// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"time"

	"github.com/stapledjwt/stapled/certs"
)

// Follow reloads the configuration at every signal, and when the content of its
// file or of a file that it names has changed, until the context ends. It
// compares the contents every [certs.ReloadInterval]: not every file system
// sends notifications. After an error it says why, once for each cause, and
// tries again.
func (s *Server) Follow(ctx context.Context, file string, signals <-chan os.Signal) {
	inUse := contents(file, s.current.Load().cfg)
	look := time.NewTicker(certs.ReloadInterval)
	defer look.Stop()
	told := ""
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-signals:
			asked = true
		case <-look.C:
		}
		found := contents(file, s.current.Load().cfg)
		if !asked && found == inUse {
			told = ""
			continue
		}
		err := s.Reload()
		switch {
		case err == nil:
			// What has changed while it was read counts as a change at the next look.
			// Where the new configuration names other files, so do those: it is read
			// once more.
			inUse, told = found, ""
		case asked || err.Error() != told:
			told = err.Error()
			s.log.Error("configuration not reloaded, going on with what is in use", "error", err)
		}
	}
}

// contents is a digest of every file that a configuration was read from. A file
// that cannot be read differs from one that can.
func contents(file string, cfg Config) [sha256.Size]byte {
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
	h := sha256.New()
	for _, name := range names {
		if name == "" {
			continue
		}
		content, err := os.ReadFile(name)
		fmt.Fprintf(h, "%q %t %x\n", name, err == nil, sha256.Sum256(content))
	}
	return [sha256.Size]byte(h.Sum(nil))
}
