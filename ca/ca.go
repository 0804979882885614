// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package ca runs smallstep's step-ca in process, together with the OCSP
// responder that step-ca's open-source edition lacks.
//
// Init makes a directory in step-ca's standard layout, which the stock step-ca
// and step commands can use too. Open opens it and listens. Run serves the
// step-ca API over TLS and OCSP over HTTP. ClientConfig configures a client of
// package stepca, which enrolls, renews and revokes through that API, from this
// or another process.
//
// Errors are those of package stapled.
//
// What step-ca calls passive revocation only stops a revoked certificate from
// being renewed. Here the responder reads the same table of the same database,
// so the status changes with the next response.
//
// The API is step-ca's own, with ACME, SCEP and the administration of
// provisioners where ca.json configures them. If ca.json configures something
// that this package does not serve, Open refuses it or logs it by the name of
// its key.
package ca

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/smallstep/certificates/authority"
	"github.com/smallstep/certificates/authority/config"
	smallstepca "github.com/smallstep/certificates/ca"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/loglimit"
	"github.com/stapledjwt/stapled/responder"
)

// Config configures Open. The zero value is usable.
type Config struct {
	// Password decrypts the keys of the CA; nil uses the password in ca.json or,
	// failing that, the one in secrets/password.
	Password []byte
	// StapleValidity is the time from thisUpdate to nextUpdate of OCSP
	// responses; default responder.DefaultValidity, at least 1 s.
	StapleValidity time.Duration
	// Logger receives the log; nil discards it. Anybody can cause lines about
	// requests and connections, so 10 of a kind pass at once and then one every 10
	// seconds; its attribute left_out counts the lines left out before it.
	Logger *slog.Logger
	// Observer counts the outcomes of OCSP requests; nil counts nothing.
	Observer responder.Observer
	// HandlersOnly opens no listener: the caller serves Handler and OCSPHandler at
	// the URLs in stapled.json while Run runs. insecureAddress is not served.
	// Default: the CA listens.
	HandlersOnly bool
}

// A CA is an open CA directory: its database, its keys, and the listeners of
// its two servers. It is safe for concurrent use.
type CA struct {
	layout       layout
	settings     settings
	log          *slog.Logger
	requestLog   *loglimit.Handler // for lines that anybody can cause
	path         trustPath
	root         *x509.Certificate
	intermediate *x509.Certificate

	database  *database
	authority *authority.Authority
	renewer   *smallstepca.TLSRenewer
	responder *responder.Responder

	apiListener, ocspListener net.Listener
	api, ocsp                 *http.Server
	// The server of insecureAddress, or nil.
	insecureListener net.Listener
	insecure         *http.Server

	mu      sync.Mutex
	running bool
	closing chan struct{}
	close   func() error // once
	jobs    sync.WaitGroup
}

// Open opens a directory that Init made, or one with the same files. From then
// on, unless HandlersOnly is set, the addresses accept connections, which Run
// serves. The caller must call Run or Close.
func Open(dir string, cfg Config) (_ *CA, err error) {
	l, err := newLayout(dir)
	if err != nil {
		return nil, err
	}
	stepCfg, s, found, err := l.loadWithNotices()
	if err != nil {
		return nil, err
	}
	c := &CA{layout: l, settings: s, log: cfg.Logger, closing: make(chan struct{})}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.requestLog = loglimit.New(c.log.Handler())
	c.close = sync.OnceValue(c.shutdown)
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()

	if err := l.checkStepConfig(stepCfg); err != nil {
		return nil, err
	}
	for _, n := range found {
		c.log.Warn(fmt.Sprintf("%s:%d: %s", l.config(), n.line, n.text))
	}
	password, err := l.findPassword(cfg.Password, stepCfg)
	if err != nil {
		return nil, err
	}
	if c.path, err = readTrustPath(stepCfg); err != nil {
		return nil, err
	}
	c.root, c.intermediate = c.path.root(), c.path.issuing()

	if c.database, err = openDatabase(stepCfg.DB, c.log); err != nil {
		return nil, err
	}
	c.database.watch(stepCfg.DB) // before anybody writes
	if c.responder, err = c.newResponder(stepCfg, password, cfg); err != nil {
		return nil, err
	}
	if !cfg.HandlersOnly {
		if err := c.listen(stepCfg); err != nil {
			return nil, err
		}
	}
	if err := c.newServers(stepCfg, password.password); err != nil {
		return nil, err
	}
	if !cfg.HandlersOnly {
		if err := c.listenInsecurely(stepCfg); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// newResponder answers for certificates issued by the issuing certificate,
// which signs those answers, and for certificates directly below the root,
// whose answers the root signs.
func (c *CA) newResponder(stepCfg *config.Config, password secret, cfg Config) (*responder.Responder, error) {
	key, err := readKey(stepCfg.IntermediateKey, password, c.intermediate)
	if err != nil {
		return nil, err
	}
	authorities := []responder.Authority{{
		Certificate: c.intermediate, Signer: key, Source: newLeaves(c.database, c.intermediate),
	}}
	if n := len(c.path.certificates); n > 1 {
		rootKey, err := readKey(c.layout.rootKey(), password, c.root)
		switch {
		case err == nil:
			authorities = append(authorities, responder.Authority{
				Certificate: c.root, Signer: rootKey, Source: intermediates{c.database, c.path.certificates[n-2]},
			})
		case errors.Is(err, fs.ErrNotExist):
			// Keeping the root key offline is good practice, not an error.
			c.log.Info("the root key is not here, so there are no staples for the intermediate; verifiers that require the whole chain stapled will refuse", "file", c.layout.rootKey())
		default:
			c.log.Warn("the root key is unusable, so there are no staples for the intermediate; verifiers that require the whole chain stapled will refuse", "error", err)
		}
	}
	r, err := responder.New(responder.Config{
		Authorities: authorities, Validity: cfg.StapleValidity, Logger: slog.New(c.requestLog), Observer: cfg.Observer,
	})
	if err != nil {
		return nil, stapled.Errorf(stapled.ConfigInvalid, "set up the responder: %w", err)
	}
	return r, nil
}

// URL returns the URL of the step-ca API.
func (c *CA) URL() string { return c.settings.CAURL }

// OCSPURL returns the URL of the responder, as the certificates give it.
func (c *CA) OCSPURL() string { return c.settings.OCSPURL }

// Dir returns the absolute path of the directory.
func (c *CA) Dir() string { return string(c.layout) }

// RootFile returns the path of the PEM file that holds the root certificate.
func (c *CA) RootFile() string { return c.path.rootFile }

// Root returns the root certificate.
func (c *CA) Root() *x509.Certificate { return c.root }

// Addresses returns the addresses on which the CA listens.
func (c *CA) Addresses() Addresses {
	return Addresses{CA: addressOf(c.apiListener), OCSP: addressOf(c.ocspListener), Insecure: addressOf(c.insecureListener)}
}

// Addresses holds the HOST:PORT of each server of a CA.
type Addresses struct {
	// CA and OCSP are empty only with HandlersOnly.
	CA, OCSP string
	// Insecure is the insecureAddress of ca.json, where the CA serves the CRL and
	// SCEP over plain HTTP; empty if that is off.
	Insecure string
}
