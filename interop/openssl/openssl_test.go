// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package openssl runs stapled against `openssl ca` and `openssl ocsp -port`.
package openssl

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stapledjwt/stapled/interop"
)

// settings are what `openssl ca` needs to know.
const settings = `[ca]
default_ca = interop
[interop]
database = %[1]s/index.txt
new_certs_dir = %[1]s
serial = %[1]s/serial
certificate = %[1]s/root.pem
private_key = %[1]s/root.key
default_md = sha256
default_days = 1
policy = any
unique_subject = no
x509_extensions = service
[any]
commonName = supplied
[service]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectAltName = DNS:%[2]s
authorityKeyIdentifier = keyid
authorityInfoAccess = OCSP;URI:%[3]s
`

func TestOpenSSL(t *testing.T) {
	key := interop.NewKey(t)
	root := interop.NewRoot(t, key)
	dir, url := t.TempDir(), "http://"+freeAddress(t)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	encode := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	write("root.pem", encode("CERTIFICATE", root.Raw))
	write("root.key", encode("PRIVATE KEY", private))
	write("index.txt", nil)
	write("serial", []byte("1000\n"))
	write("ca.cnf", fmt.Appendf(nil, settings, dir, interop.Name, url))
	run := func(tb testing.TB, arguments ...string) {
		tb.Helper()
		command := exec.Command("openssl", arguments...)
		command.Dir = dir
		if out, err := command.CombinedOutput(); err != nil {
			tb.Fatalf("openssl %s: %v\n%s", arguments[0], err, out)
		}
	}
	serve(t, dir, url)

	interop.Test(t, interop.CA{
		Anchor: root,
		Issue: func(tb testing.TB, key crypto.Signer) []*x509.Certificate {
			write("leaf.csr", encode("CERTIFICATE REQUEST", interop.NewRequest(tb, key)))
			run(tb, "ca", "-batch", "-notext", "-config", "ca.cnf", "-in", "leaf.csr", "-out", "leaf.pem")
			raw, err := os.ReadFile(filepath.Join(dir, "leaf.pem"))
			if err != nil {
				tb.Fatal(err)
			}
			block, _ := pem.Decode(raw)
			if block == nil {
				tb.Fatalf("openssl ca wrote no certificate: %s", raw)
			}
			return []*x509.Certificate{interop.Parse(tb, block.Bytes)}
		},
		Revoke: func(tb testing.TB, _ *x509.Certificate) {
			run(tb, "ca", "-config", "ca.cnf", "-revoke", "leaf.pem", "-crl_reason", "keyCompromise")
		},
	})
}

// freeAddress returns an address that nothing listens on: `openssl ocsp` does
// not say which port the kernel has chosen.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// serve runs the responder until the test ends. It may not listen yet: the stapler
// asks again.
func serve(t *testing.T, dir, url string) {
	t.Helper()
	_, port, err := net.SplitHostPort(url[len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, "openssl", "ocsp", "-port", port, "-index", "index.txt", "-CA", "root.pem",
		"-rsigner", "root.pem", "-rkey", "root.key", "-nmin", "1", "-ignore_err")
	command.Dir = dir
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
}
