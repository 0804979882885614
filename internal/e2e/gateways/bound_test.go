// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build gateways

package gateways

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/certs"
)

// boundNginx tries bind: tls behind nginx, as the page nginx has it.
func (w *world) boundNginx(t *testing.T) {
	dir, at := t.TempDir(), address(t)
	own := &world{anchor: w.anchor, upstream: w.upstream, forwardAuth: address(t)}
	config := filepath.Join(dir, "gateway.yaml")
	own.write(t, config, block(t, "nginx", "bound.yaml"), at)
	start(t, dir, []string{own.forwardAuth}, os.Getenv("STAPLED"), "gateway", "--config", config)

	thief := w.ca.Identity("https://thief.internal")
	key, err := x509.MarshalPKCS8PrivateKey(thief.Key)
	if err != nil {
		t.Fatal(err)
	}
	// The name and the usages of the server's certificate do not matter here.
	for name, b := range map[string]*pem.Block{"server.pem": {Type: "CERTIFICATE", Bytes: thief.Chain[0].Raw}, "server-key.pem": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	own.example(t, "nginx/stapled-auth.conf", dir, at)
	own.example(t, "nginx/stapled-identity.conf", dir, at)
	own.write(t, filepath.Join(dir, "tls.conf"), block(t, "nginx", "tls.conf"), at)
	own.write(t, filepath.Join(dir, "nginx.conf"), `daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    include tls.conf;
    include stapled-auth.conf;
    location / { include stapled-identity.conf; proxy_pass http://127.0.0.1:8080; }
  }
}
`, at)
	start(t, dir, []string{at}, "/usr/sbin/nginx", "-p", dir, "-c", "nginx.conf", "-e", "stderr")

	forged := strings.ReplaceAll(url.QueryEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.orders.Chain[0].Raw}))), "+", "%20")
	for _, row := range []struct {
		name   string
		client *certs.Identity
		header string
		want   int
	}{
		{"the owner", w.orders, "", http.StatusOK},
		{"no certificate", nil, "", http.StatusUnauthorized},
		{"another certificate", thief, "", http.StatusUnauthorized},
		{"no certificate, and a header that says otherwise", nil, forged, http.StatusUnauthorized},
	} {
		tlsConfig := &tls.Config{InsecureSkipVerify: true}
		if row.client != nil {
			tlsConfig.Certificates = []tls.Certificate{{Certificate: [][]byte{row.client.Chain[0].Raw}, PrivateKey: row.client.Key}}
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: tlsConfig, DisableKeepAlives: true}}
		r, err := http.NewRequest(http.MethodGet, "https://"+at+"/a", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+w.tokens["good"])
		if row.header != "" {
			r.Header.Set("X-SSL-Client-Cert", row.header)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != row.want {
			t.Errorf("%s: %d, want %d", row.name, resp.StatusCode, row.want)
		}
	}
}
