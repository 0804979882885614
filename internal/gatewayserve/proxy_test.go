// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// proxied starts a proxy in front of a handler that speaks HTTP/1.1 and h2c.
func proxied(t *testing.T, scheme, route, rest string, h http.HandlerFunc) *world {
	t.Helper()
	upstream := httptest.NewUnstartedServer(h)
	upstream.Config.Protocols = new(http.Protocols)
	upstream.Config.Protocols.SetHTTP1(scheme == "http")
	upstream.Config.Protocols.SetUnencryptedHTTP2(scheme == "h2c")
	upstream.Start()
	t.Cleanup(upstream.Close)
	w := newWorld(t)
	url := scheme + strings.TrimPrefix(upstream.URL, "http")
	w.start(fmt.Sprintf("proxy: 127.0.0.1:0\nanchors: [root.pem]\naudience: billing\nroutes:\n  - {prefix: /, callers: any, upstream: %q%s}\n%s", url, route, rest))
	return w
}

func (w *world) request(method, path, body string) *http.Request {
	w.Helper()
	r, err := http.NewRequest(method, w.Ready().Fronts["proxy"]+path, strings.NewReader(body))
	check(w.T, err)
	r.Header.Set("Authorization", "Bearer "+w.token("billing", nil))
	return r
}

// TestProxyGRPC: a request over h2c reaches an h2c upstream over h2c, and its
// trailers come back.
func TestProxyGRPC(t *testing.T) {
	t.Parallel()
	w := proxied(t, "h2c", "", "", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Trailer", "Grpc-Status")
		fmt.Fprintf(rw, "%d %s %s", r.ProtoMajor, r.Header.Get("Te"), r.Header.Get("Stapled-Issuer"))
		rw.Header().Set("Grpc-Status", "0")
	})
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	r := w.request("POST", "/ledger.Ledger/Post", "x")
	r.Header.Set("Te", "trailers")
	answer := w.do(&http.Client{Transport: transport}, r)
	body, err := io.ReadAll(answer.Body)
	check(t, err)
	if string(body) != "2 trailers "+ordersName || answer.Trailer.Get("Grpc-Status") != "0" || answer.ProtoMajor != 2 {
		t.Errorf("%s %q, trailer %v: %s", answer.Proto, body, answer.Trailer, w.log)
	}
}

// TestProxyStream: an event reaches the client while the answer goes on.
func TestProxyStream(t *testing.T) {
	t.Parallel()
	seen := make(chan struct{})
	w := proxied(t, "http", "", "access_log: access.log\n", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(rw, "data: 1\n\n")
		rw.(http.Flusher).Flush()
		<-seen
		io.WriteString(rw, "data: 2\n\n")
	})
	answer, err := http.DefaultClient.Do(w.request("GET", "/events", ""))
	check(t, err)
	defer answer.Body.Close()
	lines := bufio.NewReader(answer.Body)
	first, err := lines.ReadString('\n')
	check(t, err)
	close(seen)
	rest, err := io.ReadAll(lines)
	check(t, err)
	if first != "data: 1\n" || !strings.Contains(string(rest), "data: 2") {
		t.Errorf("%q %q", first, rest)
	}
}

// TestProxyUpgrade: a WebSocket passes, also with an access log in between.
func TestProxyUpgrade(t *testing.T) {
	t.Parallel()
	w := proxied(t, "http", "", "access_log: access.log\n", func(rw http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello")
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.Ready().Fronts["proxy"], "http://"))
	check(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer %s\r\n\r\n", w.token("billing", nil))
	got, err := io.ReadAll(conn)
	check(t, err)
	if !strings.HasPrefix(string(got), "HTTP/1.1 101 ") || !strings.HasSuffix(string(got), "hello") {
		t.Errorf("%q: %s", got, w.log)
	}
}

// TestProxyMaxBody: a body beyond the limit is 413, also one whose length nobody
// says.
func TestProxyMaxBody(t *testing.T) {
	t.Parallel()
	w := proxied(t, "http", ", max_body: 4", "", func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
	})
	for body, want := range map[string]int{"1234": 200, "12345": 413} {
		if answer := w.do(http.DefaultClient, w.request("POST", "/", body)); answer.StatusCode != want {
			t.Errorf("%s: got %d", body, answer.StatusCode)
		}
		r := w.request("POST", "/", body)
		r.ContentLength = -1
		if answer := w.do(http.DefaultClient, r); answer.StatusCode != want {
			t.Errorf("%s, chunked: got %d", body, answer.StatusCode)
		}
	}
}

// TestProxyHeaders: the host is kept or replaced by choice, a client's request ID
// is replaced and a trusted proxy's is kept, and the trace goes on.
func TestProxyHeaders(t *testing.T) {
	t.Parallel()
	const id, trace = "client-chosen-id", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for _, row := range []struct {
		name, route, rest string
		keepHost, keepID  bool
	}{
		{"defaults", "", "", false, false},
		{"kept host", ", upstream_host: keep", "", true, false},
		{"behind a proxy", "", "front_proxies: {trusted: 127.0.0.1}\n", false, true},
		{"behind another proxy", "", "front_proxies: {trusted: 127.0.0.2}\n", false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := make(chan *http.Request, 1)
			w := proxied(t, "http", row.route, row.rest, func(_ http.ResponseWriter, r *http.Request) { got <- r })
			r := w.request("GET", "/", "")
			r.Host = "asked.example"
			r.Header.Set("X-Request-Id", id)
			r.Header.Set("Traceparent", trace)
			answer := w.do(http.DefaultClient, r)
			at := <-got
			if (at.Host == "asked.example") != row.keepHost || (at.Header.Get("X-Request-Id") == id) != row.keepID ||
				at.Header.Get("Traceparent") != trace || at.Header.Get("Authorization") != "" ||
				len(at.Header.Get("X-Request-Id")) < 8 || answer.Header.Get("X-Request-Id") != at.Header.Get("X-Request-Id") {
				t.Errorf("host %s, headers %v", at.Host, at.Header)
			}
		})
	}
}

// TestBindTLS: a stolen token is no use without the key of its certificate.
func TestBindTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	upstream := httptest.NewServer(http.NotFoundHandler())
	defer upstream.Close()
	thief := w.serverFiles(w.ca.Identity("https://thief.internal"))
	own := w.serverFiles(w.orders)
	plain := w.serverFiles(nil)
	w.start(fmt.Sprintf("proxy: {address: '127.0.0.1:0', tls: {certificate: server.pem, key: server-key.pem, client_certificates: request}}\nanchors: [root.pem]\nroutes:\n  - {prefix: /, audience: billing, callers: any, bind: tls, upstream: %q}\n", upstream.URL))
	for _, row := range []struct {
		name   string
		client *http.Client
		want   int
	}{{"its owner", own, 404}, {"a thief", thief, 401}, {"without a certificate", plain, 401}} {
		if answer := w.do(row.client, w.request("GET", "/", "")); answer.StatusCode != row.want {
			t.Errorf("%s: got %d, want %d: %s", row.name, answer.StatusCode, row.want, w.log)
		}
	}
}

// TestAccessLog: sampling leaves out accepted requests and no refused ones, and
// neither the query nor the token is written.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(simple + "access_log: {file: access.log, sample: 0}\n")
	token := w.token("billing", nil)
	w.want(200, token, "GET", "/accepted?secret=1")
	w.want(401, w.token("other", nil), "DELETE", "/refused?secret=1")
	text := w.read("access.log")
	var line map[string]any
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for key, want := range map[string]any{
		"reason": "audience_mismatch", "front": "forward_auth", "outcome": "rejected", "route": "/", "status": 401.0,
		"method": "DELETE", "host": "billing.internal", "path": "/refused",
	} {
		if line[key] != want {
			t.Errorf("%s is %v, want %v", key, line[key], want)
		}
	}
	if strings.Contains(text, "secret") || strings.Contains(text, token[len(token)-40:]) {
		t.Error("a secret is in the log: " + text)
	}
	if !w.metric(`stapled_gateway_decisions_total{outcome="rejected",reason="audience_mismatch",route="/"} 1`) ||
		!w.metric(`stapled_gateway_decisions_total{outcome="accepted",reason="",route="/"} 1`) {
		t.Error("the decisions are not counted")
	}
}

// TestAccessLogIsBounded: a client that writes much, and credentials that would
// make more work each time they are replaced, cause one short line.
func TestAccessLogIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(simple + "access_log: {file: access.log, sample: 0}\n")
	r, err := http.NewRequest("GET", w.Ready().Fronts["forward_auth"]+"/", nil)
	check(t, err)
	long := strings.Repeat("to", 5000)
	for name, value := range map[string]string{"Method": long, "Uri": "/" + long, "Host": long, "Proto": "https"} {
		r.Header.Set("X-Forwarded-"+name, value)
	}
	r.Header.Set("Traceparent", long)
	for range 20 {
		r.Header.Add("Authorization", "t")
		r.Header.Add("Authorization", "o")
	}
	if answer := w.do(http.DefaultClient, r); answer.StatusCode != 401 {
		t.Errorf("got %d", answer.StatusCode)
	}
	if text := w.read("access.log"); len(text) < 100 || len(text) > 2000 || strings.Count(text, "\n") != 1 {
		t.Errorf("%d bytes: %.2000s", len(text), text)
	}
}
