// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package ca runs smallstep's step-ca in process, together with the OCSP
// responder that step-ca's open-source edition lacks.
//
// Init makes a directory in the standard layout of step-ca, which the stock
// step-ca and step commands work with too. Open opens it and listens, Run
// serves the step-ca API over TLS and OCSP over HTTP. Client enrols, renews
// and revokes through that API, from this or another process.
//
// What step-ca calls passive revocation is that a revoked certificate is not
// renewed any more, and nothing else. Here the responder reads the same table
// of the same database, so that the status changes with the next response.
//
// The step-ca API served is the core: sign, renew, rekey, revoke, provisioners,
// roots, CRL and SSH. ACME, SCEP and the admin API need the stock binary.
package ca

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/smallstep/certificates/authority"
	"github.com/smallstep/certificates/authority/config"
	stepca "github.com/smallstep/certificates/ca"

	"github.com/stapledjwt/stapled/internal/loglimit"
	"github.com/stapledjwt/stapled/responder"
)

// Config is how Open runs a CA. The zero value is usable.
type Config struct {
	// Password decrypts the keys of the CA; nil reads secrets/password.
	Password []byte
	// StapleValidity is the time from thisUpdate to nextUpdate of OCSP
	// responses; default responder.DefaultValidity, at least 1 s.
	StapleValidity time.Duration
	// Logger gets what happens; nil discards. Of the lines about requests and
	// connections, which anybody can cause, 10 of a kind pass at once and then one
	// each 10 seconds; its attribute left_out is the number of lines left out
	// before it.
	Logger *slog.Logger
	// Observer counts the outcomes of OCSP requests; nil counts nothing.
	Observer responder.Observer
}

// A CA is an open CA directory: its database, its keys, and the listeners of
// its two servers. It is safe for concurrent use.
type CA struct {
	layout       layout
	settings     settings
	log          *slog.Logger
	requestLog   *loglimit.Handler // for lines that anybody can cause
	root         *x509.Certificate
	intermediate *x509.Certificate

	database  *database
	authority *authority.Authority
	renewer   *stepca.TLSRenewer
	responder *responder.Responder

	apiListener, ocspListener net.Listener
	api, ocsp                 *http.Server

	mu      sync.Mutex
	running bool
	closing chan struct{}
	close   func() error // once
	jobs    sync.WaitGroup
}

// Open opens a directory that Init has made, or that has the same files. From
// then on the addresses accept connections, which Run answers. The caller has
// to call Run or Close.
func Open(dir string, cfg Config) (_ *CA, err error) {
	l, err := newLayout(dir)
	if err != nil {
		return nil, err
	}
	stepCfg, s, err := l.load()
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

	password := cfg.Password
	if len(password) == 0 {
		if password, err = l.readPassword(); err != nil {
			return nil, err
		}
	}
	if err := checkSupported(stepCfg, s, c.log); err != nil {
		return nil, err
	}
	if c.root, err = readCertificate(stepCfg.Root[0]); err != nil {
		return nil, err
	}
	if c.intermediate, err = readCertificate(stepCfg.IntermediateCert); err != nil {
		return nil, err
	}
	if err := c.intermediate.CheckSignatureFrom(c.root); err != nil {
		return nil, fail(Misconfigured, "%s was not issued by %s: %w", stepCfg.IntermediateCert, stepCfg.Root[0], err)
	}

	if c.database, err = openDatabase(stepCfg.DB, c.log); err != nil {
		return nil, err
	}
	c.database.watch(stepCfg.DB) // before anybody writes
	if c.responder, err = c.newResponder(stepCfg, password, cfg); err != nil {
		return nil, err
	}
	if c.apiListener, err = listen(stepCfg.Address, APIServer); err != nil {
		return nil, err
	}
	if c.ocspListener, err = listen(s.OCSPAddress, OCSPServer); err != nil {
		return nil, err
	}
	if err := c.newServers(stepCfg, password); err != nil {
		return nil, err
	}
	return c, nil
}

// checkSupported refuses a ca.json that would mean something else here than in
// the stock step-ca, and warns about what is left out.
func checkSupported(cfg *config.Config, s settings, log *slog.Logger) error {
	switch {
	case cfg.Root.HasEmpties():
		return fail(Misconfigured, "ca.json names no root certificate")
	case cfg.AuthorityConfig.Options != nil && cfg.AuthorityConfig.Type != "" && !strings.EqualFold(cfg.AuthorityConfig.Type, "softcas"):
		return fail(Misconfigured, "ca.json makes this a registration authority; the responder needs the issuing CA itself")
	case cfg.KMS != nil && cfg.KMS.Type != "" && !strings.EqualFold(string(cfg.KMS.Type), "softkms"):
		return fail(Misconfigured, "ca.json keeps its keys in a KMS of type %q; only key files are supported", cfg.KMS.Type)
	}
	hasOurs := false
	for _, p := range cfg.AuthorityConfig.Provisioners {
		t := p.GetType().String()
		if t == "ACME" || t == "SCEP" {
			log.Warn("provisioner is configured but its protocol is not served; use the stock step-ca for it", "type", t, "name", p.GetName())
		}
		hasOurs = hasOurs || t == "JWK" && p.GetName() == s.Provisioner
	}
	if !hasOurs {
		log.Warn("ca.json has no JWK provisioner of the name in stapled.json, so nothing can be enrolled or revoked with it", "name", s.Provisioner)
	}
	if cfg.AuthorityConfig.EnableAdmin {
		log.Warn("the admin API is configured but not served; use the stock step-ca for it")
	}
	return nil
}

// newResponder answers for the intermediate's certificates, signed by the
// intermediate, and for the intermediate itself, signed by the root.
func (c *CA) newResponder(stepCfg *config.Config, password []byte, cfg Config) (*responder.Responder, error) {
	key, err := readKey(stepCfg.IntermediateKey, password, c.intermediate)
	if err != nil {
		return nil, err
	}
	authorities := []responder.Authority{{
		Certificate: c.intermediate, Signer: key, Source: newLeaves(c.database, c.intermediate),
	}}
	rootKey, err := readKey(c.layout.rootKey(), password, c.root)
	switch {
	case err == nil:
		authorities = append(authorities, responder.Authority{
			Certificate: c.root, Signer: rootKey, Source: intermediates{c.database, c.intermediate},
		})
	case errors.Is(err, fs.ErrNotExist):
		// Keeping the root key off line is good practice, not an error.
		c.log.Info("the root key is not here, so there are no staples for the intermediate; verifiers that require the whole chain stapled will refuse", "file", c.layout.rootKey())
	default:
		c.log.Warn("the root key is unusable, so there are no staples for the intermediate; verifiers that require the whole chain stapled will refuse", "error", err)
	}
	r, err := responder.New(responder.Config{
		Authorities: authorities, Validity: cfg.StapleValidity, Logger: slog.New(c.requestLog), Observer: cfg.Observer,
	})
	if err != nil {
		return nil, fail(Misconfigured, "set up the responder: %w", err)
	}
	return r, nil
}

// URL is the step-ca API.
func (c *CA) URL() string { return c.settings.CAURL }

// OCSPURL is the responder, as the certificates name it.
func (c *CA) OCSPURL() string { return c.settings.OCSPURL }

// Dir is the absolute path of the directory.
func (c *CA) Dir() string { return string(c.layout) }

// RootFile is the PEM file of the root certificate.
func (c *CA) RootFile() string { return c.layout.root() }

// Root is the root certificate.
func (c *CA) Root() *x509.Certificate { return c.root }
