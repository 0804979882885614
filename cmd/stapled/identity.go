// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/stepca"
)

// keptIdentity is a certificate of the stack with its key, kept on disk.
type keptIdentity struct {
	dir      string
	client   *stepca.Client
	name     string
	validity time.Duration // that was asked for; 0 leaves it to what is kept, or to the CA
	log      *slog.Logger
}

func (k keptIdentity) file(name string) string { return filepath.Join(k.dir, name) }

// get loads the identity, and replaces it when two thirds of its time have
// passed, or when another validity is asked for than the one that it was enrolled
// with. One process at a time does so: certificate and key are two files.
func (k keptIdentity) get(ctx context.Context) (*certs.Identity, error) {
	unlock, err := k.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	identity, err := certs.LoadIdentity(k.file("cert.pem"), k.file("key.pem"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return k.enroll(ctx)
	case isUnreadable(err):
		return nil, fmt.Errorf("read the certificate that is kept in %s: %w", k.dir, err)
	case err != nil:
		// What is there is of no use to anybody. It has no other copy.
		k.log.Warn("the kept certificate and its key are damaged, enrolling a new one", "dir", k.dir, "error", err)
		return k.enroll(ctx)
	}
	leaf, now := identity.Leaf(), time.Now()
	switch {
	case now.After(leaf.NotAfter):
		return k.enroll(ctx)
	case k.validity != 0 && k.validity != k.enrolledFor():
		k.log.Info("enrolling anew, for another validity", "name", k.name, "validity", k.validity)
		identity, err := k.enroll(ctx)
		if err != nil {
			return nil, fmt.Errorf("%w; without --validity, the certificate that is kept would do until %s", err, timetext.Stamp(leaf.NotAfter))
		}
		return identity, nil
	case now.Before(renewalTime(leaf.NotBefore, leaf.NotAfter)):
		return identity, nil
	}
	renewed, err := k.client.Rekey(ctx, identity)
	if err != nil {
		// It is valid for some time still. Whether it may be used is for its
		// staple to say: the CA also refuses to renew what is revoked.
		k.log.Warn("certificate not renewed, using the old one", "error", err, "not_after", leaf.NotAfter)
		return identity, nil
	}
	return k.save(renewed)
}

// isUnreadable tells a file that cannot be read now from one whose content is of
// no use.
func isUnreadable(err error) bool {
	var reading *fs.PathError
	return errors.As(err, &reading)
}

// renewalTime is when two thirds of a certificate's time have passed.
func renewalTime(notBefore, notAfter time.Time) time.Time {
	return notBefore.Add(notAfter.Sub(notBefore) / 3 * 2)
}

// lock takes hold of all identities of the stack. Its file is never removed:
// somebody may be waiting for it.
func (k keptIdentity) lock() (func(), error) {
	identities := filepath.Dir(k.dir)
	if err := os.MkdirAll(identities, 0o700); err != nil {
		return nil, fmt.Errorf("make a directory for the certificate: %w", err)
	}
	// Beside the directory: in it, the file could have the name of an identity.
	unlock, err := lockedfile.MutexAt(identities + ".lock").Lock()
	if err != nil {
		return nil, fmt.Errorf("lock the certificates: %w", err)
	}
	return unlock, nil
}

func (k keptIdentity) enroll(ctx context.Context) (*certs.Identity, error) {
	identity, err := k.client.Enroll(ctx, stepca.EnrollRequest{Name: k.name, Validity: k.validity})
	if err != nil {
		return nil, err
	}
	// Around the certificate, so that after a crash there is rather no validity
	// than that of another one.
	if err := os.Remove(k.file(validityName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keep the certificate: %w", err)
	}
	if identity, err = k.save(identity); err != nil || k.validity == 0 {
		return identity, err
	}
	if err := certs.WriteFile(k.file(validityName), []byte(timetext.Duration(k.validity)+"\n")); err != nil {
		return nil, fmt.Errorf("keep the validity of the certificate: %w", err)
	}
	return identity, nil
}

// validityName is the file with the validity that a certificate was enrolled
// with, and which it keeps when it is renewed. The certificate itself does not
// say: the CA dates it back.
const validityName = "validity"

// enrolledFor is 0 if that was left to the CA, or is not known.
func (k keptIdentity) enrolledFor() time.Duration {
	raw, err := os.ReadFile(k.file(validityName))
	if err != nil {
		return 0
	}
	validity, err := time.ParseDuration(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0
	}
	return validity
}

// save makes the directory only now, so that a failed enrollment leaves none.
func (k keptIdentity) save(identity *certs.Identity) (*certs.Identity, error) {
	err := os.MkdirAll(k.dir, 0o700)
	if err == nil {
		err = identity.Save(k.file("cert.pem"), k.file("key.pem"))
	}
	if err != nil {
		return nil, fmt.Errorf("keep the certificate: %w", err)
	}
	return identity, nil
}
