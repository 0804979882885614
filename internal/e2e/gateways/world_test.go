// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build gateways

// Package gateways tries every gateway of docs/gateways with the same requests.
// scripts/gateways.sh runs it.
package gateways

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testport"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/stapledtest"
)

const orders, subject = "https://orders.internal", "alice"

// world is what all gateways share: a CA, its tokens, an upstream, and a
// `stapled gateway` with every front.
type world struct {
	ca     *stapledtest.CA
	orders *certs.Identity
	tokens map[string]string
	anchor string // file

	upstream                                   string // addresses
	proxy, forwardAuth, extAuthz, extAuthzGRPC string

	mu   sync.Mutex
	seen map[string]*http.Request // at the upstream, by X-Case
}

func newWorld(t *testing.T) *world {
	ca := stapledtest.NewCA(t)
	w := &world{ca: ca, orders: ca.Identity(orders), tokens: make(map[string]string), seen: make(map[string]*http.Request)}
	w.anchor = filepath.Join(t.TempDir(), "root.pem")
	der := ca.Anchors().Certificates()[0].Raw
	if err := os.WriteFile(w.anchor, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	thief := ca.Identity("https://stolen.internal") // for good: a verifier remembers it
	for name, raw := range map[string]string{
		"good":      w.token(w.orders, "billing", subject, 0),
		"no sub":    w.token(w.orders, "billing", "", 0),
		"audience":  w.token(w.orders, "warehouse", subject, 0),
		"admin":     w.token(ca.Identity("https://admin.internal"), "billing", subject, 0),
		"3 kB":      w.token(w.orders, "billing", subject, 3000),
		"7.5 kB":    w.token(w.orders, "billing", subject, 7500),
		"garbage":   "e30.e30.AAAA",
		"stale":     ca.TokenWithStaple(w.orders, ca.Staple(w.orders, stapledtest.Stale), "billing"),
		"revoked":   ca.TokenWithStaple(thief, ca.Staple(thief, stapledtest.Revoked), "billing"),
		"no staple": ca.TokenWithStaple(w.orders, nil, "billing"),
		"other CA":  stapledtestToken(t),
	} {
		w.tokens[name] = raw
	}
	w.upstream = w.serveUpstream(t)
	return w
}

func stapledtestToken(t *testing.T) string {
	other := stapledtest.NewCA(t)
	return other.Token(other.Identity(orders), issuer.Claims{Audience: []string{"billing"}})
}

// token returns a token that is accepted, at least this many bytes long.
func (w *world) token(id *certs.Identity, audience, subject string, size int) string {
	claims := issuer.Claims{Audience: []string{audience}, Subject: subject}
	raw := w.ca.Token(id, claims)
	if len(raw) < size {
		claims.Extra = map[string]string{"pad": strings.Repeat("x", (size-len(raw))*3/4)}
		raw = w.ca.Token(id, claims)
	}
	return raw
}

// serveUpstream is the service behind every gateway. It keeps what reaches it,
// and echoes after an upgrade.
func (w *world) serveUpstream(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(w.answer), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return l.Addr().String()
}

func (w *world) answer(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.seen[r.Header.Get("X-Case")] = r
	w.mu.Unlock()
	if r.Header.Get("Upgrade") != "websocket" {
		io.WriteString(rw, "welcome\n")
		return
	}
	conn, buffered, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	accept := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455 §4.2.2
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(accept[:]))
	line, err := buffered.ReadString('\n')
	if err == nil {
		io.WriteString(conn, line)
	}
}

func (w *world) reached(id string) *http.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[id]
}

// request is what a client sends, byte for byte.
type request struct {
	method, path string
	headers      []string
}

// answer is what it gets.
type answer struct {
	status int
	raw    []byte        // without Date and request ID
	seen   *http.Request // at the upstream; nil if nothing reached it
	echo   string        // after an upgrade
}

var lastCase int

// ask sends a request to a gateway.
func (w *world) ask(t *testing.T, address string, r request) answer {
	t.Helper()
	lastCase++
	id := fmt.Sprint(lastCase)
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: billing.internal\r\nX-Case: %s\r\n", r.method, r.path, id)
	for _, h := range r.headers {
		b.WriteString(h + "\r\n")
	}
	b.WriteString("\r\n")
	if _, err := io.WriteString(conn, b.String()); err != nil {
		t.Fatal(err)
	}
	var wire bytes.Buffer
	reader := bufio.NewReader(io.TeeReader(conn, &wire))
	resp, err := http.ReadResponse(reader, &http.Request{Method: r.method})
	if err != nil {
		t.Fatalf("no answer: %v; so far %q", err, wire.String())
	}
	a := answer{status: resp.StatusCode}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		io.WriteString(conn, "hello\n")
		a.echo, _ = reader.ReadString('\n')
	} else if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(wire.Bytes()) {
		name, _, _ := strings.Cut(strings.ToLower(string(line)), ":")
		if name != "date" && name != "x-request-id" {
			a.raw = append(a.raw, line...)
		}
	}
	a.seen = w.reached(id)
	return a
}

// address returns a free address, which stays ours.
func address(t *testing.T) string {
	t.Helper()
	a, release, err := testport.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { release() })
	return a
}

// start runs a program until the test ends, and waits for its addresses. Its
// output is shown if the test fails.
func start(t *testing.T, dir string, addresses []string, name string, args ...string) (stop func()) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	stop = sync.OnceFunc(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
	})
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("%s:\n%s", name, output.String())
		}
	})
	for _, address := range addresses {
		for began := time.Now(); ; {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				conn.Close()
				break
			}
			select {
			case <-ended:
				t.Fatalf("%s has ended:\n%s", name, output.String())
			case <-time.After(20 * time.Millisecond):
			}
			if time.Since(began) > 20*time.Second {
				t.Fatalf("%s does not listen on %s", name, address)
			}
		}
	}
	return stop
}
