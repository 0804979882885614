// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/stapledtest"
)

// world is a CA, a caller, and a gateway with its files.
type world struct {
	*testing.T
	*Server
	dir, file string
	ca        *stapledtest.CA
	orders    *certs.Identity
	log       *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const ordersName = "https://orders.internal"

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{T: t, dir: dir, file: filepath.Join(dir, "gateway.yaml"), ca: stapledtest.NewCA(t), log: new(lockedBuffer)}
	w.orders = w.ca.Identity(ordersName, "orders.internal")
	w.writeAnchor("root.pem", w.ca)
	return w
}

func (w *world) writeAnchor(name string, ca *stapledtest.CA) {
	w.write(name, pemOf("CERTIFICATE", ca.Anchors().Certificates()[0].Raw))
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func (w *world) write(name, text string) {
	w.Helper()
	check(w.T, certs.WriteFile(filepath.Join(w.dir, name), []byte(text)))
}

// serverFiles writes server.pem and server-key.pem, and returns a client that
// trusts them.
func (w *world) serverFiles(own *certs.Identity) *http.Client {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pair := s.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	check(w.T, err)
	w.write("server.pem", pemOf("CERTIFICATE", pair.Certificate[0]))
	w.write("server-key.pem", pemOf("PRIVATE KEY", key))
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	cfg := &tls.Config{RootCAs: pool}
	if own != nil {
		certificate, key := filepath.Join(w.dir, "client.pem"), filepath.Join(w.dir, "client-key.pem")
		check(w.T, own.Save(certificate, key))
		pair, err := tls.LoadX509KeyPair(certificate, key)
		check(w.T, err)
		cfg.Certificates = []tls.Certificate{pair}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: cfg, ForceAttemptHTTP2: true, DisableKeepAlives: false}}
}

// start starts a gateway with this file.
func (w *world) start(text string) {
	w.Helper()
	w.write("gateway.yaml", text)
	s, err := Open(Options{Load: func() (Config, error) { return ReadFile(w.file) }, Log: slog.New(slog.NewTextHandler(w.log, nil))})
	check(w.T, err)
	w.Server = s
	w.Cleanup(func() {
		if err := s.Close(); err != nil {
			w.Error(err)
		}
	})
	s.Start()
}

func (w *world) token(audience string, extra map[string]any) string {
	return w.ca.Token(w.orders, issuer.Claims{Audience: []string{audience}, Extra: extra})
}

// ask asks forward_auth about a request.
func (w *world) ask(token, method, uri string) *http.Response {
	w.Helper()
	r, err := http.NewRequest("GET", w.Ready().Fronts["forward_auth"]+"/", nil)
	check(w.T, err)
	for name, value := range map[string]string{"Method": method, "Uri": uri, "Host": "billing.internal", "Proto": "https"} {
		r.Header.Set("X-Forwarded-"+name, value)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return w.do(http.DefaultClient, r)
}

func (w *world) do(c *http.Client, r *http.Request) *http.Response {
	w.Helper()
	answer, err := c.Do(r)
	check(w.T, err)
	body, err := io.ReadAll(answer.Body)
	check(w.T, err)
	check(w.T, answer.Body.Close())
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer
}

func (w *world) want(status int, token, method, uri string) {
	w.Helper()
	if answer := w.ask(token, method, uri); answer.StatusCode != status {
		w.Errorf("%s %s: got %d, want %d\n%s", method, uri, answer.StatusCode, status, w.log)
	}
}

func (w *world) metric(text string) bool {
	w.Helper()
	r, err := http.NewRequest("GET", w.Ready().MetricsURL, nil)
	check(w.T, err)
	body, err := io.ReadAll(w.do(http.DefaultClient, r).Body)
	check(w.T, err)
	return strings.Contains(string(body), text+"\n")
}

const simple = "forward_auth: 127.0.0.1:0\nanchors: [root.pem]\nmetrics_address: 127.0.0.1:0\nroutes:\n  - {prefix: /, audience: billing, callers: any}\n"

func (w *world) read(name string) string {
	w.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, name))
	check(w.T, err)
	return string(text)
}

// logged waits until the log has a text.
func (w *world) logged(text string) {
	w.Helper()
	for end := time.Now().Add(20 * time.Second); !strings.Contains(w.log.String(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("no %q in the log: %s", text, w.log)
		}
	}
}
