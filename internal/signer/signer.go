// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package signer brings together what signing a token takes: an identity, its
// trust anchor and fresh staples, from a stack or from any PKI. It also
// distinguishes a verdict on a certificate from a failure that can pass.
package signer

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/leeway"
	"github.com/stapledjwt/stapled/internal/stack"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// Config selects the signer: an identity of a stack, by Dir and Name, or a
// certificate of any PKI, by Cert.
type Config struct {
	Dir, Name, PasswordFile        string
	Cert, Key, OCSPURL, IssuerCert string
	Validity                       time.Duration
	MaxStapleAge, Leeway           time.Duration
	OCSPHash                       string
	Chain, Refresh                 bool
	// Agreed is what all verifiers trust; nil if that is not known.
	Agreed *certs.Anchors
}

// Signer holds what signing takes.
type Signer struct {
	Identity *certs.Identity
	Staples  *stapler.Stapler
	// Unrefreshed is why a staple that is still good could not be replaced when it
	// was due; nil otherwise.
	Unrefreshed error
}

// Outlives reports whether the staple stays fresh for longer than a lifetime.
func (s *Signer) Outlives(lifetime time.Duration, bounds ocspstaple.Freshness) bool {
	now := time.Now()
	staples, err := s.Staples.Current(now)
	return err == nil && staples[0].FreshUntil(bounds).Sub(now) > lifetime
}

// Open returns a Signer. It enrolls, renews and staples an identity of a stack
// if necessary.
func (f Config) Open(ctx context.Context, log *slog.Logger) (*Signer, error) {
	if f.Dir == "" {
		return f.foreignSigner(ctx, log)
	}
	return f.stackSigner(ctx, log)
}

// foreignSigner uses a certificate of any PKI.
func (f Config) foreignSigner(ctx context.Context, log *slog.Logger) (*Signer, error) {
	identity, err := f.foreignIdentity()
	if err != nil {
		return nil, err
	}
	if below := identity.Below(f.Agreed); below != identity {
		identity = below
	} else if identity.Anchor, err = f.foreignAnchor(identity); err != nil {
		return nil, err
	}
	stapled := identity.Chain[:1]
	if f.Chain {
		stapled = identity.Chain
	}
	for _, c := range stapled {
		if f.OCSPURL == "" && len(c.OCSPServer) == 0 {
			return nil, cli.Usagef("the certificate of %s names no OCSP responder: give its URL with --ocsp-url", certname.Of(c))
		}
	}
	fetcher, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{URL: f.OCSPURL, Hash: Hashes[f.OCSPHash]})
	if err != nil {
		return nil, fmt.Errorf("--ocsp-url: %w", err)
	}
	keeper, err := stapler.New(stapler.Config{
		Chain: identity.Chain, Anchor: identity.Anchor, StapleChain: f.Chain, Fetcher: fetcher, Logger: log,
		MaxAge: f.Freshness().MaxAge, Leeway: f.Freshness().Leeway,
	})
	if err != nil {
		return nil, err
	}
	if err := keeper.Refresh(ctx); err != nil {
		return nil, err
	}
	return &Signer{Identity: identity, Staples: keeper}, nil
}

func (f Config) foreignIdentity() (*certs.Identity, error) {
	password, err := cli.ReadPassword(f.PasswordFile)
	if err != nil {
		return nil, err
	}
	identity, err := certs.LoadEncryptedIdentity(f.Cert, f.Key, password)
	switch {
	case errors.Is(err, certs.ErrEncrypted):
		return nil, fmt.Errorf("%w: give --password-file a file that holds its password", err)
	case errors.Is(err, certs.ErrPassword):
		return nil, fmt.Errorf("%w: put the right one into %s", err, f.PasswordFile)
	case err != nil && f.Key == "":
		return nil, fmt.Errorf("%w: give --cert a PEM chain, leaf first, with the private key of the leaf, or give the key with --key", err)
	case err != nil:
		return nil, fmt.Errorf("%w: give --cert a PEM chain, leaf first, and --key the private key of the leaf", err)
	}
	return identity, nil
}

// foreignAnchor returns the certificate above the chain: from its own file, or
// from the end of the chain's file.
func (f Config) foreignAnchor(identity *certs.Identity) (*x509.Certificate, error) {
	if f.IssuerCert != "" {
		list, err := certs.LoadChain(f.IssuerCert)
		if err != nil {
			return nil, fmt.Errorf("%w: give --issuer-cert the PEM file of a CA certificate", err)
		}
		return list[0], nil
	}
	last := len(identity.Chain) - 1
	if identity.Anchor == nil && (f.Chain || last == 0) {
		c := identity.Chain[last]
		return nil, cli.Usagef("the staple of %s needs the certificate of its issuer, %s: give it with --issuer-cert, or at the end of --cert", certname.Of(c), certname.IssuerOf(c))
	}
	return identity.Anchor, nil
}

// dnsName matches valid DNS names for a certificate (RFC 5280 §4.2.1.6).
var dnsName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// maxFileName is what file systems permit, less some for adjacent files.
const maxFileName = 200

// identityDir returns the directory of an identity. Its name is the
// certificate's, escaped so that a URI is one path element and none leads
// elsewhere.
func (f Config) identityDir() (string, error) {
	u, err := url.Parse(f.Name)
	isURI := err == nil && u.Scheme != "" && u.Host != ""
	if !isURI && !dnsName.MatchString(f.Name) {
		return "", cli.Usagef("--name %q is neither a DNS name nor a URI such as spiffe://example.org/orders", f.Name)
	}
	dir := url.PathEscape(f.Name)
	if len(dir) > maxFileName {
		return "", cli.Usagef("--name %q is too long: with special characters written as in %%2F, it may have at most %d characters", f.Name, maxFileName)
	}
	return filepath.Join(f.Dir, "identities", dir), nil
}

// stackSigner uses the certificate kept for a name, and enrolls or renews it if
// necessary.
func (f Config) stackSigner(ctx context.Context, log *slog.Logger) (_ *Signer, err error) {
	dir, err := f.identityDir()
	if err != nil {
		return nil, err
	}
	// This reports what is wrong with the directory before anything is created in
	// it.
	client, err := stack.NewClient(f.Dir, f.PasswordFile)
	if err != nil {
		return nil, err
	}
	root := client.Root()
	kept := stack.Identity{Dir: dir, Client: client, Name: f.Name, Validity: f.Validity, Log: log}
	identity, err := kept.Get(ctx)
	if err != nil {
		return nil, err
	}
	identity.Anchor = root
	identity = identity.Below(f.Agreed)
	// The stack's responder answers for all of them. The intermediate does not name
	// it, nor do leaves of a CA that was set up without it.
	responder, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{URL: client.OCSPURL(), Hash: Hashes[f.OCSPHash]})
	if err != nil {
		return nil, fmt.Errorf("config/stapled.json: %w", err)
	}
	var above revokedAbove
	keeper, err := stapler.New(stapler.Config{
		Chain: identity.Chain, Anchor: identity.Anchor, StapleChain: f.Chain, Fetcher: responder,
		File: kept.File("staple.der"), Logger: log, Observer: &above,
		MaxAge: f.Freshness().MaxAge, Leeway: f.Freshness().Leeway,
	})
	if err != nil {
		return nil, err
	}
	var unrefreshed error
	if f.Refresh || !young(keeper, f.Freshness()) {
		err = keeper.Refresh(ctx)
		if _, unusable := keeper.Current(time.Now()); unusable == nil && !f.Refresh {
			unrefreshed, err = err, nil
		}
	}
	switch {
	case errors.Is(err, stapled.CertificateRevoked) && above.Load():
		return nil, fmt.Errorf("%w: the CA itself is revoked: make a new stack", err)
	case errors.Is(err, stapled.CertificateRevoked):
		return nil, fmt.Errorf("%w: delete %s to enroll a new one", err, dir)
	case err != nil:
		return nil, err
	}
	return &Signer{Identity: identity, Staples: keeper, Unrefreshed: unrefreshed}, nil
}

// revokedAbove is true once a certificate above the first one is revoked.
type revokedAbove struct{ atomic.Bool }

// Observe implements stapler.Observer.
func (r *revokedAbove) Observe(e stapler.Event) {
	if e.Index > 0 && e.Reason == stapled.CertificateRevoked {
		r.Store(true)
	}
}

// young reports whether every staple is in the first half of its validity,
// where a service's stapler would keep it.
func young(keeper *stapler.Stapler, bounds ocspstaple.Freshness) bool {
	now := time.Now()
	staples, err := keeper.Current(now)
	if err != nil {
		return false
	}
	for _, s := range staples {
		if half := s.FreshUntil(bounds).Sub(s.ThisUpdate()) / 2; now.After(s.ThisUpdate().Add(half)) {
			return false
		}
	}
	return true
}

// Hashes are the values that --ocsp-hash takes.
var Hashes = map[string]crypto.Hash{"": 0, "sha1": crypto.SHA1, "sha256": crypto.SHA256}

// Freshness returns the bounds on staples. A leeway of 0 on the command line
// means none; in Go it means the default.
func (f Config) Freshness() ocspstaple.Freshness {
	return ocspstaple.Freshness{MaxAge: f.MaxStapleAge, Leeway: leeway.Configured(f.Leeway)}
}
