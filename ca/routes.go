// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/smallstep/certificates/acme"
	acmeapi "github.com/smallstep/certificates/acme/api"
	acmedb "github.com/smallstep/certificates/acme/db/nosql"
	"github.com/smallstep/certificates/api"
	"github.com/smallstep/certificates/authority/admin"
	adminapi "github.com/smallstep/certificates/authority/admin/api"
	"github.com/smallstep/certificates/authority/config"
	"github.com/smallstep/certificates/authority/provisioner"
	"github.com/smallstep/certificates/scep"
	scepapi "github.com/smallstep/certificates/scep/api"
	"github.com/stapledjwt/stapled"
)

// routes mounts step-ca's own handlers at the paths of the stock step-ca: the
// API over TLS, and insecureAddress over plain HTTP.
func (c *CA) routes(ctx context.Context, cfg *config.Config) (_ context.Context, secure, insecure http.Handler, _ error) {
	mux, plain := chi.NewRouter(), chi.NewRouter()
	mux.Use(middleware.GetHead)
	plain.Use(middleware.GetHead)
	mux.Group(func(r chi.Router) {
		r.Use(c.ownCertificates(renewalLeaf))
		api.Route(r)
		r.Route("/1.0", func(r chi.Router) { api.Route(r) })
	})
	// Clients fetch a CRL over plain HTTP: it is signed (RFC 5280 §8).
	plain.Get("/crl", api.CRL)
	plain.Get("/1.0/crl", api.CRL)

	if c.authority.HasACMEProvisioner() || cfg.AuthorityConfig.EnableAdmin {
		tables, err := acmedb.New(c.database.tables)
		if err != nil {
			return nil, nil, nil, stapled.Errorf(stapled.Failed, "prepare the database for ACME: %w", err)
		}
		ctx = acme.NewContext(ctx, tables, acme.NewClient(), acme.NewLinker(acmeHost(cfg), "acme"), nil)
		mux.Route("/acme", func(r chi.Router) { acmeapi.Route(r) })
		mux.Route("/2.0/acme", func(r chi.Router) { acmeapi.Route(r) })
	}
	if adminDB := c.authority.GetAdminDatabase(); adminDB != nil {
		ctx = admin.NewContext(ctx, adminDB)
		mux.Route("/admin", func(r chi.Router) {
			r.Use(c.ownCertificates(adminLeaf), c.auditAdministration)
			adminapi.Route(r,
				adminapi.WithACMEResponder(adminapi.NewACMEAdminResponder()),
				adminapi.WithPolicyResponder(adminapi.NewPolicyAdminResponder()),
				adminapi.WithWebhookResponder(adminapi.NewWebhookAdminResponder()))
		})
	}
	if scepAuthority := c.authority.GetSCEP(); scepAuthority != nil {
		ctx = scep.NewContext(ctx, scepAuthority)
		// Over plain HTTP, where SCEP clients look for it (RFC 8894 §4.1), and over
		// TLS.
		for _, r := range []chi.Router{plain, mux} {
			r.Route("/scep", func(r chi.Router) { scepapi.Route(r) })
		}
	}
	return ctx, mux, plain, nil
}

// ServesCRL reports whether the CA keeps a CRL, at /1.0/crl of the API and of
// insecureAddress.
func (c *CA) ServesCRL() bool { return c.authority != nil && c.authority.GetConfig().CRL.IsEnabled() }

// acmeHost returns the host in ACME's links when a request names none.
func acmeHost(cfg *config.Config) string {
	host := cfg.DNSNames[0]
	if _, port, err := net.SplitHostPort(cfg.Address); err == nil && port != "443" {
		host = net.JoinHostPort(host, port)
	}
	return host
}

// listenInsecurely opens insecureAddress if there is something to serve there.
// Otherwise the stock step-ca leaves it closed too.
func (c *CA) listenInsecurely(cfg *config.Config) (err error) {
	switch {
	case cfg.InsecureAddress == "":
		return nil
	case !cfg.CRL.IsEnabled() && c.authority.GetSCEP() == nil:
		c.log.Warn(c.layout.config() + ": key insecureAddress is not served, nor does step-ca: neither crl.enabled nor a SCEP provisioner is configured")
		return nil
	}
	c.insecureListener, err = listen(cfg.InsecureAddress, InsecureServer)
	return err
}

// webhookTLS lets webhooks authenticate the CA as the stock step-ca does. The
// CA trusts a webhook if the system or this CA trusts it.
func (c *CA) webhookTLS(cfg *tls.Config) error {
	roots, err := x509.SystemCertPool()
	if err != nil {
		return stapled.Errorf(stapled.Failed, "read the certificates that the system trusts: %w", err)
	}
	for _, root := range c.authority.GetRootCertificates() {
		roots.AddCert(root)
	}
	cfg.RootCAs, cfg.MinVersion, cfg.GetClientCertificate = roots, tls.VersionTLS12, c.renewer.GetClientCertificate
	return nil
}

// checkProvisioners checks the provisioners in force: those in ca.json, or in
// the database if authority.enableAdmin moved them there.
func (c *CA) checkProvisioners() {
	place := "ca.json"
	if c.authority.IsAdminAPIEnabled() {
		place = "the database (authority.enableAdmin of ca.json)"
	}
	var names []string
	for _, p := range c.authority.GetConfig().AuthorityConfig.Provisioners {
		if _, _, ok := p.GetEncryptedKey(); !ok || p.GetType() != provisioner.TypeJWK {
			continue
		}
		if p.GetName() == c.settings.Provisioner {
			return
		}
		names = append(names, fmt.Sprintf("%q", p.GetName()))
	}
	hint := "it has none whose key the CA keeps; add one with `step ca provisioner add NAME --type JWK --create`"
	if len(names) > 0 {
		hint = "write one of " + strings.Join(names, ", ") + " there"
	}
	c.log.Warn(fmt.Sprintf("%s has no JWK provisioner %q, which stapled.json names, so nothing can be enrolled or revoked with it: %s", place, c.settings.Provisioner, hint))
}
