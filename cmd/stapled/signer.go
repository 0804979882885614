// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certname"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
)

// signer is what signing takes.
type signer struct {
	identity *certs.Identity
	anchor   *x509.Certificate // nil if it issued nothing that is stapled
	staples  *stapler.Stapler
	// unrefreshed is why a staple that is still good was not replaced, though it
	// was time; nil otherwise.
	unrefreshed error
}

// outlives reports whether a token can be that long before its staple ends.
func (s *signer) outlives(lifetime time.Duration, bounds ocspstaple.Freshness) bool {
	now := time.Now()
	staples, err := s.staples.Current(now)
	return err == nil && staples[0].FreshUntil(bounds).Sub(now) > lifetime
}

func (f tokenFlags) signer(ctx context.Context, log *slog.Logger) (*signer, error) {
	if f.dir == "" {
		return f.foreignSigner(ctx, log)
	}
	return f.stackSigner(ctx, log)
}

// foreignSigner uses a certificate of any PKI.
func (f tokenFlags) foreignSigner(ctx context.Context, log *slog.Logger) (*signer, error) {
	identity, err := f.foreignIdentity()
	if err != nil {
		return nil, err
	}
	anchor, err := f.foreignAnchor(identity)
	if err != nil {
		return nil, err
	}
	stapled := identity.Chain[:1]
	if f.chain {
		stapled = identity.Chain
	}
	for _, c := range stapled {
		if f.ocspURL == "" && len(c.OCSPServer) == 0 {
			return nil, usagef("the certificate of %s names no OCSP responder: give its URL with --ocsp-url", certname.Of(c))
		}
	}
	fetcher, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{URL: f.ocspURL, Hash: ocspHashes[f.ocspHash]})
	if err != nil {
		return nil, fmt.Errorf("--ocsp-url: %w", err)
	}
	keeper, err := stapler.New(stapler.Config{
		Chain: identity.Chain, Anchor: anchor, StapleChain: f.chain, Fetcher: fetcher, Logger: log,
		MaxAge: f.freshness().MaxAge, Leeway: f.freshness().Leeway,
	})
	if err != nil {
		return nil, err
	}
	if err := keeper.Refresh(ctx); err != nil {
		return nil, err
	}
	return &signer{identity: identity, anchor: anchor, staples: keeper}, nil
}

func (f tokenFlags) foreignIdentity() (*certs.Identity, error) {
	password, err := readPassword(f.passwordFile)
	if err != nil {
		return nil, err
	}
	identity, err := certs.LoadEncryptedIdentity(f.cert, f.key, password)
	switch {
	case errors.Is(err, certs.ErrEncrypted):
		return nil, fmt.Errorf("%w: give --password-file a file that holds its password", err)
	case errors.Is(err, certs.ErrPassword):
		return nil, fmt.Errorf("%w: put the right one into %s", err, f.passwordFile)
	case err != nil && f.key == "":
		return nil, fmt.Errorf("%w: give --cert a PEM chain, leaf first, with the private key of the leaf, or that with --key", err)
	case err != nil:
		return nil, fmt.Errorf("%w: give --cert a PEM chain, leaf first, and --key the private key of the leaf", err)
	}
	return identity, nil
}

// foreignAnchor is the certificate above the chain: from its own file, or from
// the end of the chain's.
func (f tokenFlags) foreignAnchor(identity *certs.Identity) (*x509.Certificate, error) {
	if f.parent != "" {
		list, err := certs.LoadChain(f.parent)
		if err != nil {
			return nil, fmt.Errorf("%w: give --issuer-cert the PEM file of a CA certificate", err)
		}
		return list[0], nil
	}
	last := len(identity.Chain) - 1
	if identity.Anchor == nil && (f.chain || last == 0) {
		c := identity.Chain[last]
		return nil, usagef("the staple of %s needs the certificate of its issuer, %s: give it with --issuer-cert, or at the end of --cert", certname.Of(c), certname.IssuerOf(c))
	}
	return identity.Anchor, nil
}

// dnsName is what may stand as a DNS name in a certificate (RFC 5280 §4.2.1.6).
var dnsName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// maxFileName is what file systems permit, less some for what is written beside.
const maxFileName = 200

// identityDir is where an identity is kept. Its name is that of the
// certificate, escaped so that a URI is one name and none leads elsewhere.
func (f tokenFlags) identityDir() (string, error) {
	u, err := url.Parse(f.name)
	isURI := err == nil && u.Scheme != "" && u.Host != ""
	if !isURI && !dnsName.MatchString(f.name) {
		return "", usagef("--name %q is neither a DNS name nor a URI such as spiffe://example.org/orders", f.name)
	}
	dir := url.PathEscape(f.name)
	if len(dir) > maxFileName {
		return "", usagef("--name %q is too long: with special characters as %%2F, it may have %d characters", f.name, maxFileName)
	}
	return filepath.Join(f.dir, "identities", dir), nil
}

// stackSigner uses the certificate that is kept for a name, and enrolls or
// renews it where necessary.
func (f tokenFlags) stackSigner(ctx context.Context, log *slog.Logger) (_ *signer, err error) {
	dir, err := f.identityDir()
	if err != nil {
		return nil, err
	}
	// This tells what is wrong with the directory, before anything is made in it.
	client, err := newClient(f.dir, f.passwordFile)
	if err != nil {
		return nil, err
	}
	root := client.Root()
	kept := keptIdentity{dir: dir, client: client, name: f.name, validity: f.validity, log: log}
	identity, err := kept.get(ctx)
	if err != nil {
		return nil, err
	}
	// The stack's responder answers for all of them. The intermediate does not name
	// it, nor do leaves of a CA that was set up without it.
	responder, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{URL: client.OCSPURL(), Hash: ocspHashes[f.ocspHash]})
	if err != nil {
		return nil, fmt.Errorf("config/stapled.json: %w", err)
	}
	var above revokedAbove
	keeper, err := stapler.New(stapler.Config{
		Chain: identity.Chain, Anchor: root, StapleChain: f.chain, Fetcher: responder,
		File: kept.file("staple.der"), Logger: log, Observer: &above,
		MaxAge: f.freshness().MaxAge, Leeway: f.freshness().Leeway,
	})
	if err != nil {
		return nil, err
	}
	var unrefreshed error
	if f.refresh || !young(keeper, f.freshness()) {
		err = keeper.Refresh(ctx)
		if _, unusable := keeper.Current(time.Now()); unusable == nil && !f.refresh {
			unrefreshed, err = err, nil
		}
	}
	switch {
	case errors.Is(err, stapler.CertificateRevoked) && above.Load():
		return nil, fmt.Errorf("%w: the CA itself is revoked: make a new stack", err)
	case errors.Is(err, stapler.CertificateRevoked):
		return nil, fmt.Errorf("%w: delete %s to enroll a new one", err, dir)
	case err != nil:
		return nil, err
	}
	return &signer{identity: identity, anchor: root, staples: keeper, unrefreshed: unrefreshed}, nil
}

// revokedAbove is true once a certificate above the first one is revoked. It
// implements stapler.Observer.
type revokedAbove struct{ atomic.Bool }

// Refreshed implements stapler.Observer.
func (*revokedAbove) Refreshed(int, *ocspstaple.Staple) {}

// Failed implements stapler.Observer.
func (r *revokedAbove) Failed(i int, reason stapler.Reason) {
	if i > 0 && reason == stapler.CertificateRevoked {
		r.Store(true)
	}
}

// young reports whether every staple is in the first half of its time, as the
// stapler of a service would keep it.
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
