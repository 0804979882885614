// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package grpcauth protects gRPC servers with stapled tokens, and sends tokens
// from gRPC clients.
//
// A server takes the interceptors of a gateway, for both kinds of methods:
//
//	grpc.NewServer(grpc.Creds(tls),
//		grpc.UnaryInterceptor(grpcauth.UnaryServerInterceptor(g)),
//		grpc.StreamInterceptor(grpcauth.StreamServerInterceptor(g)))
//
// Handlers find the token with [gateway.FromContext]. In the policy, a call is a
// POST to the full name of its method, such as /orders.v1.Orders/Get (that is
// how gRPC sends it), and the host is the :authority that the client names. The
// certificate of a TLS client is the peer that a token can be bound to.
//
// A client sends the tokens of an [issuer.TokenSource]:
//
//	grpc.NewClient(target, grpc.WithTransportCredentials(tls),
//		grpc.WithPerRPCCredentials(grpcauth.NewCredentials(source)))
//
// # Size
//
// A token is metadata, and some implementations of gRPC limit the metadata of a
// call to 8 KiB: grpc-java refuses more, and so may the C core on which Python,
// Ruby and PHP build. The limit counts each field as name, value and 32 bytes
// more (RFC 9113 §6.5.2). A token with one certificate has 2.8 kB; long chains,
// RSA keys and responders that embed certificates make it longer. Servers and
// clients of grpc-go accept 16 MiB unless [grpc.MaxHeaderListSize] says
// otherwise, and a client of grpc-go that knows the limit of its server fails
// the call with codes.Internal. A token never has more than 16 KiB.
package grpcauth

import (
	"context"
	"crypto/x509"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/stapledjwt/stapled/gateway"
)

// The answers to refused calls. Like those of the other adapters, they do not
// reveal how far the checks went.
var (
	errUnauthenticated  = status.Error(codes.Unauthenticated, "no acceptable token")
	errPermissionDenied = status.Error(codes.PermissionDenied, "not permitted")
)

// UnaryServerInterceptor returns an interceptor that calls a handler only if the
// gateway lets the call pass. Refused calls get codes.Unauthenticated if they have
// no acceptable token, or else codes.PermissionDenied. It panics if the gateway
// is nil.
func UnaryServerInterceptor(g *gateway.Gateway) grpc.UnaryServerInterceptor {
	mustHave(g)
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, err := decide(ctx, g, info.FullMethod)
		if err != nil {
			return nil, err
		}
		return handler(ctx, req)
	}
}

// StreamServerInterceptor is [UnaryServerInterceptor] for methods that stream.
// The gateway decides when a stream begins; a stream outlives its token.
func StreamServerInterceptor(g *gateway.Gateway) grpc.StreamServerInterceptor {
	mustHave(g)
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		ctx, err := decide(stream.Context(), g, info.FullMethod)
		if err != nil {
			return err
		}
		return handler(srv, &acceptedStream{ServerStream: stream, ctx: ctx})
	}
}

func mustHave(g *gateway.Gateway) {
	if g == nil {
		panic("grpcauth: an interceptor of a nil gateway")
	}
}

// acceptedStream is a stream whose context has the token.
type acceptedStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *acceptedStream) Context() context.Context { return s.ctx }

// decide returns the context for the handler, or the answer to a refused call.
func decide(ctx context.Context, g *gateway.Gateway, method string) (context.Context, error) {
	grant, refusal := g.Decide(ctx, requestOf(ctx, g, method))
	if refusal != nil {
		if refusal.Status == 401 {
			return nil, errUnauthenticated
		}
		return nil, errPermissionDenied
	}
	return gateway.NewContext(ctx, grant.Token()), nil
}

// requestOf returns the values of a call.
func requestOf(ctx context.Context, g *gateway.Gateway, method string) gateway.Request {
	md, _ := metadata.FromIncomingContext(ctx) // without any, there are no credentials
	request := gateway.Request{
		Credentials: md.Get(g.TokenHeader()),
		Method:      "POST",
		Target:      gateway.Target{Scheme: "http", Host: strings.Join(md.Get(":authority"), ","), Path: method},
	}
	p, ok := peer.FromContext(ctx)
	if !ok {
		return request
	}
	if p.Addr != nil {
		request.RemoteAddr = p.Addr.String()
	}
	if tls, ok := p.AuthInfo.(credentials.TLSInfo); ok {
		request.Target.Scheme = "https"
		request.Peer = leaf(tls.State.PeerCertificates)
	}
	return request
}

// leaf returns the certificate of the peer itself, or nil.
func leaf(chain []*x509.Certificate) *x509.Certificate {
	if len(chain) == 0 {
		return nil
	}
	return chain[0]
}
