// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
)

// TestOpen: with a CRL over https from a server of its own root, on real
// addresses, from the start to the end.
func TestOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 24*time.Hour, "Alpha")
	server := httptest.NewTLSServer(http.FileServer(http.Dir(w.dir)))
	defer server.Close()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	w.write("Alpha", "root.pem", server.Certificate().Raw, "CERTIFICATE")
	text, err := os.ReadFile(w.file)
	check(t, err)
	withRoot := strings.Replace(string(text), "file: Alpha/ca.crl", "url: "+server.URL+"/Alpha/ca.crl, root: Alpha/root.pem", 1)
	check(t, certs.WriteFile(w.file, []byte(withRoot)))
	s, err := Open(t.Context(), w.options())
	check(t, err)
	failed := s.Start(t.Context())
	w.Server = s
	w.wantReady()
	w.want("Alpha", "good", "Alpha responder")
	for _, row := range []struct{ url, want string }{
		{s.URL() + "/readyz", "ready\n"},
		{s.MetricsURL(), "# HELP stapled_ocsp_ready 1 if /readyz answers 200"},
	} {
		resp, err := http.Get(row.url)
		check(t, err)
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || !strings.Contains(string(body), row.want) {
			t.Errorf("%s: %d %v %.200s", row.url, resp.StatusCode, err, body)
		}
	}
	address := s.service.Address()
	check(t, s.Close())
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("something still listens")
	}
	select {
	case err := <-failed:
		t.Errorf("an orderly end is no failure: %v", err)
	default:
	}

	// Without its root, the server is a stranger.
	check(t, certs.WriteFile(w.file, []byte(strings.Replace(withRoot, ", root: Alpha/root.pem", "", 1))))
	check(t, os.RemoveAll(filepath.Join(w.dir, "state")))
	w.start()
	defer w.end()
	w.wantReady("gives no answers")
	w.want("Alpha", "try later", "")
}

// TestRefusesFiles: every error names the place in the configuration, whether
// it is checked or used.
func TestRefusesFiles(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, old, new, want string
	}{
		{"no CA", "Alpha/ca.pem", "Alpha/none.pem", "ocsp.yaml:5: certificate: open "},
		{"no certificate of a CA", "certificate: Alpha/ca.pem", "certificate: Alpha/delegate.pem", "the first certificate is not one of a CA: name the file of the CA"},
		{"the root in the place of the intermediate", "certificate: Alpha/ca.pem", "certificate: Beta/ca.pem", "/Beta/ca.pem is the root \"CN=Beta\", and the signer's certificate was issued by \"CN=Alpha\""},
		{"a key of somebody else", "key: Alpha/delegate-key.pem", "key: Beta/delegate-key.pem", "ocsp.yaml:7: key: "},
		{"a delegate of another CA", "certificate: Alpha/delegate.pem, key: Alpha/delegate-key.pem", "certificate: Beta/delegate.pem, key: Beta/delegate-key.pem", "Alpha/ca.pem is the root"},
		{"the key of the CA beside a delegate", "certificate: Alpha/delegate.pem, key", "key", "the private key is not the one of the certificate"},
		{"no password file", "delegate-key.pem}", "delegate-key.pem, password_file: none}", "none"},
		{"no index", "crl: {file: Alpha/ca.crl, poll: 1s}", "index: {file: Alpha/index.txt}", "source index "},
		{"no root", "file: Alpha/ca.crl", "url: https://ca.example/crl, root: Alpha/none.pem", "root: open "},
		{"one CA twice", "authorities:\n", "authorities:\n  - certificate: Alpha/ca.pem\n    sources: [crl: {file: Alpha/ca.crl}]\n    signer: {certificate: Alpha/delegate.pem, key: Alpha/delegate-key.pem}\n", "CN=Alpha is configured twice"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 24*time.Hour, "Alpha", "Beta")
			w.configure("", "Alpha")
			text, err := os.ReadFile(w.file)
			check(t, err)
			changed := strings.Replace(string(text), row.old, row.new, 1)
			if changed == string(text) {
				t.Fatalf("%q is not in the file", row.old)
			}
			check(t, certs.WriteFile(w.file, []byte(changed)))
			cfg, err := ReadFile(w.file)
			check(t, err)
			if err := Check(cfg, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("Check: got %v, want %s", err, row.want)
			}
			if _, err := os.Stat(filepath.Join(w.dir, "state")); err == nil {
				t.Error("Check has made the state directory")
			}
			s, err := Open(t.Context(), w.options())
			if err == nil {
				s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), row.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Open: got %v, want %s", err, row.want)
			}
		})
	}
}

// TestOpenEndsWithItsContext: the CA of the delegate accepts connections and says
// nothing.
func TestOpenEndsWithItsContext(t *testing.T) {
	w := newWorld(t, 24*time.Hour, "Alpha")
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer silent.Close()
	check(t, os.Remove(filepath.Join(w.dir, "Alpha", "delegate.pem")))
	check(t, os.Remove(filepath.Join(w.dir, "Alpha", "delegate-key.pem")))
	check(t, certs.WriteFile(filepath.Join(w.dir, "password"), []byte("secret")))
	text, err := os.ReadFile(w.file)
	check(t, err)
	check(t, certs.WriteFile(w.file, []byte(strings.Replace(string(text), "delegate-key.pem}",
		"delegate-key.pem, renew: {ca_url: 'https://"+silent.Addr().String()+"', root: Alpha/ca.pem, provisioner: ocsp, password_file: password}}", 1))))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if s, err := Open(ctx, w.options()); s != nil || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v", s, err)
	}
}

// TestOpenAddressInUse: the error names the key, and nothing is left behind.
func TestOpenAddressInUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 24*time.Hour, "Alpha")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	text, err := os.ReadFile(w.file)
	check(t, err)
	check(t, certs.WriteFile(w.file, []byte(strings.Replace(string(text), "metrics_address: 127.0.0.1:0", "metrics_address: "+l.Addr().String(), 1))))
	if _, err := Open(t.Context(), w.options()); err == nil || !strings.Contains(err.Error(), "is in use: stop what listens there, or choose another with metrics_address") {
		t.Errorf("got %v", err)
	}
	// The state is free again.
	w.configure("", "Alpha")
	w.start()
	w.end()
}
