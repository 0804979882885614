// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/smallstep/certificates/api"
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
	run(t, dir, Config{Logger: slog.New(slog.NewJSONHandler(logged, nil))})
	client, err := NewClient(dir)
	must(t, err)
	key, err := newKeyLike(client.root.PublicKey)
	must(t, err)
	csr, err := newCSR(&x509.CertificateRequest{Subject: pkix.Name{CommonName: "a.internal"}}, key)
	must(t, err)
	// A token of the provisioner for something else.
	ott, err := client.token(t.Context(), "/1.0/revoke", "a.internal", nil)
	must(t, err)
	err = client.call(t.Context(), client.http, http.MethodPost, "/1.0/sign", &api.SignRequest{CsrPEM: csr, OTT: ott}, nil)
	const cause = "audience"
	if !errors.Is(err, Refused) || strings.Contains(err.Error(), cause) {
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
