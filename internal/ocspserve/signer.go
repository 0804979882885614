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
	"github.com/stapledjwt/stapled/internal/kmskey"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/responder"
)

// signer is where the certificate and key that sign for a CA come from.
type signer struct {
	// first is in use from the start. It is nil only when a configuration is checked
	// whose delegate has not been obtained yet.
	first *certs.Identity
	// follow calls use with each identity that replaces the one in use, until the
	// context ends. If use returns an error, the one in use stays, and follow
	// offers the other again. It is nil if only a reload changes the signer.
	follow func(ctx context.Context, use func(context.Context, *certs.Identity) error) error
	// problem says what is wrong with the renewal; "" if nothing is.
	problem func() string

	stop context.CancelFunc // nil if it is not followed
}

// signing is what a signer is opened with.
type signing struct {
	ca     *x509.Certificate
	caFile string
	// source says whether a delegate is revoked.
	source  responder.Source
	devices *devices
	log     *slog.Logger
	// check opens a signer to see whether it can be used, and contacts nobody.
	check bool
}

// signerOf opens a signer.
func signerOf(ctx context.Context, cfg Signer, o signing) (*signer, error) {
	password, err := cli.ReadSecret(cfg.PasswordFile)
	if err != nil {
		return nil, err
	}
	var device crypto.Signer
	if kmskey.IsURI(cfg.Key) {
		if device, err = o.devices.open(ctx, cfg.Key, password); err != nil {
			return nil, err
		}
		password = nil
	} else {
		warnIfOpen("the private key", cfg.Key, o.log)
	}
	switch {
	case cfg.Certificate != "":
		return delegateOf(ctx, cfg, device, password, o)
	case device != nil:
		return &signer{first: &certs.Identity{Chain: []*x509.Certificate{o.ca}, Key: device}}, nil
	}
	// Another certificate of the CA is another authority: that takes a reload.
	first, err := certs.LoadEncryptedIdentity(o.caFile, cfg.Key, password)
	if err != nil {
		return nil, explain(err)
	}
	return &signer{first: first}, nil
}

func explain(err error) error {
	if errors.Is(err, certs.ErrEncrypted) {
		return fmt.Errorf("%w: name a file with its password in password_file", err)
	}
	return err
}

// warnIfOpen warns about a secret that everybody can read. A group may be the way to
// give it to the user of this service.
func warnIfOpen(what, file string, log *slog.Logger) {
	info, err := os.Stat(file)
	if err == nil && info.Mode().Perm()&0o007 != 0 {
		log.Warn(fmt.Sprintf("%s is open to others (mode %04o): make it private with `chmod 600 %s`", what, info.Mode().Perm(), cli.ShellQuote(file)))
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
