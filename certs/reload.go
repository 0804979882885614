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
	"time"
)

// ReloadInterval is how often a [Reloader] checks its files.
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
	log := r.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	look := time.NewTicker(ReloadInterval)
	defer look.Stop()
	told := "" // a cause is worth one line, not one every ten seconds
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-look.C:
		}
		found, err := LoadEncryptedIdentity(r.CertFile, r.KeyFile, r.Password)
		if err == nil {
			if inUse != nil && slices.EqualFunc(found.Chain, inUse.Chain, (*x509.Certificate).Equal) {
				told = ""
				continue
			}
			err = r.Use(ctx, found)
		}
		switch {
		case err == nil:
			inUse, told = found, ""
			log.Info("certificate reloaded", "file", r.CertFile, "serial", fmt.Sprintf("%#x", found.Leaf().SerialNumber), "not_after", found.Leaf().NotAfter)
		case ctx.Err() == nil && err.Error() != told:
			told = err.Error()
			log.Warn("certificate not reloaded, going on with the one in use", "file", r.CertFile, "error", err)
		}
	}
}
