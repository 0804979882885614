// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/stack"
	"github.com/stapledjwt/stapled/responder/stepdb"
	"github.com/stapledjwt/stapled/stepca"
)

// revokeTarget is the CA that revokes.
type revokeTarget struct {
	client *stepca.Client
	dir    string // of a stack; "" for a stock step-ca
	// issued returns what the CA has issued.
	issued func() (iter.Seq2[stepdb.Certificate, error], error)
	// at names the CA in advice: what `stapled certs` takes.
	at string
}

// target returns the CA that the flags name. It does not connect.
func (f revokeFlags) target(ctx context.Context) (*revokeTarget, error) {
	if f.dir != "" {
		client, err := stack.NewClient(f.dir, f.passwordFile)
		if err != nil {
			return nil, err
		}
		return &revokeTarget{client: client, dir: f.dir, at: "--dir " + cli.ShellQuote(f.dir),
			issued: func() (iter.Seq2[stepdb.Certificate, error], error) { return ca.Certificates(ctx, f.dir), nil }}, nil
	}
	f.ca.PasswordFile = f.passwordFile
	client, err := f.ca.Client()
	if err != nil {
		return nil, err
	}
	t := &revokeTarget{client: client, at: "--db …"}
	t.issued = func() (iter.Seq2[stepdb.Certificate, error], error) {
		all, err := f.database.source(ctx)
		if err != nil {
			return nil, err
		}
		issuers, err := client.Intermediates(ctx)
		if err != nil {
			return nil, err
		}
		return issuedBy(all, append(issuers, client.Root()), time.Now()), nil
	}
	return t, nil
}

// issuedBy leaves out living certificates that other CAs with the same database
// have issued: step-ca revokes any serial number. A database that has nothing of the CA is that of
// another one, and an error.
func issuedBy(all iter.Seq2[stepdb.Certificate, error], issuers []*x509.Certificate, now time.Time) iter.Seq2[stepdb.Certificate, error] {
	return func(yield func(stepdb.Certificate, error) bool) {
		some, other := false, false
		for c, err := range all {
			if err != nil {
				yield(stepdb.Certificate{}, err)
				return
			}
			if c.Revocation != nil || now.After(c.NotAfter) {
				if !yield(c, nil) { // nobody revokes it
					return
				}
				continue
			}
			if !slices.ContainsFunc(issuers, func(issuer *x509.Certificate) bool { return c.CheckSignatureFrom(issuer) == nil }) {
				other = true
				continue
			}
			some = true
			if !yield(c, nil) {
				return
			}
		}
		if other && !some {
			yield(stepdb.Certificate{}, errors.New("the database has living certificates of other CAs, and none of this one: do --db and --ca-url name the same CA?"))
		}
	}
}

// checkIssued returns an error unless the CA has issued the certificate.
func (t *revokeTarget) checkIssued(ctx context.Context, cert *x509.Certificate) error {
	if t.dir != "" {
		return issuedHere(cert, t.client.Issuers(), t.dir)
	}
	issuers, err := t.client.Intermediates(ctx)
	if err != nil {
		return err
	}
	for _, issuer := range append(issuers, t.client.Root()) {
		if !cert.Equal(issuer) && cert.CheckSignatureFrom(issuer) == nil {
			return nil
		}
	}
	return fmt.Errorf("%s was issued by %s, not by the CA at --ca-url: give a certificate of this CA, or use --serial", certname.Of(cert), certname.IssuerOf(cert))
}
