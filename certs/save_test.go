// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/exhaustive"
	"github.com/stapledjwt/stapled/internal/testca"
)

// newIdentity makes an identity. Identities of the same kind share a key.
func newIdentity(t *testing.T, kind testca.Kind) *certs.Identity {
	t.Helper()
	leaf := testca.New().Intermediate().Leaf(testca.Keyed(kind))
	id, err := certs.NewIdentity(leaf.Chain(), leaf.Key)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// savedFiles returns what Save writes.
func savedFiles(t *testing.T, id *certs.Identity) (cert, key []byte) {
	t.Helper()
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "c"), filepath.Join(dir, "k")
	if err := id.Save(certFile, keyFile); err != nil {
		t.Fatal(err)
	}
	cert, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	if key, err = os.ReadFile(keyFile); err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// TestSaveInterrupted: a crash at any step of Save leaves either the old
// identity or the new one. The names of the waiting files are those that Save
// uses.
func TestSaveInterrupted(t *testing.T) {
	old, fresh, stranger := newIdentity(t, testca.P256), newIdentity(t, testca.P384), newIdentity(t, testca.Ed25519)
	oldCert, oldKey := savedFiles(t, old)
	newCert, newKey := savedFiles(t, fresh)
	strangeCert, _ := savedFiles(t, stranger)
	const waitingCert, waitingKey = ".cert.pem.1.new", ".key.pem.1.new"
	type files map[string][]byte
	for _, row := range []struct {
		name  string
		files files
		want  *certs.Identity // nil if it is beyond recovery
	}{
		{"nothing yet", files{"cert.pem": oldCert, "key.pem": oldKey}, old},
		{"key half written", files{"cert.pem": oldCert, "key.pem": oldKey, waitingKey: newKey[:50]}, old},
		{"key written", files{"cert.pem": oldCert, "key.pem": oldKey, waitingKey: newKey}, old},
		{"certificate half written", files{"cert.pem": oldCert, "key.pem": oldKey, waitingKey: newKey, waitingCert: newCert[:50]}, old},
		{"both written", files{"cert.pem": oldCert, "key.pem": oldKey, waitingKey: newKey, waitingCert: newCert}, old},
		{"key replaced", files{"cert.pem": oldCert, "key.pem": newKey, waitingCert: newCert}, fresh},
		{"only the certificate replaced", files{"cert.pem": newCert, "key.pem": oldKey, waitingKey: newKey}, fresh},
		{"both replaced", files{"cert.pem": newCert, "key.pem": newKey}, fresh},
		{"first save, key replaced", files{"key.pem": newKey, waitingCert: newCert}, fresh},
		{"first save, only the certificate replaced", files{"cert.pem": newCert, waitingKey: newKey}, fresh},
		{"first save, both written", files{waitingKey: newKey, waitingCert: newCert}, nil},
		{"key replaced, a stranger waits too", files{"cert.pem": oldCert, "key.pem": newKey, ".cert.pem.0.new": strangeCert, waitingCert: newCert}, fresh},
		{"half of another pair", files{"cert.pem": oldCert, "key.pem": newKey}, nil},
		{"half of another pair, a stranger waits", files{"cert.pem": oldCert, "key.pem": newKey, waitingCert: strangeCert}, nil},
		{"half of another pair, garbage waits", files{"cert.pem": oldCert, "key.pem": newKey, waitingCert: []byte("garbage")}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, data := range row.files {
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
			got, err := certs.LoadIdentity(certFile, keyFile)
			switch {
			case row.want == nil && err == nil:
				t.Errorf("loaded an identity of %v", got.Leaf().Subject)
			case row.want != nil && (err != nil || !got.Leaf().Equal(row.want.Leaf())):
				t.Errorf("got %v, %v", got, err)
			}
			// The next Save works, and leaves only its two files.
			next := newIdentity(t, testca.Ed25519)
			if err := next.Save(certFile, keyFile); err != nil {
				t.Fatal(err)
			}
			if got, err := certs.LoadIdentity(certFile, keyFile); err != nil || !got.Leaf().Equal(next.Leaf()) {
				t.Errorf("saved again: got %v, %v", got, err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}

// TestLoadIdentityTransient: an unreadable file is not a missing file, and
// callers must not conclude that there is no identity.
func TestLoadIdentityTransient(t *testing.T) {
	cert, key := savedFiles(t, newIdentity(t, testca.P256))
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, data := range map[string][]byte{certFile: cert, filepath.Join(dir, ".key.pem.1.new"): key} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(keyFile, 0o700); err != nil { // reading it fails, also for root
		t.Fatal(err)
	}
	var reading *fs.PathError
	if _, err := certs.LoadIdentity(certFile, keyFile); !errors.As(err, &reading) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := newIdentity(t, testca.P256).Save(certFile, keyFile); !errors.As(err, &reading) {
		t.Errorf("Save: %v", err)
	}
	if got, err := os.ReadFile(certFile); err != nil || !bytes.Equal(got, cert) {
		t.Errorf("the certificate was replaced: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".key.pem.1.new")); err != nil {
		t.Errorf("what may be needed was removed: %v", err)
	}
}

// TestSaveTogether: of several concurrent saves, one is last with both files,
// and readers always find an identity.
func TestSaveTogether(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if err := newIdentity(t, testca.P256).Save(certFile, keyFile); err != nil {
		t.Fatal(err)
	}
	saves := exhaustive.Of(t, 25, 5)
	var savers, readers sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := certs.LoadIdentity(certFile, keyFile); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for _, kind := range []testca.Kind{testca.P256, testca.P384, testca.P521, testca.Ed25519} {
		id := newIdentity(t, kind)
		savers.Go(func() {
			for range saves {
				if err := id.Save(certFile, keyFile); err != nil {
					t.Error(err)
				}
			}
		})
	}
	savers.Wait()
	close(done)
	readers.Wait()
	if _, err := certs.LoadIdentity(certFile, keyFile); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", fmt.Sprint(entries), err)
	}
}

// TestSaveToOneFile: certificates and key, in one step.
func TestSaveToOneFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "identity.pem")
	if err := newIdentity(t, testca.P256).Save(name, filepath.Dir(name)+"/./identity.pem"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		kinds = append(kinds, block.Type)
	}
	if got := strings.Join(kinds, ", "); got != "CERTIFICATE, CERTIFICATE, PRIVATE KEY" {
		t.Errorf("holds %s", got)
	}
}

// TestWriteFileCleansUp: WriteFile removes what a crash left beside the file.
func TestWriteFileCleansUp(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".staple.1.new", ".staple.77.new", ".other.1.new", ".staple.new", "staple.1.new"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := certs.WriteFile(filepath.Join(dir, "staple"), []byte("x")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != ".other.1.new .staple.new staple staple.1.new" {
		t.Errorf("left: %s", got)
	}
}
