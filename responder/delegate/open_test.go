// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package delegate_test

import (
	"crypto"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder/delegate"
)

// request asks for the status of a certificate of the issuer.
func request(t *testing.T, issuer *testca.Party) []byte {
	t.Helper()
	der, err := ocsp.CreateRequest(issuer.Leaf().Cert, issuer.Cert, nil)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestOpen(t *testing.T) {
	for _, row := range []struct {
		name    string
		prepare func(s *scene)
		obtains bool
	}{
		{"no files", func(*scene) {}, true},
		{"a good delegate", func(s *scene) { s.must(s.issue().Save(s.cert, s.key)) }, false},
		{"an expired one", func(s *scene) {
			s.must(s.issue(testca.Valid(time.Now().Add(-life), time.Now().Add(-time.Hour))).Save(s.cert, s.key))
		}, true},
		{"a certificate that is no delegate", func(s *scene) {
			s.must(s.issue(func(t *testca.Template) { t.ExtKeyUsage = nil }).Save(s.cert, s.key))
		}, true},
		{"a torn pair", func(s *scene) {
			s.must(s.issue().Save(s.cert, s.key))
			s.must(s.issue().Save(s.cert+".other", s.key))
		}, true},
		{"no key", func(s *scene) {
			s.must(s.issue().Save(s.cert, s.key))
			s.must(os.Remove(s.key))
		}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newScene(t)
			row.prepare(s)
			id := s.open(nil).Current()
			cert, signer := id.Leaf(), id.Key
			if (len(s.obtained) > 0) != row.obtains {
				t.Errorf("%d were obtained", len(s.obtained))
			}
			if !s.inFiles().Equal(cert) || !signer.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(cert.PublicKey) {
				t.Error("the files or the key differ")
			}
			for _, file := range []string{s.cert, s.key} {
				info, err := os.Stat(file)
				s.must(err)
				if info.Mode().Perm() != 0o600 {
					t.Errorf("%s has mode %s", file, info.Mode())
				}
			}
			if len(s.changes) != 0 {
				t.Error("Open called use")
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	follow := func(cfg *delegate.Config) { cfg.Obtain = nil }
	for _, row := range []struct {
		name   string
		change func(s *scene, cfg *delegate.Config)
		says   string
		is     error
	}{
		{"no issuer", func(_ *scene, cfg *delegate.Config) { cfg.Issuer = nil }, "Config.Issuer is nil", nil},
		{"no certificate file", func(_ *scene, cfg *delegate.Config) { cfg.CertFile = "" }, "Config.CertFile is empty", nil},
		{"no key file", func(_ *scene, cfg *delegate.Config) { cfg.KeyFile = "" }, "Config.KeyFile is empty", nil},
		{"two keys", func(_ *scene, cfg *delegate.Config) { cfg.Key = testca.Key(testca.P256, "device") }, "a Key and also KeyFile", nil},
		{"a password for what is written plain", func(_ *scene, cfg *delegate.Config) { cfg.Password = []byte("x") }, "Obtain and Password", nil},
		{"the CA is down", func(s *scene, _ *delegate.Config) { s.down = errors.New("connection refused") }, "connection refused", nil},
		{"the CA sends no delegate", func(s *scene, _ *delegate.Config) { s.edit = func(t *testca.Template) { t.ExtKeyUsage = nil } }, "OCSPSigning", nil},
		{"no directory", func(s *scene, cfg *delegate.Config) { cfg.CertFile = s.cert + "/none/ocsp.crt" }, "save it", nil},
		{"a file that cannot be read", func(s *scene, cfg *delegate.Config) { s.must(os.Mkdir(s.cert, 0o700)) }, "is a directory", nil},
		{"nobody obtains, no file", func(_ *scene, cfg *delegate.Config) { follow(cfg) }, "", fs.ErrNotExist},
		{"nobody obtains, an expired file", func(s *scene, cfg *delegate.Config) {
			follow(cfg)
			s.must(s.issue(testca.Valid(time.Now().Add(-life), time.Now().Add(-time.Hour))).Save(s.cert, s.key))
		}, "is valid from", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newScene(t)
			cfg := s.config()
			row.change(s, &cfg)
			k, err := delegate.Open(t.Context(), cfg)
			if err == nil || k != nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v, %v, want an error that says %q", k, err, row.says)
			}
			if row.is != nil && !errors.Is(err, row.is) {
				t.Errorf("got %v, want %v", err, row.is)
			}
		})
	}
}

// TestDeviceKey: the key of a device is never written, and stays the same.
func TestDeviceKey(t *testing.T) {
	s := newScene(t)
	s.device = testca.Key(testca.P256, "device")
	device := func(cfg *delegate.Config) { cfg.Key, cfg.KeyFile = s.device, "" }
	id := s.open(device).Current()
	if id.Key != s.device {
		t.Error("another key")
	}
	if again := s.open(device).Current(); !again.Leaf().Equal(id.Leaf()) || len(s.obtained) != 1 {
		t.Errorf("%d were obtained for one", len(s.obtained))
	}
	entries, err := os.ReadDir(s.cert[:strings.LastIndex(s.cert, "/")])
	s.must(err)
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".key") {
			t.Errorf("%s was written", entry.Name())
		}
	}
	text, err := os.ReadFile(s.cert)
	s.must(err)
	if strings.Contains(string(text), "PRIVATE KEY") {
		t.Error("a private key was written")
	}

	s.device = nil // the CA certifies another key
	s.must(os.Remove(s.cert))
	if _, err := delegate.Open(t.Context(), func() delegate.Config {
		cfg := s.config()
		cfg.Key, cfg.KeyFile = testca.Key(testca.P256, "device"), ""
		return cfg
	}()); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("got %v", err)
	}
}

func TestCheck(t *testing.T) {
	s := newScene(t)
	if err := delegate.Check(s.issue(), s.issuer.Cert); err != nil {
		t.Error(err)
	}
	for name, id := range map[string]*certs.Identity{
		"nil": nil, "no certificate": {}, "no key": {Chain: []*x509.Certificate{s.issue().Leaf()}},
	} {
		if delegate.Check(id, s.issuer.Cert) == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if delegate.Check(s.issue(), nil) == nil {
		t.Error("no issuer: no error")
	}
}
