// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// ReloadInterval is how often a [Reloader] and an [AnchorReloader] read their
// files.
const ReloadInterval = 10 * time.Second

// Reloader follows the two PEM files of an identity that something else renews,
// such as `step ca renew --daemon`.
//
// It compares their contents every [ReloadInterval]: not every file system
// sends notifications, and some copies preserve file times.
type Reloader struct {
	// CertFile and KeyFile are as for [LoadIdentity]. Required.
	CertFile, KeyFile string
	// Password decrypts the key, as for [LoadEncryptedIdentity]. Default: none.
	Password []byte
	// Use is called with an identity that differs from the current one. The
	// identity becomes current only when Use returns nil: after an error it is
	// offered again. Required.
	Use func(context.Context, *Identity) error
	// Logger logs every new identity, and why one cannot be used. Default: no
	// logs.
	Logger *slog.Logger
}

// Run follows the files until the context ends, and returns its cause. Two
// files cannot be replaced together: while they do not match, or one cannot be
// read, the current identity stays in use. At first that is inUse.
func (r Reloader) Run(ctx context.Context, inUse *Identity) error {
	if r.Use == nil {
		return errors.New("Reloader.Use is nil: set what takes an identity into use")
	}
	return following[*Identity]{
		what: "certificate", file: r.CertFile, use: r.Use,
		load: func() (*Identity, error) { return LoadEncryptedIdentity(r.CertFile, r.KeyFile, r.Password) },
		same: func(x, y *Identity) bool {
			return x != nil && slices.EqualFunc(x.Chain, y.Chain, (*x509.Certificate).Equal)
		},
		describe: func(id *Identity) []any {
			return []any{"serial", fmt.Sprintf("%#x", id.Leaf().SerialNumber), "not_after", id.Leaf().NotAfter}
		},
	}.run(ctx, inUse, r.Logger)
}

// AnchorReloader follows the files with the CA certificates that a verifier
// trusts, so that a CA can be added or replaced while it runs. It looks at them
// as [Reloader] does. Replace a file in one step, by renaming: otherwise the
// verifier may trust the first half of it until the next look.
type AnchorReloader struct {
	// Files are as for [LoadAnchorFiles]. Required.
	Files []AnchorFile
	// Use is called with a set of anchors that differs from the current one. The
	// set becomes current only when Use returns nil: after an error it is offered
	// again. The SetAnchors of a verifier is such a function. Required.
	Use func(*Anchors) error
	// Logger logs every new set with its [Anchors.Warnings], and why one cannot be
	// used. Default: no logs.
	Logger *slog.Logger
}

// Run follows the files until the context ends, and returns its cause. While one
// of them cannot be read or used, the current set stays in use, without what is
// new in the others. At first that is inUse.
func (r AnchorReloader) Run(ctx context.Context, inUse *Anchors) error {
	if r.Use == nil {
		return errors.New("AnchorReloader.Use is nil: set what takes anchors into use")
	}
	if len(r.Files) == 0 {
		return errors.New("AnchorReloader.Files is empty: name the files to follow")
	}
	names := make([]string, len(r.Files))
	for i, f := range r.Files {
		names[i] = f.File
	}
	return following[*Anchors]{
		what: "trust anchors", file: strings.Join(names, " "),
		load:     func() (*Anchors, error) { return LoadAnchorFiles(r.Files...) },
		same:     (*Anchors).equal,
		use:      func(_ context.Context, a *Anchors) error { return r.Use(a) },
		describe: func(a *Anchors) []any { return []any{"anchors", len(a.all), "certificates", len(a.Certificates())} },
		warnings: (*Anchors).Warnings,
	}.run(ctx, inUse, r.Logger)
}

// following is what reloaders have in common.
type following[T any] struct {
	what, file string // for the log
	load       func() (T, error)
	same       func(inUse, found T) bool
	use        func(context.Context, T) error
	describe   func(T) []any    // attributes of the log
	warnings   func(T) []string // nil for none
}

func (f following[T]) run(ctx context.Context, inUse T, log *slog.Logger) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	log = log.With("file", f.file)
	look := time.NewTicker(ReloadInterval)
	defer look.Stop()
	told := "" // a cause is worth one line, not one every ten seconds
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-look.C:
		}
		found, err := f.load()
		if err == nil {
			if f.same(inUse, found) {
				told = ""
				continue
			}
			err = f.use(ctx, found)
		}
		switch {
		case err == nil:
			inUse, told = found, ""
			log.Info(f.what+" reloaded", f.describe(found)...)
			if f.warnings != nil {
				for _, warning := range f.warnings(found) {
					log.Warn(warning)
				}
			}
		case ctx.Err() == nil && err.Error() != told:
			told = err.Error()
			log.Warn(f.what+" not reloaded, going on with what is in use", "error", err)
		}
	}
}
