// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stack

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

// Identity is a certificate of the stack with its key, kept on disk.
type Identity struct {
	Dir      string
	Client   *stepca.Client
	Name     string
	Validity time.Duration // as requested; 0 leaves it to the kept value or the CA
	Log      *slog.Logger
}

// File returns the path of a file kept with the identity.
func (k Identity) File(name string) string { return filepath.Join(k.Dir, name) }

// Get loads the identity, and replaces it after two thirds of its lifetime, or
// when the requested validity is not the one it was enrolled with. One process
// at a time does so: certificate and key are two files.
func (k Identity) Get(ctx context.Context) (*certs.Identity, error) {
	unlock, err := k.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	identity, err := certs.LoadIdentity(k.File("cert.pem"), k.File("key.pem"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return k.enroll(ctx)
	case isUnreadable(err):
		return nil, fmt.Errorf("read the certificate that is kept in %s: %w", k.Dir, err)
	case err != nil:
		// The files are useless, and there is no other copy.
		k.Log.Warn("the kept certificate and its key are damaged, enrolling a new one", "dir", k.Dir, "error", err)
		return k.enroll(ctx)
	}
	leaf, now := identity.Leaf(), time.Now()
	switch {
	case now.After(leaf.NotAfter):
		return k.enroll(ctx)
	case k.Validity != 0 && k.Validity != k.enrolledFor():
		k.Log.Info("enrolling again, for another validity", "name", k.Name, "validity", k.Validity)
		identity, err := k.enroll(ctx)
		if err != nil {
			return nil, fmt.Errorf("%w; without --validity, the kept certificate can be used until %s", err, timetext.Stamp(leaf.NotAfter))
		}
		return identity, nil
	case now.Before(renewalTime(leaf.NotBefore, leaf.NotAfter)):
		return identity, nil
	}
	renewed, err := k.Client.Rekey(ctx, identity)
	if err != nil {
		// It is still valid for some time. Its staple decides whether it may be
		// used: the CA also refuses to renew a revoked certificate.
		k.Log.Warn("certificate not renewed, using the old one", "error", err, "not_after", leaf.NotAfter)
		return identity, nil
	}
	return k.save(renewed)
}

// isUnreadable reports whether a file could not be read, as opposed to having
// useless content.
func isUnreadable(err error) bool {
	var reading *fs.PathError
	return errors.As(err, &reading)
}

// renewalTime returns when two thirds of a certificate's lifetime have passed.
func renewalTime(notBefore, notAfter time.Time) time.Time {
	return notBefore.Add(notAfter.Sub(notBefore) / 3 * 2)
}

// lock locks all identities of the stack. Its file is never removed: another
// process may be waiting for it.
func (k Identity) lock() (func(), error) {
	identities := filepath.Dir(k.Dir)
	if err := os.MkdirAll(identities, 0o700); err != nil {
		return nil, fmt.Errorf("make a directory for the certificate: %w", err)
	}
	// The lock is beside the directory: inside, its name could be that of an
	// identity.
	unlock, err := lockedfile.MutexAt(identities + ".lock").Lock()
	if err != nil {
		return nil, fmt.Errorf("lock the certificates: %w", err)
	}
	return unlock, nil
}

func (k Identity) enroll(ctx context.Context) (*certs.Identity, error) {
	identity, err := k.Client.Enroll(ctx, stepca.EnrollRequest{Name: k.Name, Validity: k.Validity})
	if err != nil {
		return nil, err
	}
	// Remove it first and write it last: after a crash the validity is missing, not
	// that of another certificate.
	if err := os.Remove(k.File(validityName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keep the certificate: %w", err)
	}
	if identity, err = k.save(identity); err != nil || k.Validity == 0 {
		return identity, err
	}
	if err := certs.WriteFile(k.File(validityName), []byte(timetext.Duration(k.Validity)+"\n")); err != nil {
		return nil, fmt.Errorf("keep the validity of the certificate: %w", err)
	}
	return identity, nil
}

// validityName is the file with the validity that a certificate was enrolled
// with and keeps when renewed. The certificate itself does not say: the CA
// backdates it.
const validityName = "validity"

// enrolledFor returns 0 if that was left to the CA or is unknown.
func (k Identity) enrolledFor() time.Duration {
	raw, err := os.ReadFile(k.File(validityName))
	if err != nil {
		return 0
	}
	validity, err := time.ParseDuration(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0
	}
	return validity
}

// save creates the directory only now, so that a failed enrollment leaves none.
func (k Identity) save(identity *certs.Identity) (*certs.Identity, error) {
	err := os.MkdirAll(k.Dir, 0o700)
	if err == nil {
		err = identity.Save(k.File("cert.pem"), k.File("key.pem"))
	}
	if err != nil {
		return nil, fmt.Errorf("keep the certificate: %w", err)
	}
	return identity, nil
}
