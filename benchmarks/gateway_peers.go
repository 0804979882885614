// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"golang.org/x/crypto/ocsp"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/stapledjwt/stapled/responder"
)

// The roles of the other processes of a measurement of gateways.
const (
	upstreamRole  = "upstream"  // the protected service
	bareRole      = "bare"      // servers that do no more than they must
	authorityRole = "authority" // an OCSP responder and token introspection
	lookUpRole    = "look-up"   // answers auth_request after a look-up
)

// peerFile holds what a role needs to know, in its directory.
const peerFile = "peer.json"

type peerConfig struct {
	Upstream  string   `json:"upstream"`
	Authority string   `json:"authority"`
	Answer    recorded `json:"answer"` // of forward_auth
	Check     []byte   `json:"check"`  // the CheckResponse, in protobuf
	OCSP      []byte   `json:"ocsp"`   // a request
	Issuer    []byte   `json:"issuer"` // the certificate of the responder
}

// peerURLs are the addresses of a role.
type peerURLs struct {
	HTTP        string `json:"http"`
	Reverse     string `json:"reverse"`
	GRPC        string `json:"grpc"`
	GRPCSigning string `json:"grpc_signing"`
}

// ServeGatewayPeer runs a role, and prints its addresses.
func ServeGatewayPeer(role, dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, peerFile))
	if err != nil {
		return err
	}
	var cfg peerConfig
	if err := json.Unmarshal(raw, &cfg); err != nil {
		return err
	}
	switch role {
	case upstreamRole:
		return servePeer(peerURLs{}, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "an order\n") })
	case bareRole:
		return serveBareGateway(cfg)
	case authorityRole:
		return serveAuthority(dir)
	case lookUpRole:
		return serveLookUp(cfg)
	}
	return fmt.Errorf("no role %q", role)
}

// servePeer serves like a front of `stapled gateway`.
func servePeer(urls peerURLs, h http.HandlerFunc) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	urls.HTTP = "http://" + l.Addr().String()
	if err := json.NewEncoder(os.Stdout).Encode(urls); err != nil {
		return err
	}
	return gatewayServer(h, true).Serve(l)
}

func gatewayServer(h http.HandlerFunc, timeouts bool) *http.Server {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second, MaxHeaderBytes: 64 << 10, Protocols: new(http.Protocols)}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetHTTP2(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	if timeouts {
		s.ReadTimeout, s.WriteTimeout = 30*time.Second, 30*time.Second
	}
	return s
}

// rawVerifier verifies one P-256 signature, again and again.
type rawVerifier struct {
	key       ecdsa.PublicKey
	digest    [sha256.Size]byte
	signature []byte
}

func newRawVerifier() (*rawVerifier, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	v := &rawVerifier{key: key.PublicKey, digest: sha256.Sum256([]byte("a token"))}
	v.signature, err = ecdsa.SignASN1(rand.Reader, key, v.digest[:])
	return v, err
}

func (v *rawVerifier) ok() bool { return ecdsa.VerifyASN1(&v.key, v.digest[:], v.signature) }

// serveBareGateway serves the answers of the gateway, byte for byte, without
// verifying anything or after one raw signature, over HTTP and gRPC; and a
// reverse proxy from the standard library.
func serveBareGateway(cfg peerConfig) error {
	v, err := newRawVerifier()
	if err != nil {
		return err
	}
	check := new(auth.CheckResponse)
	if err := proto.Unmarshal(cfg.Check, check); err != nil {
		return err
	}
	upstream, err := url.Parse(cfg.Upstream)
	if err != nil {
		return err
	}
	var urls peerURLs
	for _, s := range []struct {
		address *string
		serve   func(net.Listener) error
	}{
		{&urls.GRPC, bareChecks{answer: check}.serve},
		{&urls.GRPCSigning, bareChecks{answer: check, verifier: v}.serve},
		{&urls.Reverse, reverseProxy(upstream).Serve},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		*s.address = "http://" + l.Addr().String()
		go func() {
			fmt.Fprintln(os.Stderr, s.serve(l))
			os.Exit(1)
		}()
	}
	return servePeer(urls, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Forwarded-Uri") == signingPath && !v.ok() {
			http.Error(w, errRaw.Error(), http.StatusInternalServerError)
			return
		}
		h := w.Header()
		for name, values := range cfg.Answer.Header {
			h[name] = values
		}
		h.Set("Content-Length", "0")
	})
}

// reverseProxy is what the standard library has, with the settings of ours.
func reverseProxy(upstream *url.URL) *http.Server {
	p := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			r.SetXForwarded()
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: 100, IdleConnTimeout: 90 * time.Second, DisableCompression: true},
	}
	return gatewayServer(p.ServeHTTP, false)
}

// bareChecks answers what ext_authz asks, without looking at it.
type bareChecks struct {
	auth.UnimplementedAuthorizationServer
	answer   *auth.CheckResponse
	verifier *rawVerifier // nil for none
}

func (b bareChecks) serve(l net.Listener) error {
	s := grpc.NewServer(grpc.MaxRecvMsgSize(256<<10), grpc.MaxHeaderListSize(64<<10), grpc.MaxConcurrentStreams(1000))
	auth.RegisterAuthorizationServer(s, b)
	return s.Serve(l)
}

// Check implements auth.AuthorizationServer.
func (b bareChecks) Check(context.Context, *auth.CheckRequest) (*auth.CheckResponse, error) {
	if b.verifier != nil && !b.verifier.ok() {
		return nil, errRaw
	}
	return b.answer, nil
}

// serveAuthority serves package responder, whose answers are given again, and
// token introspection (RFC 7662) from memory.
func serveAuthority(dir string) error {
	handler, err := loadResponder(dir)
	if err != nil {
		return err
	}
	return servePeer(peerURLs{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != introspectionPath {
			handler.ServeHTTP(w, r)
			return
		}
		active := r.PostFormValue("token") != ""
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"active": active, "sub": subject, "aud": audience, "exp": time.Now().Add(responder.DefaultValidity).Unix()})
	})
}

const introspectionPath, ocspPath = "/introspect", "/ocsp"

// serveLookUp answers 200 after one look-up. It verifies one signature of the
// token for OCSP, and none for introspection, where the other server does that.
func serveLookUp(cfg peerConfig) error {
	v, err := newRawVerifier()
	if err != nil {
		return err
	}
	by, err := certificateOf(cfg.Issuer)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: 10 * time.Second}
	look := func(r *http.Request) error {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if r.URL.Path == introspectionPath {
			body, err := read(client.PostForm(cfg.Authority+introspectionPath, url.Values{"token": {token}}))
			if err != nil {
				return err
			}
			var answer struct{ Active bool }
			if err := json.Unmarshal(body, &answer); err != nil {
				return err
			}
			if !answer.Active {
				return errors.New("the token is not active")
			}
			return nil
		}
		body, err := read(client.Post(cfg.Authority, "application/ocsp-request", bytes.NewReader(cfg.OCSP)))
		if err != nil {
			return err
		}
		answer, err := ocsp.ParseResponse(body, by)
		if err != nil {
			return err
		}
		if answer.Status != ocsp.Good || !v.ok() {
			return errors.New("not good")
		}
		return nil
	}
	return servePeer(peerURLs{}, func(w http.ResponseWriter, r *http.Request) {
		if err := look(r); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Length", "0")
	})
}
