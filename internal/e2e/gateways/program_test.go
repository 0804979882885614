// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build gateways

package gateways

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// serveFronts runs `stapled gateway` with the policy of the page README, and
// a host that only some may call.
func (w *world) serveFronts(t *testing.T) (stop func()) {
	dir := t.TempDir()
	w.proxy, w.forwardAuth, w.extAuthz, w.extAuthzGRPC = address(t), address(t), address(t), address(t)
	config := filepath.Join(dir, "gateway.yaml")
	policy := strings.Replace(block(t, "README", "policy.yaml"), "routes:\n", "routes:\n"+
		`  - {host: internal.example, prefix: /, audience: billing, callers: ["https://admin.internal"], upstream: "http://127.0.0.1:8080"}`+"\n", 1)
	w.write(t, config, policy, "")
	return start(t, dir, []string{w.proxy, w.forwardAuth, w.extAuthz, w.extAuthzGRPC}, os.Getenv("STAPLED"), "gateway", "--config", config)
}

func (w *world) nginx(t *testing.T) (at string, stop func()) {
	dir, at := t.TempDir(), address(t)
	w.example(t, "nginx/stapled-auth.conf", dir, at)
	w.example(t, "nginx/stapled-identity.conf", dir, at)
	w.write(t, filepath.Join(dir, "site.conf"), block(t, "nginx", "site.conf"), at)
	w.write(t, filepath.Join(dir, "nginx.conf"), `daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  include site.conf;
}
`, at)
	return at, start(t, dir, []string{at}, "/usr/sbin/nginx", "-p", dir, "-c", "nginx.conf", "-e", "stderr")
}

func (w *world) haproxy(t *testing.T) (at string, stop func()) {
	dir, at := t.TempDir(), address(t)
	w.example(t, "haproxy/stapled.lua", dir, at)
	w.example(t, "haproxy/haproxy.cfg", dir, at)
	for line := range strings.Lines(block(t, "haproxy", "haproxy.cfg")) {
		if !strings.Contains(read(t, filepath.Join(root, "examples/gateway/haproxy/haproxy.cfg")), line) {
			t.Errorf("examples/gateway/haproxy/haproxy.cfg lacks this line of the page: %s", line)
		}
	}
	return at, start(t, dir, []string{at}, "/usr/sbin/haproxy", "-db", "-f", "haproxy.cfg")
}

func (w *world) caddy(t *testing.T, program, page string) (at string, stop func()) {
	dir, at := t.TempDir(), address(t)
	file := filepath.Join(dir, "Caddyfile")
	w.write(t, file, "{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}\n"+block(t, "caddy", page), at)
	return at, start(t, dir, []string{at}, program, "run", "--config", file, "--adapter", "caddyfile")
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func mustHave(t *testing.T, variable, want string) string {
	t.Helper()
	program := os.Getenv(variable)
	out, err := exec.Command(program, "version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), want) {
		t.Fatalf("%s=%s is not Caddy %s: %s (%v)", variable, program, want, out, err)
	}
	return program
}
