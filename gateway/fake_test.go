// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/verifier"
)

// verifyFunc is a verifier that a test controls.
type verifyFunc func(raw string) (verifier.Token, error)

func (f verifyFunc) VerifyBound(raw string, _ verifier.Bindings) (verifier.Token, error) {
	return f(raw)
}

// acceptAll accepts everything, so that every rejection comes from the gateway
// itself.
func acceptAll(raw string) (verifier.Token, error) {
	return newToken("jti", "id of "+raw), nil
}

// newToken returns an accepted token with this claim. Only a verifier can make
// one.
func newToken(claim, value string) verifier.Token {
	genuine := issuance()
	token, err := genuine.verifier.Verify(genuine.client.Token(func(t *testca.Token) { t.Claims.Set(claim, value) }))
	if err != nil {
		panic(err)
	}
	return token
}

type genuine struct {
	client   *testca.Party
	verifier *verifier.Verifier
}

var issuance = sync.OnceValue(func() genuine {
	root := testca.New()
	anchors, err := certs.NewAnchors(root.Cert)
	if err != nil {
		panic(err)
	}
	v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: "orders", Now: func() time.Time { return testca.Now }})
	if err != nil {
		panic(err)
	}
	return genuine{root.Intermediate().Leaf(), v}
})

// rejectFor rejects everything with this error.
func rejectFor(err error) verifyFunc {
	return func(string) (verifier.Token, error) { return verifier.Token{}, err }
}

// outcomes records the observer's events.
type outcomes struct {
	mu   sync.Mutex
	list []string
}

func (o *outcomes) add(s string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, s)
}

func (o *outcomes) Observe(e gateway.Event) {
	switch {
	case e.Outcome == gateway.OutcomeAccepted && e.Reason == "":
		o.add("accepted")
	case e.Outcome == gateway.OutcomeRejected && e.Reason != "":
		o.add(string(e.Reason))
	default:
		o.add("neither accepted nor rejected")
	}
}

// last returns the latest event.
func (o *outcomes) last() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.list) == 0 {
		return "nothing"
	}
	return o.list[len(o.list)-1]
}

// check compares the events so far.
func (o *outcomes) check(t *testing.T, want ...string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Equal(o.list, want) {
		t.Errorf("the observer was told %q, want %q", o.list, want)
	}
}

// logBuffer collects log lines of concurrent writers.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func newGateway(t *testing.T, cfg gateway.Config) *gateway.Gateway {
	t.Helper()
	g, err := gateway.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func serve(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server
}

var dateLine = regexp.MustCompile(`(?m)^Date: .*\r\n`)

// exchange sends the bytes of a request and returns the bytes of the response
// without its date. The request must ask for the connection to be closed.
func exchange(t *testing.T, server *httptest.Server, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	response, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return dateLine.ReplaceAllString(string(response), "")
}

// get returns a request with these header lines.
func get(lines ...string) string {
	request := "GET /orders?access_token=in.the.query HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n"
	for _, line := range lines {
		request += line + "\r\n"
	}
	return request + "\r\n"
}
