// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package follow reloads a configuration when a file of it changes, or when a
// signal asks for it.
package follow

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/stapledjwt/stapled/certs"
)

// Configuration is what is followed.
type Configuration struct {
	// Contents returns a digest of all files of the configuration in use; see
	// [Contents].
	Contents func() Digest
	// Reload takes the files into use, or returns an error and changes nothing.
	Reload func(context.Context) error
	// Unchanged is called when files that could not be taken into use are again
	// as those in use. It may be nil.
	Unchanged func()
	// Log gets the errors, and when they are over without a reload.
	Log *slog.Logger
}

// Run reloads at every signal, and when the contents have changed, until the
// context ends. It compares the contents every [certs.ReloadInterval]: not every
// file system sends notifications. After an error it says why, once for each
// cause, and tries again.
func (c Configuration) Run(ctx context.Context, signals <-chan os.Signal) {
	inUse := c.Contents()
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
		found := c.Contents()
		if !asked && found == inUse {
			if told != "" {
				told = ""
				c.Log.Info("configuration is unchanged and in use")
				if c.Unchanged != nil {
					c.Unchanged()
				}
			}
			continue
		}
		err := c.Reload(ctx)
		switch {
		case err == nil:
			// What was found, not what is there now: a change during the reload
			// must not be lost. A configuration that names other files is
			// reloaded once more.
			inUse, told = found, ""
		case ctx.Err() == nil && (asked || err.Error() != told):
			told = err.Error()
			c.Log.Error("configuration not reloaded, going on with what is in use", "error", err)
		}
	}
}

// Digest stands for the contents of files.
type Digest [sha256.Size]byte

// Contents returns the digest of files. A file that cannot be read differs from
// one that can. Empty names are left out.
func Contents(names ...string) Digest {
	h := sha256.New()
	for _, name := range names {
		if name == "" {
			continue
		}
		content, err := os.ReadFile(name)
		fmt.Fprintf(h, "%q %t %x\n", name, err == nil, sha256.Sum256(content))
	}
	return Digest(h.Sum(nil))
}
