// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testport"
	"github.com/stapledjwt/stapled/stepca"
	"golang.org/x/crypto/ocsp"
)

// shared is one running CA for the tests that need not break it.
var shared struct {
	ca     *CA
	client *stepca.Client
	// template is a copy of its directory from before it ran.
	template string
}

// TestMain keeps the environment of the developer out: smallstep's packages
// would read ~/.step.
func TestMain(m *testing.M) {
	code, err := func() (int, error) {
		dir, err := os.MkdirTemp("", "ca-test-")
		if err != nil {
			return 1, err
		}
		defer os.RemoveAll(dir)
		if err := errors.Join(os.Setenv("STEPPATH", filepath.Join(dir, "steppath")), Init(filepath.Join(dir, "ca"), InitConfig{})); err != nil {
			return 1, err
		}
		shared.template = filepath.Join(dir, "template")
		if err := os.CopyFS(shared.template, os.DirFS(filepath.Join(dir, "ca"))); err != nil {
			return 1, err
		}
		if shared.ca, err = Open(filepath.Join(dir, "ca"), Config{}); err != nil {
			return 1, err
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- shared.ca.Run(ctx) }()
		if shared.client, err = newClient(filepath.Join(dir, "ca")); err != nil {
			cancel()
			return 1, errors.Join(err, <-done)
		}
		code := m.Run()
		cancel()
		return code, <-done
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// newClient is a client of the CA in a directory.
func newClient(dir string) (*stepca.Client, error) {
	cfg, err := ClientConfig(dir, nil)
	if err != nil {
		return nil, err
	}
	return stepca.New(cfg)
}

func clientOf(t *testing.T, dir string) *stepca.Client {
	t.Helper()
	client, err := newClient(dir)
	must(t, err)
	return client
}

// initCA makes a CA with keys of its own. The passwords of its keys are
// stretched so well that this takes a second or more under the race detector.
func initCA(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ca")
	must(t, Init(dir, InitConfig{CAAddress: reserve(t), OCSPAddress: reserve(t)}))
	return dir
}

// reserve gives an address that stays the test's, so that its CA can listen there
// again.
func reserve(t *testing.T) string {
	t.Helper()
	address, release, err := testport.Reserve()
	must(t, err)
	t.Cleanup(func() { must(t, release()) })
	return address
}

// newCA makes a directory for a test that stops or breaks its CA: a copy of
// the shared one as it was before it ran, with other ports.
func newCA(t *testing.T) string {
	t.Helper()
	l := layout(filepath.Join(t.TempDir(), "ca"))
	must(t, os.CopyFS(string(l), os.DirFS(shared.template)), os.Chmod(string(l), 0o700))
	original := filepath.Join(filepath.Dir(shared.template), "ca")
	stepCfg, s, err := layout(original).load()
	must(t, err)
	from := []string{original, stepCfg.Address, s.OCSPAddress}
	to := []string{string(l)}
	to = append(to, reserve(t), reserve(t))
	for _, file := range []string{l.config(), l.defaults(), l.settings()} {
		raw, err := os.ReadFile(file)
		must(t, err)
		text := string(raw)
		for i := range from {
			text = strings.ReplaceAll(text, from[i], to[i])
		}
		must(t, os.WriteFile(file, []byte(text), 0o600))
	}
	return string(l)
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// run opens and runs the CA of dir until the returned function, or the end of the test.
func run(t *testing.T, dir string, cfg Config) (*CA, func()) {
	t.Helper()
	c, err := Open(dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(stop)
	return c, stop
}

// ask asks a responder over HTTP, as a stapler does.
func ask(t *testing.T, url string, cert, issuer *x509.Certificate, hash crypto.Hash) (*ocsp.Response, error) {
	t.Helper()
	req, err := ocsp.CreateRequest(cert, issuer, &ocsp.RequestOptions{Hash: hash})
	if err != nil {
		t.Fatal(err)
	}
	return exchange(t, url, req, cert, issuer)
}

func exchange(t *testing.T, url string, req []byte, cert, issuer *x509.Certificate) (*ocsp.Response, error) {
	t.Helper()
	hr, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(req))
	if err != nil {
		t.Fatal(err)
	}
	hr.Header.Set("Content-Type", "application/ocsp-request")
	resp, err := http.DefaultClient.Do(hr)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return ocsp.ParseResponseForCert(body, cert, issuer)
}

// within says whether t lies between two times, to the second.
func within(t, from, to time.Time) bool {
	return !t.Before(from.Truncate(time.Second)) && !t.After(to)
}
