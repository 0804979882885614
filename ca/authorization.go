// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"go.step.sm/crypto/jose"

	"github.com/stapledjwt/stapled/internal/issuedby"
)

// A tokenLeaf finds the certificate in a token as step-ca does, but with the
// given roots. step-ca decides whether the token is otherwise valid.
type tokenLeaf func(authorization string, roots []*x509.Certificate) (*x509.Certificate, error)

// renewalLeaf handles renewal tokens (api.Renew).
func renewalLeaf(authorization string, roots []*x509.Certificate) (*x509.Certificate, error) {
	_, chain, err := jose.ParseX5cInsecure(strings.TrimPrefix(authorization, "Bearer "), roots)
	if err != nil {
		return nil, err
	}
	return chain[0][0], nil
}

// adminLeaf handles administrator tokens (authority.AuthorizeAdminToken).
func adminLeaf(authorization string, roots []*x509.Certificate) (*x509.Certificate, error) {
	token, err := jose.ParseSigned(authorization)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	for _, root := range roots {
		pool.AddCert(root)
	}
	chains, err := token.Headers[0].Certificates(x509.VerifyOptions{Roots: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		return nil, err
	}
	return chains[0][0], nil
}

// ownCertificates guards requests with a token in the Authorization header.
// step-ca accepts any token whose certificate chains to the root, and then goes
// by its serial number and provisioner extension. Another CA under the same
// root can choose both, as tlsConfig explains. A revoked certificate can
// neither administer nor renew.
func (c *CA) ownCertificates(leafOf tokenLeaf) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if authorization := r.Header.Get("Authorization"); authorization != "" {
				if err := c.checkAuthorization(authorization, leafOf); err != nil {
					// Anyone can send such a token.
					slog.New(c.requestLog).WarnContext(r.Context(), "refused a request", "method", r.Method, "path", r.URL.Path, "error", err)
					refuseUnauthorized(w)
					return
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}

func (c *CA) checkAuthorization(authorization string, leafOf tokenLeaf) error {
	leaf, err := leafOf(authorization, []*x509.Certificate{c.intermediate})
	if err != nil {
		return fmt.Errorf("the token's certificate is not of this CA: %w", err)
	}
	if !issuedby.Is(leaf, c.intermediate) {
		return fmt.Errorf("the token's certificate %q was not issued by %q", leaf.Subject, c.intermediate.Subject)
	}
	revoked, err := c.authority.IsRevoked(leaf.SerialNumber.String())
	if err != nil {
		return fmt.Errorf("look up whether the token's certificate is revoked: %w", err)
	}
	if revoked {
		return fmt.Errorf("the token's certificate %q, serial number %s, is revoked", leaf.Subject, leaf.SerialNumber)
	}
	return nil
}

// refuseUnauthorized answers as step-ca does.
func refuseUnauthorized(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnauthorized)
	// The status is already sent; a client that has gone needs no text.
	_ = json.NewEncoder(w).Encode(map[string]any{
		"status": http.StatusUnauthorized, "message": "The request lacked necessary authorization to be completed.",
	})
}
