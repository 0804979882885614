// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"context"
	"crypto"
	"errors"
	"fmt"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/delegation"
	"github.com/stapledjwt/stapled/responder/delegate"
)

// errChecking means that a configuration is only checked, so that no delegate is
// obtained.
var errChecking = errors.New("the configuration is only checked")

// delegateOf opens a delegate, and obtains the first one if that is configured.
func delegateOf(ctx context.Context, cfg Signer, device crypto.Signer, password []byte, o signing) (*signer, error) {
	kept := delegate.Config{
		Issuer: o.ca, CertFile: cfg.Certificate, KeyFile: cfg.Key, Password: password, Key: device, Source: o.source, Logger: o.log,
	}
	if device != nil {
		kept.KeyFile = ""
	}
	if cfg.Renew != (delegation.CA{}) {
		if _, err := cfg.Renew.Client(); err != nil {
			return nil, fmt.Errorf("renew: %w", err)
		}
		kept.Obtain = func(ctx context.Context) (*certs.Identity, error) {
			if o.check {
				return nil, errChecking
			}
			return cfg.Renew.Obtain(ctx, device)
		}
	}
	keeper, err := delegate.Open(ctx, kept)
	switch {
	case errors.Is(err, errChecking): // the start obtains it
		return &signer{}, nil
	case err != nil:
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
