// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"strings"
	"testing"
)

// TestWarnings: what an operator may not have meant is said, and nothing else.
func TestWarnings(t *testing.T) {
	t.Parallel()
	const rest = "  - {name: rest, prefix: /, callers: any}\n"
	for _, row := range []struct{ name, text, want string }{
		{"other methods", "  - {name: orders, prefix: /orders, methods: POST, callers: https://b}\n" + rest, `route "orders" is for POST only: route "rest" decides other methods of /orders`},
		{"a slash", "  - {name: admin, path: /admin, callers: https://b}\n" + rest, `route "admin" is for /admin only: route "rest" decides /admin/`},
		{"capital letters", "  - {name: x, prefix: /, callers: 'https://B.example/A'}\n", `route "x": callers has https://B.example/A, with capital letters in the host: only a certificate with this exact name can match; usually it is https://b.example/A`},
		{"bound at one of two fronts", "  - {name: x, prefix: /, callers: any, bind: tls}\next_authz_grpc: 127.0.0.1:2\n", `route "x" has bind: tls, and lets nobody in at forward_auth: write client_certificate in front_proxies, for forward_auth`},
		{"an easier route first", "  - {name: health, path: /healthz, open: true}\n" + rest, ""},
		{"as strict", "  - {name: orders, prefix: /orders, methods: POST, callers: https://b}\n  - {name: rest, prefix: /, callers: https://c}\n", ""},
		{"elsewhere", "  - {name: orders, prefix: /orders, methods: POST, callers: https://b}\n  - {name: rest, prefix: /ord, callers: any}\n", ""},
		{"another host", "  - {name: orders, prefix: /orders, methods: POST, callers: https://b}\n  - {name: rest, host: a, prefix: /, callers: any}\n", ""},
	} {
		cfg, err := parse("g.yaml", []byte("forward_auth: 127.0.0.1:1\nanchors: [a]\naudience: a\nroutes:\n"+row.text))
		check(t, err)
		if got := strings.Join(cfg.warnings(), "\n"); got != row.want {
			t.Errorf("%s:\ngot  %s\nwant %s", row.name, got, row.want)
		}
	}
}

// TestFilesThatAreNamed: the error says which file, where it is named, and what is
// wrong with it.
func TestFilesThatAreNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serverFiles(nil)
	w.write("text.pem", "text")
	const routes = "routes:\n  - {prefix: /, audience: a, callers: any}\n"
	for _, row := range []struct{ name, text, want string }{
		{"anchors", "forward_auth: 127.0.0.1:0\nanchors: [absent.pem]\n" + routes, "gateway.yaml:2: anchors: open "},
		{"where", "forward_auth: 127.0.0.1:0\nanchors: [absent.pem]\n" + routes, "relative to the folder of "},
		{"certificate", "forward_auth: {address: '127.0.0.1:0', tls: {certificate: text.pem, key: server-key.pem}}\nanchors: [root.pem]\n" + routes, "text.pem: holds no PEM certificate"},
		{"key", "forward_auth: {address: '127.0.0.1:0', tls: {certificate: root.pem, key: server-key.pem}}\nanchors: [root.pem]\n" + routes, "server-key.pem does not go with "},
		{"access log", "forward_auth: 127.0.0.1:0\nanchors: [root.pem]\naccess_log: absent/a.log\n" + routes, "absent is no directory"},
	} {
		w.write("gateway.yaml", row.text)
		cfg, err := ReadFile(w.file)
		check(t, err)
		if err := Check(cfg, discard); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
}

// TestAccessLogLine: units and addresses are as documented, and a refused caller
// has a name.
func TestAccessLogLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(strings.Replace(simple, "callers: any", "callers: https://b", 1) + "access_log: access.log\n")
	w.want(403, w.token("billing", nil), "GET", "/a")
	w.until("the line", func() bool { return strings.Contains(w.read("access.log"), `"took_ms":`) })
	if line := w.read("access.log"); !strings.Contains(line, `"client":"127.0.0.1"`) || !strings.Contains(line, `"issuer":"`+ordersName+`"`) {
		t.Error(line)
	}
}

// TestRestartMessage: what needs a restart is said as it stands in the file.
func TestRestartMessage(t *testing.T) {
	t.Parallel()
	is, wanted := Config{AccessLog: AccessLog{File: "/a.log", Sample: 1}}, Config{AccessLog: AccessLog{File: "/a.log", Sample: 0.5}}
	const want = "access_log is /a.log and would be {file: /a.log, sample: 0.5}: restart to change it, or change it back"
	if err := onlyAtStart(is, wanted); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
