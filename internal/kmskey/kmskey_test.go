// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.step.sm/crypto/pemutil"

	"github.com/stapledjwt/stapled/internal/testca"
)

func TestIsURI(t *testing.T) {
	for name, want := range map[string]bool{
		"pkcs11:token=a;object=b": true, "softkms:path=/a": true, "PKCS11:token=a": true, "awskms:key-id=a": true,
		"": false, "ocsp.key": false, "/etc/ocsp.key": false, "./pkcs11:a": false, `C:\ocsp.key`: false, ":a": false, "dir/a:b": false,
	} {
		if got := IsURI(name); got != want {
			t.Errorf("IsURI(%q) = %t", name, got)
		}
	}
}

// TestFile: keys in files, plain and encrypted.
func TestFile(t *testing.T) {
	key := testca.Key(testca.P256, "delegate")
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err := pemutil.EncryptPKCS8PrivateKey(rand.Reader, der, []byte("correct horse"), x509.PEMCipherAES256)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, block *pem.Block) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		return "softkms:path=" + file
	}
	plainURI := write("plain", &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	encryptedURI := write("encrypted", encrypted)
	for _, row := range []struct {
		name, uri, password, says string // says is nothing for a key
	}{
		{"plain", plainURI, "", ""},
		{"encrypted", encryptedURI, "correct horse", ""},
		{"a wrong password", encryptedURI, "battery staple", "error"},
		{"no file", "softkms:path=" + filepath.Join(t.TempDir(), "none"), "", "no such file"},
		{"no path", "softkms:a=b", "", "softkms:path=FILE"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var password []byte
			if row.password != "" {
				password = []byte(row.password)
			}
			opened, err := Open(t.Context(), row.uri, password)
			if row.says != "" {
				if err == nil || opened != nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "battery staple") {
					t.Errorf("got %v, %v, want an error that says %q", opened, err, row.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			digest := sha256.Sum256([]byte("a"))
			if _, err := opened.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
				t.Error(err)
			}
			if !opened.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(key.Public()) {
				t.Error("another key")
			}
			if err := opened.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestOpenRefuses: one line that says what to do, and never the PIN.
func TestOpenRefuses(t *testing.T) {
	device := func(text string) string { // what a program without cgo says before all else
		if hasCgo {
			return text
		}
		return "built without cgo"
	}
	for _, row := range []struct{ name, uri, says string }{
		{"another scheme", "awskms:key-id=a?pin-value=hunter2", `scheme "awskms": this program knows pkcs11: and softkms:`},
		{"no key", "pkcs11:token=a?pin-value=hunter2", device("add object=NAME or id=HEX")},
		{"no token", "pkcs11:object=a?pin-value=hunter2", device("token")},
		{"no module", "pkcs11:module-path=/none.so;token=a;object=b?pin-value=hunter2", device("check module-path, token and PIN")},
		{"an escaped PIN", "pkcs11:module-path=/none.so;token=a;object=b?pin-value=hunter%32", device("check module-path, token and PIN")},
		{"no file with the PIN", "pkcs11:module-path=/none.so;token=a;object=b?pin-source=/none/pin", device("open /none/pin: no such file")},
		{"a PIN in the wrong place", "pkcs11:module-path=/none.so;token=a;object=b;pin-value=hunter2", device("check module-path, token and PIN")},
		{"not a URI", "pkcs11:%zz?pin-value=hunter2", device("RFC 7512")},
	} {
		t.Run(row.name, func(t *testing.T) {
			key, err := Open(t.Context(), row.uri, nil)
			if err == nil || key != nil {
				t.Fatalf("got %v, %v", key, err)
			}
			if text := err.Error(); !strings.Contains(text, row.says) || strings.Contains(text, "hunter") || strings.Contains(text, "\n") {
				t.Errorf("error is not one line that says %q without the PIN: %q", row.says, text)
			}
		})
	}
}
