// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func certificateOf(der []byte) (*x509.Certificate, error) { return x509.ParseCertificate(der) }

// startPrinting runs a program that prints its addresses as JSON.
func startPrinting(addresses any, program string, args ...string) (*server, error) {
	s := &server{command: exec.Command(program, args...), log: new(bytes.Buffer)}
	s.command.Stderr = s.log
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	line, _ := bufio.NewReader(out).ReadBytes('\n') // empty if it failed
	if err := json.Unmarshal(line, addresses); err != nil {
		return nil, errors.Join(fmt.Errorf("%s %s does not start", program, strings.Join(args, " ")), s.stop())
	}
	return s, nil
}

// gatewayConfig is a configuration as an operator has it.
const gatewayConfig = `proxy: 127.0.0.1:0
forward_auth: 127.0.0.1:0
ext_authz_grpc: 127.0.0.1:0
metrics_address: 127.0.0.1:0
anchors: [root.pem]
audience: orders
routes:
  - {path: /open, open: true, upstream: %[1]q}
  - {prefix: /, callers: any, upstream: %[1]q}
`

// startGateway runs `stapled gateway`.
func (g *gatewayBench) startGateway() error {
	file := filepath.Join(g.plan.Dir, gatewayFile)
	if err := os.WriteFile(file, fmt.Appendf(nil, gatewayConfig, g.upstream.HTTP), 0o600); err != nil {
		return err
	}
	var ready struct{ Fronts map[string]string }
	s, err := startPrinting(&ready, g.plan.Stapled, "gateway", "--config", file, "--json")
	if err != nil {
		return err
	}
	g.servers, g.gateway, g.fronts = append(g.servers, s), s, ready.Fronts
	return nil
}

// startPeer runs a role in a process of its own.
func (g *gatewayBench) startPeer(role string, urls *peerURLs) (*server, error) {
	raw, err := json.Marshal(g.peer)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(g.plan.Dir, peerFile), raw, 0o600); err != nil {
		return nil, err
	}
	s, err := startPrinting(urls, g.plan.Self, "-role", role, "-dir", g.plan.Dir)
	if err != nil {
		return nil, err
	}
	g.servers = append(g.servers, s)
	return s, nil
}

// record takes an answer of forward_auth, for the bare server to give.
func (g *gatewayBench) record() error {
	r, err := http.NewRequest(http.MethodGet, g.fronts["forward_auth"]+"/auth", nil)
	if err != nil {
		return err
	}
	r.Header = http.Header{
		"X-Forwarded-Method": {"GET"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"orders.internal"}, "X-Forwarded-Uri": {"/orders"},
		"Authorization": {"Bearer " + g.tokens.token(0)},
	}
	resp, err := newClient(false).Do(r)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("forward_auth answers %s: %s", resp.Status, g.gateway.log)
	}
	for _, name := range []string{"Date", "Content-Length", "Connection"} {
		resp.Header.Del(name)
	}
	g.peer.Answer.Header = resp.Header
	return nil
}

// gatewayNginx is nginx by itself, and with each server to ask.
const gatewayNginx = `daemon off;
%[1]s
worker_processes 1;
pid %[2]s/nginx.pid;
error_log %[2]s/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path %[2]s/body;
  proxy_temp_path %[2]s/proxy;
  fastcgi_temp_path %[2]s/fastcgi;
  uwsgi_temp_path %[2]s/uwsgi;
  scgi_temp_path %[2]s/scgi;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  upstream service { server %[3]s; keepalive 64; }
  upstream gateway { server %[4]s; keepalive 64; }
  upstream look_up { server %[5]s; keepalive 64; }
  server {
    listen %[6]s;
    location = /_ask {
      internal;
      proxy_pass http://gateway;
      proxy_pass_request_body off;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
      proxy_set_header X-Forwarded-Method $request_method;
      proxy_set_header X-Forwarded-Uri $request_uri;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-For $remote_addr;
    }
    location = /_ocsp { internal; proxy_pass http://look_up/ocsp; proxy_pass_request_body off; proxy_set_header Connection ""; proxy_set_header Content-Length ""; }
    location = /_introspect { internal; proxy_pass http://look_up/introspect; proxy_pass_request_body off; proxy_set_header Connection ""; proxy_set_header Content-Length ""; }
    location /alone { proxy_pass http://service; }
    location /stapled {
      auth_request /_ask;
      auth_request_set $issuer $upstream_http_stapled_issuer;
      auth_request_set $identity $upstream_http_stapled_identity;
      auth_request_set $subject $upstream_http_stapled_subject;
      auth_request_set $token_id $upstream_http_stapled_token_id;
      auth_request_set $claims $upstream_http_stapled_claims;
      proxy_set_header Connection "";
      proxy_set_header Stapled-Issuer $issuer;
      proxy_set_header Stapled-Identity $identity;
      proxy_set_header Stapled-Subject $subject;
      proxy_set_header Stapled-Token-Id $token_id;
      proxy_set_header Stapled-Claims $claims;
      proxy_set_header Authorization "";
      proxy_pass http://service;
    }
    location /ocsp { auth_request /_ocsp; proxy_pass http://service; }
    location /introspect { auth_request /_introspect; proxy_pass http://service; }
  }
}
`

// startNginx runs nginx in front of the upstream.
func (g *gatewayBench) startNginx(lookUp string) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // the worker must be able to use the directory
	}
	host := func(url string) string { return strings.TrimPrefix(url, "http://") }
	file := filepath.Join(g.plan.Dir, "nginx.conf")
	text := fmt.Appendf(nil, gatewayNginx, user, g.plan.Dir, host(g.upstream.HTTP), host(g.fronts["forward_auth"]), host(lookUp), address)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	s := &server{command: exec.Command(g.plan.Nginx, "-p", g.plan.Dir, "-e", filepath.Join(g.plan.Dir, "error.log"), "-c", file), url: "http://" + address, log: new(bytes.Buffer)}
	s.command.Stderr = s.log
	if err := s.command.Start(); err != nil {
		return err
	}
	g.servers, g.nginx = append(g.servers, s), s.url
	for range 200 {
		if _, err = read(newClient(false).Get(s.url + "/alone")); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("nginx does not answer: %w: %s", err, s.log)
}
