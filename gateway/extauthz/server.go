// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	envoytype "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"

	"github.com/stapledjwt/stapled/gateway"
)

// Server is an envoy.service.auth.v3.Authorization service. Register it with
// auth.RegisterAuthorizationServer. The zero Server denies everything.
type Server struct {
	auth.UnimplementedAuthorizationServer
	config   Config
	identity *identity
}

// NewServer returns a server, or an error if the configuration is invalid.
func NewServer(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return &Server{config: cfg, identity: newIdentity(cfg)}, nil
}

// Check decides about a request. It denies a request with the answer that
// [gateway.Gateway.Wrap] would give, and what does not describe one HTTP request
// with 403. The error is always nil: Envoy may take an error for permission.
func (s *Server) Check(ctx context.Context, r *auth.CheckRequest) (*auth.CheckResponse, error) {
	return s.answer(ctx, r), nil
}

func (s *Server) answer(ctx context.Context, r *auth.CheckRequest) *auth.CheckResponse {
	if s.config.Gateway == nil {
		return denied(&gateway.Refusal{Status: http.StatusForbidden})
	}
	// 1. What is asked about.
	asked := s.read(r)
	// 2. The decision.
	grant, refusal := s.config.Gateway.Decide(ctx, asked.request)
	if refusal != nil && asked.request.Rejected != nil {
		return denied(&gateway.Refusal{Status: http.StatusForbidden})
	}
	if refusal != nil {
		return denied(refusal)
	}
	// 3. The identity, complete.
	values, err := s.config.IdentityHeaders.Values(grant)
	if err != nil {
		return denied(&gateway.Refusal{Status: http.StatusForbidden})
	}
	return permitted(values, s.identity.remove(maps.Keys(asked.headers)))
}

// permitted is the answer to an accepted request.
func permitted(values map[string]string, remove []string) *auth.CheckResponse {
	return &auth.CheckResponse{
		Status: &rpc.Status{Code: int32(codes.OK)},
		HttpResponse: &auth.CheckResponse_OkResponse{OkResponse: &auth.OkHttpResponse{
			Headers: overwrite(values), HeadersToRemove: remove,
		}},
	}
}

// denied is the answer to a refused request: what the middleware would answer.
func denied(refusal *gateway.Refusal) *auth.CheckResponse {
	code := codes.PermissionDenied
	if refusal.Status == http.StatusUnauthorized {
		code = codes.Unauthenticated
	}
	headers := map[string]string{
		"Cache-Control": "no-store", "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff",
	}
	if refusal.Challenge != "" {
		headers["WWW-Authenticate"] = refusal.Challenge
	}
	return &auth.CheckResponse{
		Status: &rpc.Status{Code: int32(code)},
		HttpResponse: &auth.CheckResponse_DeniedResponse{DeniedResponse: &auth.DeniedHttpResponse{
			Status:  &envoytype.HttpStatus{Code: envoytype.StatusCode(refusal.Status)},
			Headers: overwrite(headers),
			Body:    strings.ToLower(http.StatusText(refusal.Status)) + "\n",
		}},
	}
}

// overwrite returns headers that replace those of the same name. Envoy before
// append_action looks at append only, whose default is false here, and replaces
// as well. Envoy would drop an empty value if it were not told to keep it.
func overwrite(values map[string]string) []*core.HeaderValueOption {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	// One allocation for all of a kind: this is for every request.
	options, headers := make([]core.HeaderValueOption, len(names)), make([]core.HeaderValue, len(names))
	all := make([]*core.HeaderValueOption, len(names))
	for i, name := range names {
		headers[i].Key, headers[i].Value = strings.ToLower(name), values[name]
		options[i].Header = &headers[i]
		options[i].AppendAction = core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
		options[i].KeepEmptyValue = true
		all[i] = &options[i]
	}
	return all
}
