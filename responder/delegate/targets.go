// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package delegate

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certname"
)

// CheckTargets reports whether a delegate may be written to these files: whether
// they hold one, or nothing. A mistake in a path must not cost anybody a key.
// keyFile is empty for a key in a device.
func CheckTargets(certFile, keyFile string) error {
	chain, err := certs.LoadChain(certFile)
	switch {
	case err == nil && !slices.Contains(chain[0].ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return fmt.Errorf("%s holds the certificate of %s, which is not an OCSP signing certificate: name another file", certFile, certname.Of(chain[0]))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: name a new file", err)
	case keyFile == "":
		return nil
	}
	if err != nil { // there is no certificate
		if _, err := os.Lstat(keyFile); err == nil {
			return fmt.Errorf("%s exists, and there is no certificate in %s: name a new file for the key", keyFile, certFile)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	// A pair that does not match may be what a crash has left. Nobody writes the
	// key of a delegate with encryption.
	if _, err := certs.LoadIdentity(certFile, keyFile); errors.Is(err, certs.ErrEncrypted) {
		return fmt.Errorf("%s is encrypted, so it is no key that was obtained: name another file for the key", keyFile)
	}
	return nil
}
