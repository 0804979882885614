// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"context"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
)

// Server is an envoy.service.auth.v3.Authorization service. Register it with
// auth.RegisterAuthorizationServer.
type Server struct {
	auth.UnimplementedAuthorizationServer
	config Config
}

// NewServer returns a server, or an error if the configuration is invalid.
func NewServer(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return &Server{config: cfg}, nil
}

// Check decides about a request.
func (s *Server) Check(ctx context.Context, r *auth.CheckRequest) (*auth.CheckResponse, error) {
	return s.UnimplementedAuthorizationServer.Check(ctx, r)
}
