// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/smallstep/certificates/api"

	"github.com/stapledjwt/stapled/certs"
)

// What package stepca has no request for, these tests send themselves.

// httpClient trusts the CA and has a certificate, unless that is nil.
func httpClient(t *testing.T, root *x509.Certificate, certificate *tls.Certificate) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(root)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if certificate == nil {
			return new(tls.Certificate), nil
		}
		return certificate, nil
	}}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func clientCertificate(id *certs.Identity) *tls.Certificate {
	certificate := &tls.Certificate{PrivateKey: id.Key}
	for _, cert := range id.Chain {
		certificate.Certificate = append(certificate.Certificate, cert.Raw)
	}
	return certificate
}

// An answered error is an answer that refuses; any other is none.
type answered struct {
	status int
	body   string
}

func (a *answered) Error() string { return fmt.Sprintf("%d: %s", a.status, a.body) }

func post(t *testing.T, client *http.Client, url string, in, out any) error {
	t.Helper()
	body, err := json.Marshal(in)
	must(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode > 299 {
		return &answered{resp.StatusCode, string(raw)}
	}
	return json.Unmarshal(raw, out)
}

func newKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

func newCSR(t *testing.T, name string, key crypto.Signer) api.CertificateRequest {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, key)
	must(t, err)
	csr, err := x509.ParseCertificateRequest(der)
	must(t, err)
	return api.NewCertificateRequest(csr)
}

// provisionerToken is a one-time token of the provisioner "stapled" of a running
// CA, for one of its endpoints.
func provisionerToken(t *testing.T, dir, path, subject string, more map[string]any) string {
	t.Helper()
	cfg, err := ClientConfig(dir, nil)
	must(t, err)
	provisioners, err := clientOf(t, dir).Provisioners(t.Context())
	must(t, err)
	jwe, err := jose.ParseEncrypted(provisioners[0].EncryptedKey, []jose.KeyAlgorithm{jose.PBES2_HS256_A128KW}, []jose.ContentEncryption{jose.A128GCM, jose.A256GCM})
	must(t, err)
	plain, err := jwe.Decrypt(cfg.Password)
	must(t, err)
	var key jose.JSONWebKey
	must(t, json.Unmarshal(plain, &key))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	must(t, err)
	now := time.Now()
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		ID: rand.Text(), Issuer: cfg.Provisioner, Subject: subject, Audience: jwt.Audience{cfg.URL + path},
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Claims(more).Serialize()
	must(t, err)
	return token
}
