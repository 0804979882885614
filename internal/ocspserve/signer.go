// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// signer is where the certificate and key that sign for a CA come from.
type signer struct {
	// first is in use from the start.
	first *certs.Identity
	// follow calls use with each identity that replaces the one in use, until the
	// context ends. If use returns an error, the one in use stays, and follow
	// offers the other again. It is nil if only a reload changes the signer.
	follow func(ctx context.Context, use func(context.Context, *certs.Identity) error) error
}

// signerOf opens a signer. A further kind of signer, such as a delegate that
// renews itself, is a case here.
func signerOf(cfg Signer, caFile string, log *slog.Logger) (*signer, error) {
	password, err := cli.ReadPassword(cfg.PasswordFile)
	if err != nil {
		return nil, err
	}
	certFile := cfg.Certificate
	if certFile == "" {
		certFile = caFile
	}
	first, err := certs.LoadEncryptedIdentity(certFile, cfg.Key, password)
	switch {
	case errors.Is(err, certs.ErrEncrypted):
		return nil, fmt.Errorf("%w: name a file with its password in password_file", err)
	case err != nil:
		return nil, err
	}
	warnIfOpen(cfg.Key, log)
	if cfg.Certificate == "" {
		// Another certificate of the CA is another authority: that takes a reload.
		return &signer{first: first}, nil
	}
	return &signer{
		first: first,
		follow: func(ctx context.Context, use func(context.Context, *certs.Identity) error) error {
			return certs.Reloader{CertFile: certFile, KeyFile: cfg.Key, Password: password, Use: use, Logger: log}.Run(ctx, first)
		},
	}, nil
}

// warnIfOpen warns about a key that everybody can read. A group may be the way to
// give it to the user of this service.
func warnIfOpen(file string, log *slog.Logger) {
	info, err := os.Stat(file)
	if err == nil && info.Mode().Perm()&0o007 != 0 {
		log.Warn(fmt.Sprintf("the private key is open to others (mode %04o): make it private with `chmod 600 %s`", info.Mode().Perm(), cli.ShellQuote(file)))
	}
}

const (
	// A signer ends soon when a fifth of its life is left, at most mostSignerNotice,
	// and when answers could not have their full validity twice more; but never
	// before half of its life.
	signerNoticeLife = 5
	mostSignerNotice = 7 * 24 * time.Hour
)

// signerProblem says whether the certificate of a signer has ended or ends soon;
// "" if not.
func signerProblem(c *x509.Certificate, validity time.Duration, now time.Time) string {
	life := c.NotAfter.Sub(c.NotBefore)
	notice := min(max(min(life/signerNoticeLife, mostSignerNotice), 2*validity), life/2)
	switch {
	case now.Before(c.NotBefore):
		return "its certificate begins at " + timetext.Stamp(c.NotBefore) + ": compare the clock of this machine"
	case now.After(c.NotAfter):
		return "its certificate ended at " + timetext.Stamp(c.NotAfter) + ": renew it"
	case c.NotAfter.Sub(now) < notice:
		return "its certificate ends at " + timetext.Stamp(c.NotAfter) + ": renew it"
	}
	return ""
}

// timedSigner measures how long signatures take.
type timedSigner struct {
	crypto.Signer
	took func(time.Duration)
}

func (t timedSigner) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	start := time.Now()
	signature, err := t.Signer.Sign(rand, digest, opts)
	t.took(time.Since(start))
	return signature, err
}
