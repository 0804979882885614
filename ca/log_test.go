// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/smallstep/certificates/api"
	"github.com/smallstep/certificates/errs"

	"github.com/stapledjwt/stapled/internal/loglimit"
)

// lines collects what is logged.
type lines struct {
	mu  sync.Mutex
	all strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// TestLoggedCause: a handler that writes JSON gets the cause of a refusal too,
// which the caller is not told.
func TestLoggedCause(t *testing.T) {
	t.Parallel()
	dir, logged := newCA(t), &lines{}
	c, _ := run(t, dir, Config{Logger: slog.New(slog.NewJSONHandler(logged, nil))})
	// A token of the provisioner for something else.
	ott := provisionerToken(t, dir, "/1.0/revoke", "a.internal", nil)
	err := post(t, httpClient(t, c.Root(), nil), c.URL()+"/1.0/sign", &api.SignRequest{CsrPEM: newCSR(t, "a.internal", newKey(t)), OTT: ott}, nil)
	const cause = "audience"
	var refused *answered
	if !errors.As(err, &refused) || strings.Contains(err.Error(), cause) {
		t.Errorf("the caller is told %v", err)
	}
	if got := logged.String(); !strings.Contains(got, cause) {
		t.Errorf("logged: %s", got)
	}
}

// TestLoggedWarnings: what a ca.json configures and this CA does not do.
func TestLoggedWarnings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, from, to, says string }{
		{"nothing", `"provisioner"`, `"provisioner"`, ""},
		{"provisioner renamed", `"provisioner": "stapled"`, `"provisioner": "other"`, "no JWK provisioner"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := layout(newCA(t))
			replace(t, l.settings(), row.from, row.to)
			logged := &lines{}
			c, err := Open(string(l), Config{Logger: slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelWarn}))})
			must(t, err)
			must(t, c.Close())
			if got := logged.String(); !strings.Contains(got, row.says) || (got == "") != (row.says == "") {
				t.Errorf("logged: %q, want %q", got, row.says)
			}
		})
	}
}

// TestFloodedLog: nobody fills the disk through the log, which says what it
// leaves out.
func TestFloodedLog(t *testing.T) {
	t.Parallel()
	dir, logged := newCA(t), &lines{}
	c, stop := run(t, dir, Config{Logger: slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	client := httpClient(t, c.Root(), nil)
	const each = 3 * loglimit.Burst
	for range each {
		// The path is in the log, too.
		response, err := client.Post(c.URL()+"/1.0/sign?"+strings.Repeat("x", 1000), "application/json", strings.NewReader("{"))
		must(t, err)
		response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Fatalf("status %d", response.StatusCode)
		}
		renewal, err := http.NewRequest(http.MethodPost, c.URL()+"/1.0/renew", nil)
		must(t, err)
		renewal.Header.Set("Authorization", "Bearer anything")
		response, err = client.Do(renewal)
		must(t, err)
		response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Fatalf("renewal: status %d", response.StatusCode)
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.URL(), "https://"))
		must(t, err)
		_, err = io.WriteString(conn, "no TLS at all\r\n\r\n")
		must(t, err)
		_, _ = io.Copy(io.Discard, conn) // the server closes after it has logged
		must(t, conn.Close())
		response, err = http.Post(c.OCSPURL(), "application/ocsp-request", strings.NewReader("no DER"))
		must(t, err)
		response.Body.Close()
	}
	stop()
	for _, message := range []string{"step-ca refused a request", "refused a request", "connection failed", "OCSP request refused"} {
		passed, summary := 0, 0
		for line := range strings.Lines(logged.String()) {
			switch {
			case strings.Contains(line, `msg="`+message+`"`):
				passed++
			case strings.Contains(line, `msg="log lines left out"`) && strings.Contains(line, `message="`+message+`"`) &&
				strings.Contains(line, fmt.Sprintf("left_out=%d\n", each-loglimit.Burst)):
				summary++
			}
		}
		if passed != loglimit.Burst || summary != 1 {
			t.Errorf("%q: %d lines and %d summaries, want %d and 1", message, passed, summary, loglimit.Burst)
		}
	}
	if t.Failed() {
		t.Log(logged.String())
	}
}

// TestLoggedLevel: the CA's own failures are not counted with refusals.
func TestLoggedLevel(t *testing.T) {
	t.Parallel()
	logged := &lines{}
	c := &CA{requestLog: loglimit.New(slog.NewTextHandler(logged, nil))}
	r := httptest.NewRequest(http.MethodPost, "/1.0/sign", nil)
	for range 2 * loglimit.Burst {
		c.logRefusal(nil, r, errs.Unauthorized("no"))
	}
	c.logRefusal(nil, r, fmt.Errorf("sign: %w", errs.InternalServer("the disk is full")))
	c.logRefusal(nil, r, errors.New("an error without a status is answered with 500"))
	got := logged.String()
	if strings.Count(got, "level=WARN") != loglimit.Burst || strings.Count(got, "level=ERROR") != 2 {
		t.Errorf("logged:\n%s", got)
	}
}
