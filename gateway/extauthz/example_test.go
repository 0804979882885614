// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package extauthz_test

import (
	"log"
	"net"
	"net/http"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/gateway/extauthz"
)

func ExampleNewServer() {
	var g *gateway.Gateway // from gateway.New
	server, err := extauthz.NewServer(extauthz.Config{Gateway: g})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", "/run/stapled/ext_authz.sock")
	if err != nil {
		log.Fatal(err)
	}
	grpcServer := grpc.NewServer()
	auth.RegisterAuthorizationServer(grpcServer, server)
	log.Fatal(grpcServer.Serve(listener))
}

func ExampleNewHandler() {
	var g *gateway.Gateway // from gateway.New
	handler, err := extauthz.NewHandler(extauthz.Config{Gateway: g, PathPrefix: "/check"})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:9000", handler))
}
