// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"

	"github.com/smallstep/certificates/authority/config"
)

// Handler returns the step-ca API, for the caller's own server, which speaks
// TLS with TLSConfig. With [Config].HandlersOnly, the CA then does not listen
// anywhere. Shut such a server down before the CA: Run and Close wait only for
// requests to the CA's own servers.
func (c *CA) Handler() http.Handler { return handlerOf(c.api) }

// TLSConfig returns a configuration with the API's certificate, which the CA
// renews while it runs. It accepts client certificates of this CA.
func (c *CA) TLSConfig() *tls.Config {
	if c.api == nil { // Open did not make it
		return new(tls.Config)
	}
	return c.api.TLSConfig.Clone()
}

// OCSPHandler returns the OCSP responder, for plain HTTP.
func (c *CA) OCSPHandler() http.Handler { return handlerOf(c.ocsp) }

// handlerOf returns the server's handler; for a CA that Open did not make, one
// that refuses everything.
func handlerOf(s *http.Server) http.Handler {
	if s == nil {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "this CA was not opened", http.StatusServiceUnavailable)
		})
	}
	return s.Handler
}

// withValues adds to requests what step-ca's handlers look for in their
// context.
func withValues(values context.Context, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(valuesContext{r.Context(), values}))
	})
}

// A valuesContext adds the values of a second context to its own.
type valuesContext struct {
	context.Context
	values context.Context
}

func (c valuesContext) Value(key any) any {
	if value := c.Context.Value(key); value != nil {
		return value
	}
	return c.values.Value(key)
}

// listen opens the addresses of the API and the responder.
func (c *CA) listen(cfg *config.Config) (err error) {
	if c.apiListener, err = listen(cfg.Address, APIServer); err != nil {
		return err
	}
	c.ocspListener, err = listen(c.settings.OCSPAddress, OCSPServer)
	return err
}

// serving returns the Serve functions of the servers that listen.
func (c *CA) serving() []func() error {
	var all []func() error
	if c.apiListener != nil {
		all = append(all, func() error { return c.api.ServeTLS(c.apiListener, "", "") })
	}
	if c.ocspListener != nil {
		all = append(all, func() error { return c.ocsp.Serve(c.ocspListener) })
	}
	if c.insecureListener != nil {
		all = append(all, func() error { return c.insecure.Serve(c.insecureListener) })
	}
	return all
}

func addressOf(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}
