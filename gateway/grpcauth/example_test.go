// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package grpcauth_test

import (
	"crypto/tls"
	"log"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/gateway/grpcauth"
	"github.com/stapledjwt/stapled/issuer"
)

func ExampleUnaryServerInterceptor() {
	var g *gateway.Gateway // from gateway.New
	var config *tls.Config
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(config)),
		grpc.UnaryInterceptor(grpcauth.UnaryServerInterceptor(g)),
		grpc.StreamInterceptor(grpcauth.StreamServerInterceptor(g)))
	defer server.Stop()
}

func ExampleNewCredentials() {
	var iss *issuer.Issuer // from issuer.New
	source, err := iss.NewTokenSource(issuer.Claims{Audience: []string{"billing"}})
	if err != nil {
		log.Fatal(err)
	}
	conn, err := grpc.NewClient("billing.internal:443", grpc.WithTransportCredentials(credentials.NewTLS(nil)),
		grpc.WithPerRPCCredentials(grpcauth.NewCredentials(source)))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
}
