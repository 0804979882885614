// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package grpcauth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/credentials/local"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/gateway/grpcauth"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/stapledtest"
	"github.com/stapledjwt/stapled/verifier"
)

// world is a server on the loopback interface with the health service behind a
// gateway.
type world struct {
	ca     *stapledtest.CA
	orders *certs.Identity
	token  string
	addr   string
	roots  *x509.CertPool
	peer   atomic.Pointer[x509.Certificate]
	host   atomic.Pointer[string]
	seen   atomic.Pointer[verifier.Token] // by a handler
}

// VerifyBound makes the world the verifier that its gateway asks.
func (w *world) VerifyBound(raw string, b verifier.Bindings) (verifier.Token, error) {
	w.peer.Store(b.Peer)
	return w.ca.Verifier("billing").VerifyBound(raw, b)
}

// capture is a rule that lets in and remembers the host.
type capture struct{ w *world }

func (c capture) Permits(call gateway.Call) (bool, error) {
	host := call.Request.Target.Scheme + "://" + call.Request.Target.Host
	c.w.host.Store(&host)
	return call.Request.Method == "POST", nil
}
func (capture) String() string { return "capture" }

func newWorld(t *testing.T, serverCreds func(*tls.Config) credentials.TransportCredentials, options ...grpc.ServerOption) *world {
	t.Helper()
	ca := stapledtest.NewCA(t)
	w := &world{ca: ca, orders: ca.Identity("https://orders.internal")}
	w.token = ca.Token(w.orders, issuer.Claims{Audience: []string{"billing"}})
	g, err := gateway.New(gateway.Config{Routes: []gateway.Route{
		{Name: "check", Path: "/grpc.health.v1.Health/Check", Methods: []string{"POST"}, Verifier: w, Allow: []gateway.Rule{capture{w}}},
		{Name: "watch", Path: "/grpc.health.v1.Health/Watch", Verifier: w, Allow: []gateway.Rule{gateway.Issuer("https://orders.internal")}},
		{Name: "list", Path: "/grpc.health.v1.Health/List", Verifier: w, Bind: gateway.BindTLS, Allow: []gateway.Rule{gateway.Anyone}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	see := func(ctx context.Context) {
		if token, ok := gateway.FromContext(ctx); ok {
			w.seen.Store(&token)
		}
	}
	cert := w.serverCertificate(t)
	server := grpc.NewServer(append(options,
		grpc.Creds(serverCreds(&tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert})),
		grpc.ChainUnaryInterceptor(grpcauth.UnaryServerInterceptor(g), func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			see(ctx)
			return handler(ctx, req)
		}),
		grpc.ChainStreamInterceptor(grpcauth.StreamServerInterceptor(g), func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
			see(stream.Context())
			return handler(srv, stream)
		}))...)
	healthpb.RegisterHealthServer(server, health.NewServer())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = listener.Addr().String()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	return w
}

// serverCertificate returns a certificate for the loopback address.
func (w *world) serverCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Minute), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	w.roots = x509.NewCertPool()
	w.roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// client returns a client over TLS, with a certificate if there is an identity.
func (w *world) client(t *testing.T, id *certs.Identity, options ...grpc.DialOption) healthpb.HealthClient {
	t.Helper()
	config := &tls.Config{RootCAs: w.roots}
	if id != nil {
		config.Certificates = []tls.Certificate{{Certificate: [][]byte{id.Leaf().Raw}, PrivateKey: id.Key}}
	}
	conn, err := grpc.NewClient(w.addr, append(options, grpc.WithTransportCredentials(credentials.NewTLS(config)))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return healthpb.NewHealthClient(conn)
}

func (w *world) source(t *testing.T, claims issuer.Claims) *issuer.TokenSource {
	t.Helper()
	claims.Audience = []string{"billing"}
	source, err := w.ca.Issuer(w.orders).NewTokenSource(claims)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

var health0 = &healthpb.HealthCheckRequest{}

func TestServer(t *testing.T) {
	w := newWorld(t, credentials.NewTLS)
	client := w.client(t, nil)
	other := "Bearer " + w.ca.Token(w.ca.Identity("https://else.internal"), issuer.Claims{Audience: []string{"billing"}})
	bearer := "Bearer " + w.token
	for name, row := range map[string]struct {
		authorization []string
		unary, stream codes.Code
	}{
		"good":                   {[]string{bearer}, codes.OK, codes.OK},
		"scheme in another case": {[]string{"bEARER " + w.token}, codes.OK, codes.OK},
		"missing":                {nil, codes.Unauthenticated, codes.Unauthenticated},
		"garbage":                {[]string{"Bearer x"}, codes.Unauthenticated, codes.Unauthenticated},
		"two":                    {[]string{bearer, bearer}, codes.Unauthenticated, codes.Unauthenticated},
		"joined by a comma":      {[]string{bearer + "," + bearer}, codes.Unauthenticated, codes.Unauthenticated},
		"not permitted":          {[]string{other}, codes.OK, codes.PermissionDenied},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			for _, value := range row.authorization {
				ctx = metadata.AppendToOutgoingContext(ctx, "authorization", value)
			}
			w.seen.Store(nil)
			_, err := client.Check(ctx, health0)
			expect(t, err, row.unary)
			if token := w.seen.Load(); (token != nil) != (row.unary == codes.OK) {
				t.Errorf("the unary handler has token %v", token)
			}
			w.seen.Store(nil)
			stream, err := client.Watch(ctx, health0)
			if err == nil {
				_, err = stream.Recv()
			}
			expect(t, err, row.stream)
			if token := w.seen.Load(); (token != nil) != (row.stream == codes.OK) {
				t.Errorf("the stream's handler has token %v", token)
			}
		})
	}
	if host := w.host.Load(); host == nil || *host != "https://"+w.addr {
		t.Errorf("host %v", host)
	}
}

// expect checks the code, and that the message of a refusal is always the same.
func expect(t *testing.T, err error, want codes.Code) {
	t.Helper()
	got := status.Convert(err)
	fixed := map[codes.Code]string{codes.OK: "", codes.Unauthenticated: "no acceptable token", codes.PermissionDenied: "not permitted"}
	if got.Code() != want || got.Message() != fixed[want] || len(got.Details()) > 0 {
		t.Errorf("%v, want %v %q", err, want, fixed[want])
	}
}

// TestNoRoute: a method that the policy does not name is for nobody.
func TestNoRoute(t *testing.T) {
	g, err := gateway.New(gateway.Config{Routes: []gateway.Route{{Name: "other", Prefix: "/orders.v1.Orders", Open: true}}})
	if err != nil {
		t.Fatal(err)
	}
	called := false
	handle := func(context.Context, any) (any, error) { called = true; return nil, nil }
	_, err = grpcauth.UnaryServerInterceptor(g)(t.Context(), nil, &grpc.UnaryServerInfo{FullMethod: "/billing.v1.Billing/Get"}, handle)
	expect(t, err, codes.PermissionDenied)
	if called {
		t.Error("the handler was called")
	}
	_, err = grpcauth.UnaryServerInterceptor(g)(gateway.NewContext(t.Context(), verifier.Token{}), nil, &grpc.UnaryServerInfo{FullMethod: "/orders.v1.Orders/Get"}, handle)
	expect(t, err, codes.OK)
	if !called {
		t.Error("the handler was not called")
	}
}

func TestPeerCertificate(t *testing.T) {
	w := newWorld(t, credentials.NewTLS)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+w.token)
	if _, err := w.client(t, nil).Check(ctx, health0); err != nil || w.peer.Load() != nil {
		t.Errorf("%v, peer %v", err, w.peer.Load())
	}
	if _, err := w.client(t, w.orders).Check(ctx, health0); err != nil || !w.orders.Leaf().Equal(w.peer.Load()) {
		t.Errorf("%v, peer %v", err, w.peer.Load())
	}
}

// TestBoundToTLS: a stolen token is of no use to a client with another
// certificate, or with none.
func TestBoundToTLS(t *testing.T) {
	w := newWorld(t, credentials.NewTLS)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+w.token)
	for name, row := range map[string]struct {
		id   *certs.Identity
		want codes.Code
	}{
		"its own": {w.orders, codes.OK}, "another's": {w.ca.Identity("https://orders.internal"), codes.Unauthenticated}, "none": {nil, codes.Unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.client(t, row.id).List(ctx, &healthpb.HealthListRequest{})
			expect(t, err, row.want)
		})
	}
}

func TestCredentials(t *testing.T) {
	w := newWorld(t, credentials.NewTLS)
	tokens := grpcauth.NewCredentials(w.source(t, issuer.Claims{}))
	// 1. For every call of a connection, and for one call.
	if _, err := w.client(t, nil, grpc.WithPerRPCCredentials(tokens)).Check(t.Context(), health0); err != nil {
		t.Error(err)
	}
	if _, err := w.client(t, nil).Check(t.Context(), health0, grpc.PerRPCCredentials(tokens)); err != nil {
		t.Error(err)
	}
	// 2. A revoked certificate signs nothing.
	w.ca.Revoke(w.orders, 1) // keyCompromise
	_, err := w.client(t, nil, grpc.WithPerRPCCredentials(tokens)).Check(t.Context(), health0)
	if status.Code(err) != codes.Unauthenticated || !strings.Contains(err.Error(), "certificate_revoked") {
		t.Error(err)
	}
}

// TestNoStaple: what may pass by itself is no verdict.
func TestNoStaple(t *testing.T) {
	w := newWorld(t, credentials.NewTLS)
	iss, err := issuer.New(issuer.Config{Identity: w.orders, Staples: issuer.StaticStaples{}})
	if err != nil {
		t.Fatal(err)
	}
	source, err := iss.NewTokenSource(issuer.Claims{Audience: []string{"billing"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.client(t, nil, grpc.WithPerRPCCredentials(grpcauth.NewCredentials(source))).Check(t.Context(), health0)
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "staple_missing") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.client(t, nil, grpc.WithPerRPCCredentials(grpcauth.NewCredentials(source))).Check(ctx, health0); status.Code(err) != codes.Canceled {
		t.Error(err)
	}
}

// unsaid are credentials that do not say whether they encrypt, for which grpc-go
// itself would send the token.
type unsaid struct {
	credentials.TransportCredentials
}

func (u unsaid) Clone() credentials.TransportCredentials {
	return unsaid{u.TransportCredentials.Clone()}
}

func (u unsaid) ClientHandshake(_ context.Context, _ string, conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return conn, unsaidInfo{}, nil
}

func (unsaid) Info() credentials.ProtocolInfo { return credentials.ProtocolInfo{SecurityProtocol: "x"} }

type unsaidInfo struct{ credentials.CommonAuthInfo }

func (unsaidInfo) AuthType() string { return "unsaid" }

func TestNoTokenInTheClear(t *testing.T) {
	plain := newWorld(t, func(*tls.Config) credentials.TransportCredentials { return insecure.NewCredentials() })
	tokens := grpcauth.NewCredentials(plain.source(t, issuer.Claims{}))
	if !tokens.RequireTransportSecurity() {
		t.Error("RequireTransportSecurity is false")
	}
	if conn, err := grpc.NewClient(plain.addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(tokens)); err == nil {
		conn.Close()
		t.Error("a connection in the clear")
	}
	for name, transport := range map[string]credentials.TransportCredentials{
		"insecure": insecure.NewCredentials(), "local": local.NewCredentials(), "unsaid": unsaid{insecure.NewCredentials()},
	} {
		conn, err := grpc.NewClient(plain.addr, grpc.WithTransportCredentials(transport))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, err = healthpb.NewHealthClient(conn).Check(t.Context(), health0, grpc.PerRPCCredentials(tokens))
		if status.Code(err) != codes.Unauthenticated || plain.host.Load() != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if md, err := tokens.GetRequestMetadata(t.Context()); err == nil || md != nil {
		t.Error("a token without a connection")
	}
}

// TestSize: servers of grpc-go take every token unless they limit the metadata,
// and then a client says so.
func TestSize(t *testing.T) {
	for name, row := range map[string]struct {
		options []grpc.ServerOption
		length  int
		want    codes.Code
	}{
		"2.8 kB":                       {nil, 0, codes.OK},
		"7.5 kB":                       {nil, 7500, codes.OK},
		"16 kB":                        {nil, 16000, codes.OK},
		"7.5 kB at a limit of 8 KiB":   {[]grpc.ServerOption{grpc.MaxHeaderListSize(8 << 10)}, 7500, codes.OK},
		"8.5 kB at a limit of 8 KiB":   {[]grpc.ServerOption{grpc.MaxHeaderListSize(8 << 10)}, 8500, codes.Internal},
		"longer than any token may be": {nil, 16500, codes.Unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, credentials.NewTLS, row.options...)
			token := w.token
			switch {
			case row.length > 16<<10:
				token += strings.Repeat("x", row.length-len(token))
			case row.length > 0:
				// Three quarters of the claims make the difference in length.
				filler := strings.Repeat("x", (row.length-len(token))*3/4-len(`,"filler":""`))
				token = w.ca.Token(w.orders, issuer.Claims{Audience: []string{"billing"}, Extra: map[string]string{"filler": filler}})
				if d := len(token) - row.length; d < -10 || d > 10 {
					t.Fatalf("the token has %d bytes, not %d", len(token), row.length)
				}
			}
			client := w.client(t, nil)
			if row.want == codes.Internal { // the client learns the limit with the first answer
				client.Check(t.Context(), health0)
			}
			_, err := client.Check(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token), health0)
			if status.Code(err) != row.want || row.want == codes.Internal && !strings.Contains(err.Error(), "header list size") {
				t.Error(err)
			}
		})
	}
}

func TestNilPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"unary":       func() { grpcauth.UnaryServerInterceptor(nil) },
		"stream":      func() { grpcauth.StreamServerInterceptor(nil) },
		"credentials": func() { grpcauth.NewCredentials(nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
