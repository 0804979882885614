// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var discard = slog.New(slog.DiscardHandler)

// TestFile: what is written is read, and what is not has its default.
func TestFile(t *testing.T) {
	t.Parallel()
	cfg, err := parse("/etc/g/gateway.yaml", []byte(`proxy: {address: "127.0.0.1:1", tls: {certificate: c.pem, key: k.pem, client_certificates: request}, max_connections: 7}
forward_auth: unix:auth.sock
anchors: [a.pem, {file: b.pem, scope: .b.example, label: b}]
audience: billing
typ: at+jwt
max_lifetime: 5m
leeway: 0s
front_proxies: {trusted: [10.0.0.7, unix], client_certificate: xfcc}
routes:
  - {path: /open, open: true, upstream: "h2c://127.0.0.1:2"}
  - {host: [a.example, b.example], prefix: /, methods: GET, callers: [https://x.example], when: "true", claims: sub, bind: tls, upstream: "http://127.0.0.1:3", upstream_host: keep, timeout: 5s, max_body: 9}
`))
	check(t, err)
	r := cfg.Routes[1]
	switch {
	case len(cfg.Fronts) != 2 || cfg.Fronts[0].Certificate != "/etc/g/c.pem" || !cfg.Fronts[0].RequestClientCertificate || cfg.Fronts[0].MaxConnections != 7,
		cfg.Fronts[1].Address != "unix:/etc/g/auth.sock":
		t.Errorf("fronts %+v", cfg.Fronts)
	case len(cfg.Anchors) != 2 || cfg.Anchors[0].File != "/etc/g/a.pem" || cfg.Anchors[1].Label != "b" || cfg.Anchors[1].Scope[0] != ".b.example":
		t.Errorf("anchors %+v", cfg.Anchors)
	case cfg.Leeway >= 0: // none has a name
		t.Errorf("leeway %s", cfg.Leeway)
	case !cfg.FrontProxies.UnixSockets || cfg.FrontProxies.Trusted[0].String() != "10.0.0.7/32":
		t.Errorf("front proxies %+v", cfg.FrontProxies)
	case cfg.Routes[0].Name != "/open" || !cfg.Routes[0].Open || cfg.Routes[0].Audience != "":
		t.Errorf("open route %+v", cfg.Routes[0])
	case r.Name != "GET a.example,b.example/" || r.Audience != "billing" || r.Type != "at+jwt" || r.MaxLifetime != 5*time.Minute || r.AnyCaller ||
		r.Callers[0] != "https://x.example" || !r.BindTLS || !r.KeepHost || r.Timeout != 5*time.Second || r.MaxBody != 9:
		t.Errorf("route %+v", r)
	}
}

// TestFileRefuses: every mistake is said with its line and with what to write.
func TestFileRefuses(t *testing.T) {
	t.Parallel()
	const head = "forward_auth: 127.0.0.1:9100\nanchors: [root.pem]\nroutes:\n"
	const good = "  - {prefix: /, audience: a, callers: any}\n"
	for _, row := range []struct{ name, text, want string }{
		{"an unknown key", head + "  - {prefix: /, audience: a, caller: any}\n", `g.yaml:4: unknown key "caller": write callers`},
		{"nobody is named", head + "  - {prefix: /, audience: a}\n", "g.yaml:4: callers: is missing: write who may call"},
		{"an empty list of callers", head + "  - {prefix: /, audience: a, callers: []}\n", "g.yaml:4: callers has no value"},
		{"any and another", head + "  - {prefix: /, audience: a, callers: [any, https://x]}\n", "g.yaml:4: callers: any is everybody"},
		{"no audience", head + "  - {prefix: /, callers: any}\n", "g.yaml:4: audience: is missing"},
		{"no path", head + "  - {audience: a, callers: any}\n", "g.yaml:4: prefix: is missing"},
		{"path and prefix", head + "  - {path: /a, prefix: /, audience: a, callers: any}\n", "g.yaml:4: prefix: there is a path, too"},
		{"open with callers", head + "  - {prefix: /, open: true, callers: any}\n", "g.yaml:4: callers: is for a route that wants a token"},
		{"open: false", head + "  - {prefix: /, open: false, audience: a, callers: any}\n", "g.yaml:4: open: false is what a route is without it"},
		{"a closed preflight", head + "  - {prefix: /, preflight: true, audience: a, callers: any}\n", "g.yaml:4: preflight: a CORS preflight has no token"},
		{"a host with a port", head + "  - {prefix: /, host: 'a:80', audience: a, callers: any}\n", "g.yaml:4: host: \"a:80\" must be the name of a host"},
		{"a small method", head + "  - {prefix: /, methods: get, audience: a, callers: any}\n", "g.yaml:4: methods: \"get\" must be a method in capital letters"},
		{"two of one name", head + good + good, "g.yaml:5: name: \"/\" is the name of an earlier route"},
		{"an upstream without a proxy", head + "  - {prefix: /, audience: a, callers: any, upstream: 'http://b'}\n", "g.yaml:4: upstream: is for the proxy"},
		{"bind to what", head + "  - {prefix: /, audience: a, callers: any, bind: mtls}\n", "g.yaml:4: bind: \"mtls\" must be tls"},
		{"a wildcard in a prefix", head + "  - {prefix: '/a/*', audience: a, callers: any}\n", `g.yaml:4: prefix: "/a/*" has a "*", which is no wildcard here: write /a, which`},
		{"two of them in a path", head + "  - {path: '/a/**', audience: a, callers: any}\n", `g.yaml:4: path: "/a/**" has a "*", which is no wildcard here: write prefix: /a, which`},
		{"a prefix with a slash", head + "  - {prefix: /a/, audience: a, callers: any}\n", `g.yaml:4: prefix: "/a/" ends with a slash: write /a, which`},
		{"any method", head + "  - {prefix: /, methods: ANY, audience: a, callers: any}\n", `g.yaml:4: methods: "ANY" is no method: leave methods out for every method`},
		{"a wildcard of callers", head + "  - {prefix: /, audience: a, callers: ['https://*.internal']}\n", `g.yaml:4: callers: "https://*.internal" has a "*", and there are no wildcards here`},
		{"a host in capitals", head + "  - {prefix: /, host: Billing.Internal, audience: a, callers: any}\n", `g.yaml:4: host: "Billing.Internal" has capital letters: write billing.internal`},
		{"bound, and no front sees it", head + "  - {prefix: /, audience: a, callers: any, bind: tls}\n", "g.yaml:4: bind: no front can see the certificate of a client: write client_certificate in front_proxies"},
		{"an address without a port", strings.Replace(head, ":9100", "", 1) + good, `g.yaml:1: forward_auth: "127.0.0.1" is not HOST:PORT, such as`},
		{"a comma in a flow", head + "  - {prefix: /, audience: a, callers: any: x}\n", "g.yaml:4: this is not YAML: did not find expected ',' or '}': quote values that contain \": \" or commas"},
		{"no front", "anchors: [root.pem]\nroutes:\n" + good, "g.yaml:1: forward_auth: is missing"},
		{"all interfaces by nothing", strings.Replace(head, "127.0.0.1:", ":", 1) + good, "g.yaml:1: forward_auth: \":9100\" names no host"},
		{"other machines", strings.Replace(head, "127.0.0.1", "0.0.0.0", 1) + good, "g.yaml:1: forward_auth: other machines reach 0.0.0.0:9100"},
		{"no anchors", "forward_auth: 127.0.0.1:9100\nroutes:\n" + good, "g.yaml:1: anchors: is missing"},
		{"a bad scope", strings.Replace(head, "[root.pem]", "[{file: root.pem, scope: A.example}]", 1) + good, "g.yaml:2: scope: "},
		{"no routes", "forward_auth: 127.0.0.1:9100\nanchors: [root.pem]\n", "g.yaml:1: routes: is missing"},
		{"everybody is a proxy", head + good + "front_proxies: {trusted: 0.0.0.0/0}\n", "g.yaml:5: trusted: 0.0.0.0/0 is everybody"},
		{"bits beyond", head + good + "front_proxies: {trusted: 10.0.0.7/8}\n", "g.yaml:5: trusted: 10.0.0.7/8 has bits beyond its length: write 10.0.0.0/8"},
		{"a header that is another's", head + good + "identity_headers: {issuer: Authorization}\n", "g.yaml:5: identity_headers: Authorization has another meaning"},
		{"two fronts on one address", head + good + "metrics_address: 127.0.0.1:9100\n", "g.yaml:5: metrics_address: 127.0.0.1:9100 is the address of forward_auth, too"},
		{"more than all", head + good + "access_log: {file: a.log, sample: 2}\n", "g.yaml:5: sample: \"2\" must be the share"},
		{"a prefix for nobody", head + good + "ext_authz_grpc: {address: '127.0.0.1:1', path_prefix: /x}\n", "g.yaml:5: path_prefix: is for ext_authz only"},
		{"no proxy upstream", "proxy: 127.0.0.1:1\nanchors: [a]\nroutes:\n" + good, "g.yaml:4: upstream: is missing"},
		{"an upstream that is no server", "proxy: 127.0.0.1:1\nanchors: [a]\nroutes:\n  - {prefix: /, audience: a, callers: any, upstream: 'ftp://b'}\n", "g.yaml:4: upstream: \"ftp://b\" must be the URL of a server"},
		{"leeway of an hour", head + good + "leeway: 1h\n", "g.yaml:5: leeway: 1h is more than"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if _, err := parse("g.yaml", []byte(row.text)); err == nil || !strings.HasPrefix(err.Error(), row.want) {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
		})
	}
}

// FuzzParse: whatever the file is, reading it ends without a panic, and an error
// is one line that begins with the place. A file that is read lets nobody in by
// what it leaves out.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("..", "..", "examples", "gateway", "*.yaml"))
	if err != nil || len(files) < 5 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		cfg, err := parse("g.yaml", []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "g.yaml:") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%q", err)
			}
			return
		}
		if len(cfg.Fronts) == 0 || len(cfg.Routes) == 0 {
			t.Error("nothing to serve")
		}
		for _, r := range cfg.Routes {
			if !r.Open && (r.Audience == "" || !r.AnyCaller && len(r.Callers) == 0 && len(r.When) == 0) {
				t.Errorf("%+v", r)
			}
		}
	})
}
