// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package delegation obtains delegates from step-ca with what a command line or
// a configuration file says.
package delegation

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/stepca"
)

// CA says how to obtain a delegate.
type CA struct {
	// URL is the step-ca API, and Root the PEM file of its root. Required.
	URL, Root string
	// Provisioner is the name of a provisioner with the template. Required.
	Provisioner string
	// PasswordFile has the password of a JWK provisioner, or of an encrypted
	// X5CKey.
	PasswordFile string
	// X5CCert and X5CKey are the PEM files of a certificate for an X5C
	// provisioner, as for [certs.LoadIdentity]. Empty means a JWK provisioner.
	X5CCert, X5CKey string
	// Name is the common name of the delegate. Default: stepca.DelegateName.
	Name string
	// Validity is its lifetime. Default: the provisioner decides.
	Validity time.Duration
}

// Client returns a client that can obtain a delegate. It reads the files and
// does not connect.
func (c CA) Client() (*stepca.Client, error) {
	roots, err := certs.LoadChain(c.Root)
	if err != nil {
		return nil, fmt.Errorf("the root certificate of the CA: %w", err)
	}
	password, err := cli.ReadSecret(c.PasswordFile)
	if err != nil {
		return nil, err
	}
	cfg := stepca.Config{
		URL: c.URL, Root: roots[0], Provisioner: c.Provisioner,
		Hint: "is step-ca running, and is this its URL?",
	}
	switch {
	case c.X5CCert != "":
		cfg.X5C = func() (*certs.Identity, error) {
			return certs.LoadEncryptedIdentity(c.X5CCert, c.X5CKey, password)
		}
	case password == nil:
		return nil, errors.New("nothing authorizes the request for a delegate: name the file with the password of a JWK provisioner, or the certificate for an X5C provisioner")
	default:
		cfg.Password, cfg.PasswordSource = password, c.PasswordFile
	}
	return stepca.New(cfg)
}

// Obtain obtains a delegate for a key, or for a new one if that is nil. It
// reads all files again, because something else renews or replaces them.
func (c CA) Obtain(ctx context.Context, key crypto.Signer) (*certs.Identity, error) {
	client, err := c.Client()
	if err != nil {
		return nil, err
	}
	return client.Delegate(ctx, stepca.DelegateRequest{Name: c.Name, Validity: c.Validity, Key: key})
}
