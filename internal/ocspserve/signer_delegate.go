// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/responder/delegate"
	"github.com/stapledjwt/stapled/stepca"
)

// delegateOf opens a delegate, and obtains the first one if that is configured.
func delegateOf(cfg Signer, device crypto.Signer, password []byte, o signing) (*signer, error) {
	kept := delegate.Config{
		Issuer: o.ca, CertFile: cfg.Certificate, KeyFile: cfg.Key, Password: password, Key: device, Source: o.source, Logger: o.log,
	}
	if device != nil {
		kept.KeyFile = ""
	}
	if cfg.Renew != (Renewal{}) {
		client, err := cfg.Renew.client()
		if err != nil {
			return nil, fmt.Errorf("renew: %w", err)
		}
		if _, err := os.Stat(cfg.Certificate); o.check && errors.Is(err, fs.ErrNotExist) {
			return &signer{}, nil
		}
		if !o.check {
			kept.Obtain = func(ctx context.Context) (*certs.Identity, error) {
				return client.Delegate(ctx, stepca.DelegateRequest{Key: device})
			}
		}
	}
	keeper, err := delegate.Open(context.Background(), kept)
	if err != nil {
		return nil, explain(err)
	}
	return &signer{
		first:  keeper.Current(),
		follow: keeper.Run,
		problem: func() string {
			s := keeper.Snapshot()
			switch {
			case s.Revoked:
				return "its certificate is revoked: find out why, and put another into " + cfg.Certificate
			case s.Late && s.Failure.Err != nil:
				return "its certificate cannot be renewed: " + s.Failure.Err.Error()
			case s.Unsaved:
				return "its certificate is not in the files, and would be lost in a restart"
			}
			return ""
		},
	}, nil
}

// client returns a client of the CA that issues delegates.
func (r Renewal) client() (*stepca.Client, error) {
	roots, err := certs.LoadChain(r.Root)
	if err != nil {
		return nil, fmt.Errorf("root: %w", err)
	}
	password, err := cli.ReadPassword(r.PasswordFile)
	if err != nil {
		return nil, err
	}
	cfg := stepca.Config{URL: r.CAURL, Root: roots[0], Provisioner: r.Provisioner, Password: password, PasswordSource: r.PasswordFile}
	if r.X5CCert != "" {
		cfg.Password = nil
		cfg.X5C = func() (*certs.Identity, error) { return certs.LoadEncryptedIdentity(r.X5CCert, r.X5CKey, password) }
	}
	return stepca.New(cfg)
}
