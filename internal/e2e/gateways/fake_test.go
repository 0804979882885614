// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build gateways

package gateways

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

var identityHeaders = []string{"Stapled-Issuer", "Stapled-Identity", "Stapled-Subject", "Stapled-Token-Id", "Stapled-Claims"}

// fake runs a proxy of ours that asks as another would. It answers a request
// itself if the decision says so.
func (w *world) fake(t *testing.T, decide func(rw http.ResponseWriter, r *http.Request) (passes bool)) (string, func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	upstream := &url.URL{Scheme: "http", Host: w.upstream}
	proxy := &httputil.ReverseProxy{Rewrite: func(pr *httputil.ProxyRequest) { pr.SetURL(upstream) }}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if decide(rw, r) {
			proxy.ServeHTTP(rw, r)
		}
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return l.Addr().String(), func() { server.Close() }
}

// relay sends the answer of a decision to the client.
func relay(rw http.ResponseWriter, resp *http.Response) {
	for name, values := range resp.Header {
		rw.Header()[name] = values
	}
	rw.WriteHeader(resp.StatusCode)
	io.Copy(rw, resp.Body)
}

// traefik does what Traefik documents for ForwardAuth with the settings of the
// page: it copies the headers of the request, replaces X-Forwarded-*, and lets
// pass after any 2xx. authResponseHeaders replace those of the request. Its
// headers middleware, before it, empties the aliases that the page lists.
func (w *world) traefik(t *testing.T) (string, func()) {
	aliases := strings.Fields(block(t, "traefik", "aliases"))
	return w.fake(t, func(rw http.ResponseWriter, r *http.Request) bool {
		for _, name := range aliases {
			r.Header.Del(name)
			delete(r.Header, name)
		}
		ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://"+w.forwardAuth+"/", http.NoBody)
		if err != nil {
			http.Error(rw, "", http.StatusInternalServerError)
			return false
		}
		ask.Header = r.Header.Clone()
		for _, name := range []string{"Connection", "Upgrade", "Te", "Trailer", "Transfer-Encoding", "Keep-Alive"} {
			ask.Header.Del(name)
		}
		client, _, _ := net.SplitHostPort(r.RemoteAddr)
		for name, value := range map[string]string{
			"X-Forwarded-Method": r.Method, "X-Forwarded-Uri": r.URL.RequestURI(), "X-Forwarded-Host": r.Host,
			"X-Forwarded-Proto": "http", "X-Forwarded-For": client,
		} {
			ask.Header.Set(name, value)
		}
		resp, err := http.DefaultClient.Do(ask)
		if err != nil {
			http.Error(rw, "", http.StatusInternalServerError)
			return false
		}
		defer resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			relay(rw, resp)
			return false
		}
		for _, name := range identityHeaders {
			r.Header.Del(name)
			if values := resp.Header[name]; len(values) > 0 {
				r.Header[name] = values
			}
		}
		r.Header.Del("Authorization") // by the headers middleware behind it
		return true
	})
}

// envoyHTTP does what Envoy's ext_authz does with an http_service as on the
// page: method and path of the request, Host, Authorization and what
// allowed_headers lists.
func (w *world) envoyHTTP(t *testing.T) (string, func()) {
	return w.fake(t, func(rw http.ResponseWriter, r *http.Request) bool {
		ask := &http.Request{
			Method: r.Method, Host: r.Host, Header: make(http.Header), Body: http.NoBody, ContentLength: 0,
			URL: &url.URL{Scheme: "http", Host: w.extAuthz, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery},
		}
		for _, name := range []string{"Authorization", "Origin", "Access-Control-Request-Method"} {
			if values := r.Header[name]; values != nil {
				ask.Header[name] = values
			}
		}
		resp, err := http.DefaultTransport.RoundTrip(ask.WithContext(r.Context()))
		if err != nil {
			rw.WriteHeader(http.StatusForbidden) // status_on_error
			return false
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			relay(rw, resp)
			return false
		}
		for _, name := range identityHeaders {
			if values := resp.Header[name]; len(values) > 0 {
				r.Header[name] = values
			}
		}
		for name := range strings.SplitSeq(resp.Header.Get("X-Envoy-Auth-Headers-To-Remove"), ",") {
			remove(r.Header, strings.TrimSpace(name))
		}
		return true
	})
}

func remove(h http.Header, name string) {
	for present := range h {
		if strings.EqualFold(present, name) {
			delete(h, present)
		}
	}
}

// envoyGRPC does what Envoy's ext_authz does with a grpc_service: all headers in
// lower case, values of one name joined with a comma.
func (w *world) envoyGRPC(t *testing.T) (string, func()) {
	conn, err := grpc.NewClient(w.extAuthzGRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	client := auth.NewAuthorizationClient(conn)
	return w.fake(t, func(rw http.ResponseWriter, r *http.Request) bool {
		headers := map[string]string{":method": r.Method, ":path": r.URL.RequestURI(), ":authority": r.Host, ":scheme": "http"}
		for name, values := range r.Header {
			headers[strings.ToLower(name)] = strings.Join(values, ",")
		}
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		resp, err := client.Check(ctx, &auth.CheckRequest{Attributes: &auth.AttributeContext{
			Source: &auth.AttributeContext_Peer{Address: socket(r.RemoteAddr)},
			Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{
				Method: r.Method, Path: r.URL.RequestURI(), Host: r.Host, Scheme: "http", Protocol: r.Proto, Headers: headers,
			}},
		}})
		if err != nil {
			rw.WriteHeader(http.StatusForbidden) // status_on_error
			return false
		}
		if denied := resp.GetDeniedResponse(); denied != nil || resp.GetStatus().GetCode() != 0 {
			for _, o := range denied.GetHeaders() {
				rw.Header().Set(o.GetHeader().GetKey(), value(o.GetHeader()))
			}
			status := int(denied.GetStatus().GetCode())
			if status == 0 {
				status = http.StatusForbidden
			}
			rw.WriteHeader(status)
			io.WriteString(rw, denied.GetBody())
			return false
		}
		for _, o := range resp.GetOkResponse().GetHeaders() {
			remove(r.Header, o.GetHeader().GetKey())
			r.Header.Set(o.GetHeader().GetKey(), value(o.GetHeader()))
		}
		for _, name := range resp.GetOkResponse().GetHeadersToRemove() {
			remove(r.Header, name)
		}
		return true
	})
}

func value(h *core.HeaderValue) string {
	if len(h.GetRawValue()) > 0 {
		return string(h.GetRawValue())
	}
	return h.GetValue()
}

func socket(address string) *core.Address {
	host, _, _ := net.SplitHostPort(address)
	return &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{Address: host}}}
}
