// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"context"
	"crypto/rand"
	"net"
	"time"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/stapledjwt/stapled/gateway"
)

// maxCheck is how large a question of Envoy may be: a header with a token and
// the certificate of the client, without a body.
const maxCheck = 256 << 10

// grpcServer is the server of an ext_authz_grpc front.
type grpcServer struct{ *grpc.Server }

func (s *Server) newGRPC(f *front) grpcServer {
	options := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxCheck), grpc.MaxHeaderListSize(maxHeader), grpc.MaxConcurrentStreams(1000),
		grpc.ConnectionTimeout(10 * time.Second),
		// Envoy holds a few connections and keeps them alive by itself.
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 15 * time.Minute}),
	}
	if f.server.TLSConfig != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(f.server.TLSConfig)))
	}
	g := grpc.NewServer(options...)
	auth.RegisterAuthorizationServer(g, checks{server: s})
	return grpcServer{g}
}

// shutdown finishes the questions in flight, until the context ends.
func (g grpcServer) shutdown(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.GracefulStop()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		g.Stop()
		<-done
		return ctx.Err()
	}
}

func (g grpcServer) serve(l net.Listener) error { return g.Serve(l) }

// checks asks the current generation.
type checks struct {
	auth.UnimplementedAuthorizationServer
	server *Server
}

// Check implements auth.AuthorizationServer.
func (c checks) Check(ctx context.Context, r *auth.CheckRequest) (*auth.CheckResponse, error) {
	s, g := c.server, c.server.current.Load()
	if s.access == nil {
		return g.authz.Check(ctx, r)
	}
	line := s.access.begin(ExtAuthzGRPC, rand.Text())
	answer, err := g.authz.Check(gateway.WithObserver(ctx, line), r)
	status := 200
	if denied := answer.GetDeniedResponse(); denied != nil {
		status = int(denied.GetStatus().GetCode())
	}
	line.end(status, 0, nil)
	return answer, err
}
