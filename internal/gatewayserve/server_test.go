// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/stapledtest"
)

// TestReload: a new policy and new anchors count at once, and a broken file
// changes nothing.
func TestReload(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(simple)
	token := w.token("billing", nil)
	w.want(200, token, "GET", "/a")
	for name, text := range map[string]string{
		"a typo":          strings.Replace(simple, "callers", "caller", 1),
		"no such anchor":  strings.Replace(simple, "root.pem", "absent.pem", 1),
		"a bad condition": strings.Replace(simple, "callers: any", `when: 'token.issuer == 1'`, 1),
		"another address": strings.Replace(simple, "127.0.0.1:0", "127.0.0.2:0", 1),
		"another leeway":  simple + "leeway: 5s\n",
		"nothing":         "",
	} {
		w.write("gateway.yaml", text)
		if err := w.Reload(); err == nil {
			t.Errorf("%s: reloaded", name)
		}
		w.want(200, token, "GET", "/a")
	}
	w.write("gateway.yaml", strings.Replace(simple, "callers: any", "callers: https://other.internal", 1))
	check(t, w.Reload())
	w.want(403, token, "GET", "/a")
	w.write("gateway.yaml", simple)
	other := stapledtest.NewCA(t)
	w.writeAnchor("root.pem", other)
	check(t, w.Reload())
	w.want(401, token, "GET", "/a")
	if !w.metric(`stapled_gateway_reloads_total{result="failed"} 6`) || !w.metric(`stapled_gateway_reloads_total{result="done"} 2`) {
		t.Error("the reloads are not counted")
	}
}

// TestReloadKeepsRevocations: what is known of a revocation outlives the policy
// under which it became known.
func TestReloadKeepsRevocations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(simple)
	good := w.token("billing", nil)
	w.want(200, good, "GET", "/a")
	w.ca.Revoke(w.orders, 1)
	w.want(401, w.ca.TokenWithStaple(w.orders, w.ca.Staple(w.orders, stapledtest.Revoked), "billing"), "GET", "/a")
	w.writeAnchor("more.pem", stapledtest.NewCA(t))
	text := strings.Replace(simple, "[root.pem]", "[root.pem, more.pem]", 1)
	w.write("gateway.yaml", strings.Replace(text, "routes:\n", "routes:\n  - {path: /x, audience: other, callers: any}\n", 1))
	check(t, w.Reload())
	w.want(401, good, "GET", "/a")
	if !strings.Contains(w.log.String(), "certificate_revoked") {
		t.Errorf("refused for another reason: %s", w.log)
	}
}

// TestFollow: a signal reloads, and the reason of a failure is said.
func TestFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(simple)
	ctx, stop := context.WithCancel(t.Context())
	signals, ended := make(chan os.Signal), make(chan struct{})
	go func() {
		defer close(ended)
		w.Follow(ctx, w.file, signals)
	}()
	w.write("gateway.yaml", "forward_auth: [")
	signals <- os.Interrupt
	w.logged("configuration not reloaded")
	w.write("gateway.yaml", strings.Replace(simple, "callers: any", "callers: https://other.internal", 1))
	signals <- os.Interrupt
	w.logged("configuration reloaded")
	stop()
	<-ended
	w.want(403, w.token("billing", nil), "GET", "/a")
}

// TestContents: a change of any file that a configuration names is a change.
func TestContents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serverFiles(nil)
	text := "forward_auth: {address: '127.0.0.1:0', tls: {certificate: server.pem, key: server-key.pem}}\nanchors: [root.pem]\nroutes: [{prefix: /, audience: a, callers: any}]\n"
	w.write("gateway.yaml", text)
	cfg, err := ReadFile(w.file)
	check(t, err)
	for _, name := range []string{"gateway.yaml", "root.pem", "server.pem", "server-key.pem"} {
		before, content := contents(w.file, cfg), w.read(name)
		w.write(name, content+"\n")
		if contents(w.file, cfg) == before {
			t.Errorf("a change of %s is not seen", name)
		}
		check(t, os.Remove(filepath.Join(w.dir, name)))
		if contents(w.file, cfg) == before {
			t.Errorf("that %s is gone is not seen", name)
		}
		w.write(name, content)
		if contents(w.file, cfg) != before {
			t.Errorf("%s is the same and differs", name)
		}
	}
}

// TestDrain: /readyz fails while requests are still answered.
func TestDrain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(simple + "drain_delay: 1h\n")
	ready := strings.TrimSuffix(w.Ready().MetricsURL, "/metrics")
	status := func(path string) int {
		r, err := http.NewRequest("GET", ready+path, nil)
		check(t, err)
		return w.do(http.DefaultClient, r).StatusCode
	}
	if status("/readyz") != 200 || status("/healthz") != 200 {
		t.Error("not ready at the start")
	}
	ctx, stop := context.WithCancel(t.Context())
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		w.Drain(ctx)
	}()
	w.logged("draining")
	if status("/readyz") != 503 {
		t.Error("a draining gateway is ready")
	}
	w.want(200, w.token("billing", nil), "GET", "/a")
	if status("/healthz") != 200 {
		t.Error("a draining gateway is alive")
	}
	stop()
	<-drained
}

// TestUnixSocket: a socket that a killed process left is replaced, and one that
// is in use is not.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := filepath.Join(w.dir, "auth.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	check(t, err)
	l.SetUnlinkOnClose(false)
	text := strings.Replace(simple, "forward_auth: 127.0.0.1:0", "forward_auth: unix:auth.sock", 1)
	w.write("gateway.yaml", text)
	if _, err := Open(Options{Load: func() (Config, error) { return ReadFile(w.file) }, Log: discard}); err == nil || !strings.Contains(err.Error(), "is in use") {
		t.Errorf("took the socket of another: %v", err)
	}
	check(t, l.Close())
	w.start(text)
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	for token, want := range map[string]int{w.token("billing", nil): 200, "x": 401} {
		r, err := http.NewRequest("GET", "http://gateway/", nil)
		check(t, err)
		r.Header = http.Header{"X-Forwarded-Method": {"GET"}, "X-Forwarded-Uri": {"/a"}, "X-Forwarded-Host": {"b"}, "X-Forwarded-Proto": {"https"}, "Authorization": {"Bearer " + token}}
		if answer := w.do(client, r); answer.StatusCode != want {
			t.Errorf("got %d, want %d: %s", answer.StatusCode, want, w.log)
		}
	}
}

// TestMaxConnections: one connection more waits until another ends.
func TestMaxConnections(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	b := newBounded(l, 1)
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			conn, err := b.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	for range 2 {
		conn, err := net.Dial("tcp", l.Addr().String())
		check(t, err)
		defer conn.Close()
	}
	first := <-accepted
	select {
	case <-accepted:
		t.Error("two connections are open")
	case <-time.After(20 * time.Millisecond):
	}
	check(t, first.Close())
	_ = first.Close() // the place is free once only
	second := <-accepted
	check(t, b.Close())
	check(t, second.Close())
	<-accepted
}
