// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build gateways

package gateways

import (
	"context"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/gateway/grpcauth"
)

// service is a gRPC service behind the interceptors. It says who called.
type service struct {
	grpc_health_v1.UnimplementedHealthServer
	subject, identity string
}

func (s *service) Check(ctx context.Context, _ *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	token, ok := gateway.FromContext(ctx)
	if !ok {
		return nil, status.Error(codes.Internal, "no token in the context")
	}
	s.subject, s.identity = token.Subject(), token.Identity()
	return &grpc_health_v1.HealthCheckResponse{}, nil
}

func (s *service) Watch(_ *grpc_health_v1.HealthCheckRequest, stream grpc_health_v1.Health_WatchServer) error {
	token, _ := gateway.FromContext(stream.Context())
	s.subject, s.identity = token.Subject(), token.Identity()
	return stream.Send(&grpc_health_v1.HealthCheckResponse{})
}

// grpc tries the interceptors with metadata in place of headers. Unauthenticated
// is 401, PermissionDenied 403. It has no preflight and no websocket.
func (w *world) grpc(t *testing.T) {
	v := w.ca.Verifier("billing")
	g, err := gateway.New(gateway.Config{Routes: []gateway.Route{
		{Name: "watch", Path: "/grpc.health.v1.Health/Watch", Verifier: v, Allow: []gateway.Rule{gateway.Issuer("https://admin.internal")}},
		{Name: "all", Prefix: "/", Verifier: v, Allow: []gateway.Rule{gateway.Anyone}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := new(service)
	server := grpc.NewServer(grpc.UnaryInterceptor(grpcauth.UnaryServerInterceptor(g)), grpc.StreamInterceptor(grpcauth.StreamServerInterceptor(g)))
	grpc_health_v1.RegisterHealthServer(server, s)
	go server.Serve(l)
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	client := grpc_health_v1.NewHealthClient(conn)

	bearer := func(name string) []string { return []string{"authorization", "Bearer " + w.tokens[name]} }
	forged := []string{"stapled-subject", "forged", "stapled_subject", "forged", "stapled.subject", "forged", "stapled-identity", "forged"}
	refusals := make(map[string]bool)
	for _, c := range []struct {
		name    string
		pairs   []string
		stream  bool
		want    codes.Code
		subject string
	}{
		{"good", bearer("good"), false, codes.OK, subject},
		{"missing", nil, false, codes.Unauthenticated, ""},
		{"garbage", bearer("garbage"), false, codes.Unauthenticated, ""},
		{"stale", bearer("stale"), false, codes.Unauthenticated, ""},
		{"revoked", bearer("revoked"), false, codes.Unauthenticated, ""},
		{"wrong-audience", bearer("audience"), false, codes.Unauthenticated, ""},
		{"two-headers", append(bearer("good"), bearer("good")...), false, codes.Unauthenticated, ""},
		{"comma-joined", []string{"authorization", "Bearer " + w.tokens["good"] + ", Bearer " + w.tokens["good"]}, false, codes.Unauthenticated, ""},
		{"forged-metadata", append(bearer("good"), forged...), false, codes.OK, subject},
		{"no-sub-but-the-client-sends-one", append(bearer("no sub"), forged...), false, codes.OK, ""},
		{"3kB-token", bearer("3 kB"), false, codes.OK, subject},
		{"7.5kB-token", bearer("7.5 kB"), false, codes.OK, subject},
		{"stream-missing", nil, true, codes.Unauthenticated, ""},
		{"stream-not-allowed", bearer("good"), true, codes.PermissionDenied, ""},
		{"stream-allowed", bearer("admin"), true, codes.OK, subject},
	} {
		try(t, "grpcauth", c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			ctx = metadata.AppendToOutgoingContext(ctx, c.pairs...)
			s.subject, s.identity = "", ""
			var err error
			if c.stream {
				var stream grpc_health_v1.Health_WatchClient
				if stream, err = client.Watch(ctx, &grpc_health_v1.HealthCheckRequest{}); err == nil {
					_, err = stream.Recv()
				}
			} else {
				_, err = client.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
			}
			if status.Code(err) != c.want {
				t.Fatalf("%v, want %s", err, c.want)
			}
			if s.subject != c.subject || (s.identity != "") != (c.want == codes.OK) {
				t.Errorf("the service sees %q as %q", s.subject, s.identity)
			}
			if c.want == codes.Unauthenticated {
				if refusals[err.Error()] = true; len(refusals) > 1 {
					t.Errorf("refusals differ: %v", refusals)
				}
			}
		})
	}
}
