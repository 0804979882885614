// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
)

// dialChecks connects to an ext_authz service, as Envoy does: a connection that
// stays.
func (g *gatewayBench) dialChecks(url string) (auth.AuthorizationClient, error) {
	_, address, _ := strings.Cut(url, "://")
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	g.connections = append(g.connections, conn)
	return auth.NewAuthorizationClient(conn), nil
}

// checkRequest is what Envoy sends about a request.
func checkRequest(token string) *auth.CheckRequest {
	return &auth.CheckRequest{Attributes: &auth.AttributeContext{Request: &auth.AttributeContext_Request{
		Http: &auth.AttributeContext_HttpRequest{
			Id: "1", Method: "GET", Path: "/orders", Host: "orders.internal", Scheme: "https", Protocol: "HTTP/1.1",
			Headers: map[string]string{
				":authority": "orders.internal", ":method": "GET", ":path": "/orders", ":scheme": "https", "accept": "*/*", "user-agent": "wrk",
				"x-forwarded-proto": "https", "x-request-id": "6fcb1a41-7a6f-4d24-8b0b-8b1d0d7a3f8e", "authorization": "Bearer " + token,
			},
		},
	}}}
}

// recordCheck takes an answer of ext_authz_grpc, for the bare server to give.
func (g *gatewayBench) recordCheck() error {
	client, err := g.dialChecks(g.fronts["ext_authz_grpc"])
	if err != nil {
		return err
	}
	answer, err := client.Check(context.Background(), checkRequest(g.tokens.token(0)))
	if err != nil {
		return err
	}
	if code := answer.GetStatus().GetCode(); code != int32(codes.OK) {
		return fmt.Errorf("ext_authz_grpc denies: %s: %s", answer, g.gateway.log)
	}
	g.peer.Check, err = proto.Marshal(answer)
	return err
}

// runChecks asks for the length of a slot. from is as for runWrk.
func (g *gatewayBench) runChecks(client auth.AuthorizationClient, from int64, slot time.Duration) (load, error) {
	ctx, cancel := context.WithTimeout(context.Background(), slot+10*time.Second)
	defer cancel()
	var next atomic.Int64
	next.Store(max(from, 0))
	failures := make([]error, wrkConnections)
	began := time.Now()
	var wg sync.WaitGroup
	for i := range wrkConnections {
		wg.Go(func() {
			for time.Since(began) < slot && failures[i] == nil {
				n := next.Add(1)
				if from < 0 {
					n = 0
				}
				answer, err := client.Check(ctx, checkRequest(g.tokens.token(int(n))))
				if err == nil && answer.GetOkResponse() == nil {
					err = fmt.Errorf("denied: %s", answer)
				}
				failures[i] = err
			}
		})
	}
	wg.Wait()
	return load{Requests: next.Load() - max(from, 0), Microseconds: time.Since(began).Microseconds()}, errors.Join(failures...)
}
