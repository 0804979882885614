// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
)

// must returns the value of a call that cannot fail here.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// TestForeignFiles: for any kind of file, one line says what it is and what to
// do.
func TestForeignFiles(t *testing.T) {
	leaf := testca.New().Leaf()
	chain := pemOf(leaf.Cert)
	pkcs8 := must(x509.MarshalPKCS8PrivateKey(leaf.Key))
	public := must(x509.MarshalPKIXPublicKey(leaf.Key.Public()))
	request := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "a"}}, leaf.Key))
	type contentInfo struct{ Type asn1.ObjectIdentifier }
	pkcs7 := must(asn1.Marshal(contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}}))
	pkcs12 := must(asn1.Marshal(struct {
		Version int
		Safe    contentInfo
	}{3, contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}}}))
	var utf16LE bytes.Buffer
	for _, unit := range append([]uint16{0xfeff}, utf16.Encode([]rune(string(chain)))...) {
		utf16LE.Write([]byte{byte(unit), byte(unit >> 8)})
	}
	with := func(newline string) []byte { return bytes.ReplaceAll(chain, []byte("\n"), []byte(newline)) }
	damaged := slices.Clone(chain)
	damaged[100] = '!'

	// Files that are not PEM: neither a certificate nor a key.
	for _, row := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "it is empty"},
		{"white space", []byte(" \n"), "it is empty"},
		{"newlines lost", with(""), "whose lines run together; keep its newlines"},
		{"newlines became spaces", with(" "), "whose lines run together; keep its newlines"},
		{"newlines became backslash n", with(`\n`), `with \n in place of newlines`},
		{"indented", append([]byte("  "), with("\n  ")...), "whose lines are indented"},
		{"cut off", chain[:200], "cut off"},
		{"damaged", damaged, "damaged PEM"},
		{"UTF-16", utf16LE.Bytes(), "UTF-16; save it as"},
		{"certificate in DER", leaf.Cert.Raw, "a certificate in DER; convert it with `openssl x509 -inform DER`"},
		{"key in DER", pkcs8, "a private key in DER; convert it with `openssl pkey -inform DER`"},
		{"public key in DER", public, "a public key in DER"},
		{"request in DER", request, "a certificate request in DER"},
		{"PKCS #7", pkcs7, "PKCS #7 in DER; convert it with"},
		{"PKCS #12", pkcs12, "PKCS #12; convert it with `openssl pkcs12`"},
		{"other DER", []byte{0x30, 0}, "something else in DER"},
		{"key store", []byte("\xfe\xed\xfe\xed\x00"), "a key store of Java"},
		{"OpenSSH", []byte("ssh-ed25519 AAAA"), "a public key in the format of OpenSSH"},
		{"token", []byte("eyJhbGciOiJFUzI1NiJ9.e30.AA"), "a token"},
		{"JWK", []byte(`{"kty":"EC"}`), "JSON"},
		{"base64 alone", []byte(base64.StdEncoding.EncodeToString(leaf.Cert.Raw)), "base64 without the lines"},
		{"text", []byte("nothing"), "it is not PEM"},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := write(t, row.data)
			_, err := certs.LoadChain(file)
			expect(t, err, file+": holds no PEM certificate: it is ", row.want)
			_, err = certs.LoadIdentity(write(t, chain), file)
			expect(t, err, file+": holds no PEM private key: it is ", row.want)
		})
	}

	// Files that are PEM, but not what the caller wants.
	for _, row := range []struct {
		name, file, want string
		load             func(string) error
	}{
		{"request for certificate", write(t, block("CERTIFICATE REQUEST", request)), "holds a certificate request, to which", loadChain},
		{"public key for certificate", write(t, block("PUBLIC KEY", public)), "holds a public key where only certificates belong", loadChain},
		{"key for certificate", write(t, block("PRIVATE KEY", pkcs8)), "holds no PEM certificate, but a private key", loadChain},
		{"other block", write(t, block("X509 CRL", nil)), `holds a PEM block "X509 CRL" where only`, loadChain},
		{"second block damaged", write(t, slices.Concat(chain, with(" "))), "only 1 of its 2 PEM blocks can be decoded", loadChain},
		{"certificate for key", write(t, chain), "holds no PEM private key, but a certificate", nil},
		{"public key for key", write(t, block("PUBLIC KEY", public)), "holds no PEM private key, but a public key", nil},
		{"OpenSSH key", write(t, block("OPENSSH PRIVATE KEY", nil)), "but a private key in the format of OpenSSH", nil},
		{"unreadable key", write(t, block("PRIVATE KEY", []byte{0x30, 0})), "the private key is unreadable", nil},
		{"anchors with a key", write(t, slices.Concat(pemOf(leaf.Issuer.Cert), block("PRIVATE KEY", pkcs8))), "holds a private key besides", func(file string) error {
			_, err := certs.LoadAnchors(file)
			return err
		}},
		{"directory", t.TempDir(), "is a directory", loadChain},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.load == nil {
				row.load = func(file string) error {
					_, err := certs.LoadIdentity(write(t, chain), file)
					return err
				}
			}
			expect(t, row.load(row.file), row.file+": ", row.want)
		})
	}
}

func loadChain(file string) error {
	_, err := certs.LoadChain(file)
	return err
}

func expect(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v, want %q", err, part)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%v: more than a line", err)
	}
}

// TestIdentityInOneFile: certificates and key, in any order.
func TestIdentityInOneFile(t *testing.T) {
	root := testca.New()
	leaf := root.Intermediate().Leaf()
	chain, all := pemOf(leaf.Chain()...), pemOf(append(leaf.Chain(), root.Cert)...)
	key := block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(leaf.Key)))
	sec1 := block("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(leaf.Key.(*ecdsa.PrivateKey))))
	parameters := block("EC PARAMETERS", must(asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7})))
	for _, row := range []struct {
		name   string
		data   []byte
		anchor *x509.Certificate
	}{
		{"chain before key", slices.Concat(chain, key), nil},
		{"key before chain", slices.Concat(key, chain), nil},
		{"with parameters", slices.Concat(parameters, sec1, chain), nil},
		{"key with another label", slices.Concat(bytes.ReplaceAll(sec1, []byte("EC PRIVATE"), []byte("RSA PRIVATE")), chain), nil},
		{"with the anchor", slices.Concat(all, key), root.Cert},
		{"CRLF", bytes.ReplaceAll(slices.Concat(key, chain), []byte("\n"), []byte("\r\n")), nil},
		{"byte order mark", slices.Concat([]byte("\ufeff"), chain, key), nil},
		{"text around", slices.Concat([]byte("Bag Attributes\n"), chain, []byte("subject=x\n"), key), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := write(t, row.data)
			for _, keyFile := range []string{file, ""} {
				id, err := certs.LoadIdentity(file, keyFile)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.EqualFunc(id.Chain, leaf.Chain(), (*x509.Certificate).Equal) || !id.Anchor.Equal(row.anchor) {
					t.Errorf("%d certificates, anchor %v", len(id.Chain), id.Anchor)
				}
			}
		})
	}
	_, err := certs.LoadIdentity(write(t, chain), "")
	expect(t, err, "holds no PEM private key, but a certificate")
	_, err = certs.LoadIdentity(write(t, pemOf(leaf.Issuer.Cert, leaf.Cert)), write(t, key))
	expect(t, err, `the private key is the one of certificate 1, "CN=client": put the leaf first`)
	if !errors.Is(err, stapled.KeyMismatch) {
		t.Error(err)
	}
}

// TestEncryptedKeys: both ways to encrypt a key in a PEM file.
func TestEncryptedKeys(t *testing.T) {
	for _, name := range []string{"pkcs8", "traditional"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", "encrypted_"+name+".pem")
			if _, err := certs.LoadEncryptedIdentity(file, "", []byte("correct")); err != nil {
				t.Error(err)
			}
			id, err := certs.LoadIdentity(file, "")
			if !errors.Is(err, certs.ErrEncrypted) || id != nil {
				t.Errorf("without a password: %v", err)
			}
			// Of 300 wrong passwords, one or two yield valid padding.
			for i := range 300 {
				id, err := certs.LoadEncryptedIdentity(file, "", []byte{'w', byte(i), byte(i >> 8)})
				if !errors.Is(err, certs.ErrPassword) || id != nil {
					t.Fatalf("wrong password %d: %v", i, err)
				}
			}
		})
	}
	leaf := testca.New().Leaf()
	plain := write(t, slices.Concat(pemOf(leaf.Cert), block("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(leaf.Key)))))
	if _, err := certs.LoadEncryptedIdentity(plain, "", []byte("correct")); err != nil {
		t.Errorf("a key that is not encrypted: %v", err)
	}
}
