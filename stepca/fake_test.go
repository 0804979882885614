// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/stapledjwt/stapled/internal/testca"
)

const (
	provisionerName = "admin"
	password        = "correct horse"
)

// fakeCA answers as step-ca does, unless a test sets another handler for a
// path. Package ca tests the client against the real one.
type fakeCA struct {
	root, intermediate *testca.Party
	url                string
	handlers           map[string]http.HandlerFunc
	key                jose.JSONWebKey
}

func newFakeCA(t *testing.T) *fakeCA {
	t.Helper()
	now := time.Now()
	valid := testca.Valid(now.Add(-time.Hour), now.Add(time.Hour))
	f := &fakeCA{root: testca.New(valid)}
	f.intermediate = f.root.Intermediate(valid)
	f.key = jose.JSONWebKey{Key: testca.Key(testca.P256, "provisioner"), Algorithm: "ES256", KeyID: "k"}
	server := f.intermediate.Leaf(valid, func(t *testca.Template) {
		t.IPAddresses, t.ExtKeyUsage = []net.IP{net.IPv4(127, 0, 0, 1)}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	sum := sha256.Sum256(f.root.Cert.Raw)
	f.handlers = map[string]http.HandlerFunc{
		"/health":                             reply(http.StatusOK, `{"status":"ok"}`),
		"/roots":                              answer(http.StatusCreated, map[string]any{"crts": []string{pemOf(f.root.Cert)}}),
		"/1.0/sign":                           f.sign,
		"/1.0/rekey":                          f.sign,
		"/1.0/revoke":                         reply(http.StatusOK, `{"status":"ok"}`),
		"/provisioners":                       f.provisioners(t),
		"/root/" + hex.EncodeToString(sum[:]): answer(http.StatusOK, map[string]any{"ca": pemOf(f.root.Cert)}),
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, ok := f.handlers[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		handler(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // some handshakes must fail
	s.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, Certificates: []tls.Certificate{{
		Certificate: [][]byte{server.Cert.Raw, f.intermediate.Cert.Raw}, PrivateKey: server.Key,
	}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	f.url = s.URL
	return f
}

func (f *fakeCA) config() Config {
	return Config{URL: f.url, Root: f.root.Cert, Provisioner: provisionerName, Password: []byte(password)}
}

// client returns a client with the configuration edited by change.
func (f *fakeCA) client(t *testing.T, change func(*Config)) *Client {
	t.Helper()
	cfg := f.config()
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// provisioners has two pages. The requested one is on the second, after a
// namesake of another type.
func (f *fakeCA) provisioners(t *testing.T) http.HandlerFunc {
	t.Helper()
	plain, err := json.Marshal(f.key)
	if err != nil {
		t.Fatal(err)
	}
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.PBES2_HS256_A128KW, Key: []byte(password), PBES2Count: 1000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	object, err := encrypter.Encrypt(plain)
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		page := map[string]any{"nextCursor": "a b", "provisioners": []any{map[string]any{"type": "ACME", "name": provisionerName, "encryptedKey": "none"}}}
		if r.URL.Query().Get("cursor") == "a b" {
			page = map[string]any{"nextCursor": "", "provisioners": []any{map[string]any{"type": "JWK", "name": provisionerName, "encryptedKey": encrypted}}}
		}
		answer(http.StatusOK, page)(w, r)
	}
}

// sign certifies the key of the request for the first DNS name in it.
func (f *fakeCA) sign(w http.ResponseWriter, r *http.Request) {
	csr, err := requestIn(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	leaf := f.intermediate.Leaf(func(t *testca.Template) {
		t.PublicKey, t.DNSNames, t.URIs = csr.PublicKey, csr.DNSNames, csr.URIs
		t.NotBefore, t.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(time.Minute)
	})
	answer(http.StatusCreated, map[string]any{"certChain": []string{pemOf(leaf.Cert), pemOf(f.intermediate.Cert), pemOf(f.root.Cert)}})(w, r)
}

// requestIn returns the certificate request in an HTTP request.
func requestIn(r *http.Request) (*x509.CertificateRequest, error) {
	var in struct{ CSR string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(in.CSR))
	if block == nil {
		return nil, errors.New("no PEM")
	}
	return x509.ParseCertificateRequest(block.Bytes)
}

func pemOf(cert *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // a client that has gone fails its own test
	}
}

func answer(status int, body any) http.HandlerFunc {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return reply(status, string(raw))
}
