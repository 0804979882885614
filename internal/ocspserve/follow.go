// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"bytes"
	"context"
	"os"
	"time"

	"github.com/stapledjwt/stapled/certs"
)

// Follow reloads the configuration at every signal, and when the content of its
// file has changed, until the context ends. It compares the content every
// [certs.ReloadInterval]: not every file system sends notifications. After an
// error it says why, once for each cause, and tries again. Without a file, which
// is "", only signals reload.
func (s *Server) Follow(ctx context.Context, file string, signals <-chan os.Signal) {
	inUse, _ := os.ReadFile(file) // what cannot be read now is a change later
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
			if file == "" {
				continue
			}
		}
		content, err := os.ReadFile(file)
		if !asked && err == nil && bytes.Equal(content, inUse) {
			told = ""
			continue
		}
		if err == nil || file == "" || asked {
			err = s.Reload(ctx)
		}
		switch {
		case err == nil:
			inUse, told = content, ""
		case ctx.Err() == nil && (asked || err.Error() != told):
			told = err.Error()
			s.log.Error("configuration not reloaded, going on with what is in use", "error", err)
		}
	}
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
