// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	apilog "github.com/smallstep/certificates/api/log"
	"github.com/smallstep/certificates/authority"
	"github.com/smallstep/certificates/authority/config"
	smallstepca "github.com/smallstep/certificates/ca"
	"github.com/smallstep/certificates/db"
	"github.com/smallstep/nosql"
	"github.com/stapledjwt/stapled"
)

const (
	// requestTimeout bounds reading a request and writing its response.
	requestTimeout = 15 * time.Second
	// shutdownTimeout is how long requests in flight may take to finish.
	shutdownTimeout = 5 * time.Second
	// maxRequest is far more than a certificate request with a token needs.
	maxRequest = 1 << 20
	// compactInterval is step-ca's own.
	compactInterval = time.Minute
)

// newServers assembles step-ca's parts. It does not use step-ca's own ca.CA,
// which does not expose its bound address, closes the database before requests
// that use it have finished, and logs to stderr.
func (c *CA) newServers(cfg *config.Config, password []byte) error {
	stepDB, err := c.auditedDatabase()
	if err != nil {
		return err
	}
	// Its TLS identity is the API's, which the authority makes.
	webhooks := &http.Transport{TLSClientConfig: new(tls.Config), ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute}
	auth, err := authority.New(cfg,
		authority.WithDatabase(stepDB),
		authority.WithMeter(auditor{c.log}),
		authority.WithWebhookClient(&http.Client{Transport: webhooks, Timeout: requestTimeout}),
		authority.WithPassword(password),
		authority.WithQuietInit())
	if err != nil {
		return stapled.Errorf(stapled.ConfigInvalid, "start step-ca on %s: %w", c.layout, err)
	}
	c.authority = auth
	tlsConfig, err := c.tlsConfig(cfg)
	if err != nil {
		return stapled.Errorf(stapled.Failed, "make the TLS certificate of the CA: %w", err)
	}
	if err := c.webhookTLS(webhooks.TLSClientConfig); err != nil {
		return err
	}
	c.checkProvisioners()

	// step-ca's handlers find what they need in the context.
	ctx := authority.NewContext(context.Background(), auth)
	ctx = db.NewContext(ctx, auth.GetDatabase())
	ctx = apilog.WithErrorLogger(ctx, c.logRefusal)
	ctx, api, insecure, err := c.routes(ctx, cfg)
	if err != nil {
		return err
	}

	c.api = c.newServer(withValues(ctx, http.MaxBytesHandler(api, maxRequest)))
	c.api.TLSConfig = tlsConfig
	c.insecure = c.newServer(withValues(ctx, http.MaxBytesHandler(insecure, maxRequest)))
	c.ocsp = c.newServer(c.responder)
	return nil
}

func (c *CA) newServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: requestTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          c.requestLog.ErrorLog(slog.LevelDebug, "connection failed"),
	}
}

// tlsConfig returns a configuration that renews the server certificate in
// memory and accepts client certificates of this CA, which clients use to
// renew.
func (c *CA) tlsConfig(cfg *config.Config) (*tls.Config, error) {
	cert, err := c.authority.GetTLSCertificate()
	if err != nil {
		return nil, err
	}
	if c.renewer, err = smallstepca.NewTLSRenewer(cert, c.authority.GetTLSCertificate); err != nil {
		return nil, err
	}
	// Only the intermediate. The root would also admit certificates issued by
	// another CA below it, and step-ca goes by the serial number, which that CA
	// chooses. Certificates from an earlier intermediate must be enrolled anew, not
	// renewed.
	clients := x509.NewCertPool()
	clients.AddCert(c.intermediate)

	t := cfg.TLS.TLSConfig()
	t.GetCertificate = c.renewer.GetCertificateForCA
	t.ClientAuth = tls.VerifyClientCertIfGiven
	t.ClientCAs = clients
	return t, nil
}

// Run serves until ctx ends or Close is called, and then closes the CA. It
// returns nil after an orderly end. A CA runs once; open the directory again to
// run it again.
//
// A failed database write ends it as well, with WriteFailed: later acknowledged
// writes might be lost. A file that turns out to be Damaged ends it too. The
// database then stays locked until the process ends.
func (c *CA) Run(ctx context.Context) error {
	if c.close == nil {
		return stapled.Errorf(stapled.ConfigInvalid, "this CA was not made by ca.Open")
	}
	if err := c.begin(); err != nil {
		return err
	}
	c.renewer.Run()
	serving := c.serving()
	failed := make(chan error, len(serving))
	for _, serve := range serving {
		go func() {
			defer c.jobs.Done()
			failed <- serve()
		}()
	}
	go func() {
		defer c.jobs.Done()
		c.compact()
	}()
	c.log.DebugContext(ctx, "CA is running", "ca_url", c.URL(), "ocsp_url", c.OCSPURL(), "dir", c.Dir())

	var err error
	select {
	case <-ctx.Done():
	case <-c.closing:
	case served := <-failed:
		if !errors.Is(served, http.ErrServerClosed) {
			err = stapled.Errorf(stapled.Failed, "a server of the CA stopped: %w", served)
		}
	case <-c.database.failed():
		err = c.database.guard.cause
	}
	return errors.Join(err, c.Close())
}

func (c *CA) begin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.closing:
		return stapled.Errorf(stapled.Closed, "this CA has been closed; open %s again", c.layout)
	default:
	}
	if c.running {
		return stapled.Errorf(stapled.Closed, "this CA runs already")
	}
	c.running = true
	c.jobs.Add(1 + len(c.serving())) // with compact
	return nil
}

// compact has the database collect its garbage, as step-ca does.
func (c *CA) compact() {
	compactor, ok := c.database.tables.(nosql.Compactor)
	if !ok {
		return
	}
	ticker := time.NewTicker(compactInterval)
	defer ticker.Stop()
	for {
		// A round may take longer than the time to close; closing the database ends
		// it.
		done := make(chan struct{})
		go func() {
			defer close(done)
			// It returns an error when nothing is left to do.
			for compactor.Compact(0.7) == nil && !c.isClosing() {
			}
		}()
		select {
		case <-c.closing:
			return
		case <-done:
		}
		select {
		case <-c.closing:
			return
		case <-ticker.C:
		}
	}
}

func (c *CA) isClosing() bool {
	select {
	case <-c.closing:
		return true
	default:
		return false
	}
}

// Close ends the servers, waits for requests in flight, and closes the
// database. It may be called at any time and any number of times.
func (c *CA) Close() error {
	if c.close == nil { // Open did not make it
		return nil
	}
	return c.close()
}

func (c *CA) shutdown() error {
	c.mu.Lock()
	close(c.closing) // from here on, Run does not begin
	c.mu.Unlock()

	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	var errs []error
	for _, server := range []*http.Server{c.api, c.insecure, c.ocsp} {
		if server == nil {
			continue
		}
		if err := server.Shutdown(ctx); err != nil {
			errs = append(errs, server.Close())
		}
	}
	for _, l := range []net.Listener{c.apiListener, c.insecureListener, c.ocspListener} {
		if l == nil {
			continue
		}
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	c.jobs.Wait()
	if c.renewer != nil {
		c.renewer.Stop()
	}
	if c.authority != nil {
		// This shuts the AuthDB down as well.
		errs = append(errs, c.authority.Shutdown())
	}
	if c.database != nil {
		errs = append(errs, c.database.close())
	}
	c.requestLog.Flush()
	if err := errors.Join(errs...); err != nil {
		return stapled.Errorf(stapled.Failed, "close the CA: %w", err)
	}
	return nil
}
