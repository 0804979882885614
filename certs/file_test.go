// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
)

func pemOf(chain ...*x509.Certificate) []byte {
	var all []byte
	for _, c := range chain {
		all = append(all, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return all
}

func write(t *testing.T, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestLoadChain(t *testing.T) {
	leaf := testca.New().Intermediate().Leaf()
	good := pemOf(leaf.Chain()...)
	corrupt := slices.Clone(good)
	corrupt[len(corrupt)-60] = '!' // in the base64 of the second certificate
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{0}})
	rows := []struct {
		name string
		data []byte
		want int // certificates, or 0 for an error
	}{
		{"chain", good, 2},
		{"text_around", slices.Concat([]byte("subject: leaf\n"), good, []byte("\n# the end\n")), 2},
		{"empty", nil, 0},
		{"DER", leaf.Cert.Raw, 0},
		{"key_among_them", slices.Concat(key, good), 2},
		{"key_alone", key, 0},
		{"certificate_of_another_type", slices.Concat(good, pem.EncodeToMemory(&pem.Block{Type: "TRUSTED CERTIFICATE", Bytes: leaf.Cert.Raw})), 0},
		{"certificate_that_is_none", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{0x30, 0}}), 0},
		{"second_certificate_corrupt", corrupt, 0},
		{"second_certificate_cut_off", good[:len(good)-40], 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			file := write(t, row.data)
			chain, err := certs.LoadChain(file)
			if len(chain) != row.want || (err == nil) != (row.want > 0) {
				t.Errorf("%d certificates, %v", len(chain), err)
			}
			if err != nil && !strings.Contains(err.Error(), file) {
				t.Errorf("the error does not name the file: %v", err)
			}
		})
	}
	if _, err := certs.LoadChain(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestLoadAnchors(t *testing.T) {
	root := testca.New()
	other := testca.New(testca.Named("Other"))
	anchors, err := certs.LoadAnchors(write(t, pemOf(root.Cert, other.Cert, root.Cert)))
	if err != nil {
		t.Fatal(err)
	}
	if all := anchors.All(); len(all) != 2 || !all[0].Certificates()[0].Equal(root.Cert) || !all[1].Certificates()[0].Equal(other.Cert) {
		t.Errorf("%d anchors", len(all))
	}
	if anchors.Of(root.Cert) != anchors.All()[0] || anchors.Of(root.Leaf().Cert) != nil {
		t.Error("Of is wrong")
	}
	anchors.All()[0] = nil
	if anchors.All()[0] == nil {
		t.Error("the caller can change the anchors")
	}
	if _, err := certs.LoadAnchors(write(t, pemOf(root.Leaf().Cert))); err == nil {
		t.Error("a leaf became an anchor")
	}
	if _, err := certs.LoadAnchors(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestIdentityFiles(t *testing.T) {
	for _, kind := range testca.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			leaf := testca.New().Intermediate().Leaf(testca.Keyed(kind))
			id, err := certs.NewIdentity(leaf.Chain(), leaf.Key)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
			if err := id.Save(certFile, keyFile); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{certFile, keyFile} {
				if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
					t.Errorf("%s: %v, %v", name, info.Mode(), err)
				}
			}
			loaded, err := certs.LoadIdentity(certFile, keyFile)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(loaded.Chain, id.Chain, (*x509.Certificate).Equal) || !loaded.Leaf().Equal(leaf.Cert) {
				t.Error("another chain")
			}
		})
	}
}

// opaque is a key that never leaves its device.
type opaque struct{ crypto.Signer }

// If one of the files cannot be written, Save returns an error and leaves no
// certificate without its key.
func TestSaveFails(t *testing.T) {
	leaf := testca.New().Leaf()
	dir := t.TempDir()
	absent := filepath.Join(dir, "absent", "file.pem")
	for name, row := range map[string]struct {
		key               crypto.Signer
		certFile, keyFile string
	}{
		"key_that_cannot_be_exported": {opaque{leaf.Key}, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")},
		"no_directory_for_the_key":    {leaf.Key, filepath.Join(dir, "cert.pem"), absent},
	} {
		t.Run(name, func(t *testing.T) {
			id, err := certs.NewIdentity(leaf.Chain(), row.key)
			if err != nil {
				t.Fatal(err)
			}
			if err := id.Save(row.certFile, row.keyFile); err == nil {
				t.Error("no error")
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}

func TestLoadIdentity(t *testing.T) {
	root := testca.New()
	leaf := root.Leaf()
	rsaLeaf := root.Leaf(testca.Keyed(testca.RSA2048))
	block := func(kind string, der []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(leaf.Key)
	p8 := block("PRIVATE KEY", pkcs8, err)
	sec1, err := x509.MarshalECPrivateKey(leaf.Key.(*ecdsa.PrivateKey))
	ec := block("EC PRIVATE KEY", sec1, err)
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	agreement, err := x509.MarshalPKCS8PrivateKey(x25519)
	rows := []struct {
		name  string
		chain []byte
		key   []byte
		says  string // in the error; "" if there is none
	}{
		{"PKCS8", pemOf(leaf.Cert), p8, ""},
		{"SEC1", pemOf(leaf.Cert), ec, ""},
		{"SEC1_after_its_parameters", pemOf(leaf.Cert), append(block("EC PARAMETERS", []byte{5, 0}, nil), ec...), ""},
		{"PKCS1", pemOf(rsaLeaf.Cert), block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaLeaf.Key.(*rsa.PrivateKey)), nil), ""},
		{"root_at_the_end", pemOf(leaf.Cert, root.Cert), p8, ""},
		{"key_of_another", pemOf(rsaLeaf.Cert), p8, "key_mismatch"},
		{"no_key", pemOf(leaf.Cert), pemOf(leaf.Cert), "no PEM private key"},
		{"encrypted", pemOf(leaf.Cert), block("ENCRYPTED PRIVATE KEY", []byte{0}, nil), "encrypted"},
		{"key_that_is_none", pemOf(leaf.Cert), block("PRIVATE KEY", []byte{0}, nil), "asn1"},
		{"key_that_does_not_sign", pemOf(leaf.Cert), block("PRIVATE KEY", agreement, err), "does not sign"},
		{"no_certificate", nil, p8, "no PEM certificate"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			certFile, keyFile := write(t, row.chain), write(t, row.key)
			id, err := certs.LoadIdentity(certFile, keyFile)
			switch {
			case row.says == "" && (err != nil || len(id.Chain) != 1):
				t.Errorf("%v, %v", id, err)
			case row.says != "" && (id != nil || err == nil || !strings.Contains(err.Error(), row.says)):
				t.Errorf("%v, %v", id, err)
			}
		})
	}
	if _, err := certs.LoadIdentity(write(t, pemOf(leaf.Cert)), filepath.Join(t.TempDir(), "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// Readers see either the old content or the new, complete; obstacles stay, and
// nothing is left behind.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	if err := os.WriteFile(name, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	contents := [][]byte{bytes.Repeat([]byte("a"), 1<<16), bytes.Repeat([]byte("b"), 1<<17)}
	if err := certs.WriteFile(name, contents[0]); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	var writers sync.WaitGroup
	for _, content := range contents {
		writers.Go(func() {
			for range 20 {
				if err := certs.WriteFile(name, content); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 200 {
		got, err := os.ReadFile(name)
		if err != nil || !slices.ContainsFunc(contents, func(c []byte) bool { return bytes.Equal(c, got) }) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
	writers.Wait()

	if err := os.Mkdir(filepath.Join(dir, "directory"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := certs.WriteFile(filepath.Join(dir, "directory"), nil); err == nil {
		t.Error("a directory was replaced by a file")
	}
	if err := certs.WriteFile(filepath.Join(dir, "absent", "file"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", fmt.Sprint(entries), err)
	}
}
