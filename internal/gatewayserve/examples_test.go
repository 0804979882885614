// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

var listenAddress = regexp.MustCompile(`127\.0\.0\.1:9[0-9]{3}`)

// example returns a file under examples/gateway, with free ports and this
// upstream.
func example(t *testing.T, name, upstream string) string {
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "gateway", name))
	check(t, err)
	changed := listenAddress.ReplaceAllString(string(text), "127.0.0.1:0")
	return strings.ReplaceAll(changed, "http://127.0.0.1:8080", upstream)
}

// TestExampleForwardAuth starts examples/gateway/forward-auth.yaml.
func TestExampleForwardAuth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(example(t, "forward-auth.yaml", ""))
	answer := w.ask(w.token("billing", nil), "GET", "/orders")
	if answer.StatusCode != 200 || answer.Header.Get("Stapled-Issuer") != ordersName {
		t.Errorf("got %d, %v", answer.StatusCode, answer.Header)
	}
	if _, there := answer.Header["Stapled-Subject"]; !there {
		t.Error("an identity header without a value is not there")
	}
	w.want(401, "", "GET", "/orders")
	w.want(401, w.token("other", nil), "GET", "/orders")
}

// TestReadme starts what README.md says.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	check(t, err)
	_, rest, _ := strings.Cut(string(text), "```yaml\nforward_auth:")
	snippet, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("README.md has no file for a forward-auth")
	}
	w := newWorld(t)
	w.start(listenAddress.ReplaceAllString("forward_auth:"+snippet, "127.0.0.1:0"))
	w.want(200, "", "GET", "/healthz")
	w.want(401, "", "GET", "/orders")
	w.want(200, w.token("billing", nil), "GET", "/orders")
}

// TestExampleProxy starts examples/gateway/proxy.yaml.
func TestExampleProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	upstream := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Got-Issuer", r.Header.Get("Stapled-Issuer"))
	}))
	defer upstream.Close()
	client := w.serverFiles(w.orders)
	w.start(example(t, "proxy.yaml", upstream.URL))
	writer := w.token("billing", map[string]any{"roles": []string{"writer"}})
	reader := w.token("billing", map[string]any{"roles": []string{"reader"}})
	for _, row := range []struct {
		name, method, path, token string
		want                      int
	}{
		{"open", "GET", "/healthz", "", 200},
		{"a token reads", "GET", "/api/orders", reader, 200},
		{"a reader writes", "POST", "/api/orders", reader, 403},
		{"a writer writes", "POST", "/api/orders", writer, 200},
		{"no token", "GET", "/api/orders", "", 401},
		{"bound to the connection", "GET", "/api/transfers/1", reader, 200},
		{"no route", "GET", "/admin", writer, 403},
	} {
		r, err := http.NewRequest(row.method, w.Ready().Fronts["proxy"]+row.path, nil)
		check(t, err)
		if row.token != "" {
			r.Header.Set("Authorization", "Bearer "+row.token)
		}
		if answer := w.do(client, r); answer.StatusCode != row.want || answer.ProtoMajor != 2 {
			t.Errorf("%s: got %s %d, want %d\n%s", row.name, answer.Proto, answer.StatusCode, row.want, w.log)
		}
	}
}

// TestExampleExtAuthz starts examples/gateway/ext-authz.yaml.
func TestExampleExtAuthz(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(example(t, "ext-authz.yaml", ""))
	for token, want := range map[string]int{w.token("billing", nil): 200, "garbage": 401} {
		r, err := http.NewRequest("POST", w.Ready().Fronts["ext_authz"]+"/check/orders?x=1", nil)
		check(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		if answer := w.do(http.DefaultClient, r); answer.StatusCode != want {
			t.Errorf("got %d, want %d\n%s", answer.StatusCode, want, w.log)
		}
	}
}

// TestExampleExtAuthzGRPC starts examples/gateway/ext-authz-grpc.yaml.
func TestExampleExtAuthzGRPC(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(example(t, "ext-authz-grpc.yaml", ""))
	target := strings.TrimPrefix(w.Ready().Fronts["ext_authz_grpc"], "http://")
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(t, err)
	defer conn.Close()
	for token, want := range map[string]int32{w.token("billing", nil): 0, "garbage": 16} {
		answer, err := auth.NewAuthorizationClient(conn).Check(t.Context(), &auth.CheckRequest{Attributes: &auth.AttributeContext{
			Request: &auth.AttributeContext_Request{Http: &auth.AttributeContext_HttpRequest{
				Method: "GET", Path: "/orders", Host: "billing.internal", Scheme: "https",
				Headers: map[string]string{"authorization": "Bearer " + token},
			}},
		}})
		check(t, err)
		if (answer.GetStatus().GetCode() == 0) != (want == 0) {
			t.Errorf("got %v, want %d\n%s", answer, want, w.log)
		}
	}
}

// TestExampleCases runs examples/gateway/cases.yaml against
// examples/gateway/proxy.yaml.
func TestExampleCases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serverFiles(nil)
	w.write("gateway.yaml", example(t, "proxy.yaml", "http://127.0.0.1:8080"))
	cfg, err := ReadFile(w.file)
	check(t, err)
	e, err := NewExplainer(cfg)
	check(t, err)
	cases, err := ReadCases(filepath.Join("..", "..", "examples", "gateway", "cases.yaml"))
	check(t, err)
	for _, c := range cases {
		answer, err := e.Explain(c.Question)
		check(t, err)
		if d := c.Differences(answer); d != "" {
			t.Errorf("%s: %s", c.Name, d)
		}
		c.Status++
		if c.Differences(answer) == "" {
			t.Errorf("%s: every status is as expected", c.Name)
		}
	}
}
