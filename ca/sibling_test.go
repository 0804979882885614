// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/certificates/api"
	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/stepca"
)

// issue makes a certificate below a CA.
func issue(t *testing.T, template, parent *x509.Certificate, signer crypto.Signer) *certs.Identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return &certs.Identity{Chain: []*x509.Certificate{cert}, Key: key}
}

// A client certificate of another CA below the same root can have the serial
// number of one of ours. It must not act for that.
func TestSiblingCAHasNoAuthority(t *testing.T) {
	t.Parallel()
	c, _ := run(t, newCA(t), Config{})
	client := clientOf(t, c.Dir())
	victim, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: "victim.internal"})
	must(t, err)
	stepCfg, _, err := c.layout.load()
	must(t, err)
	password, err := c.layout.findPassword(nil, stepCfg)
	must(t, err)
	rootKey, err := readKey(c.layout.rootKey(), password, c.root)
	must(t, err)

	// Everything but the issuer is as in a certificate of ours.
	sibling := issue(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sibling"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, c.root, rootKey)
	leaf := victim.Leaf()
	forged := issue(t, &x509.Certificate{
		SerialNumber: leaf.SerialNumber, Subject: leaf.Subject, DNSNames: leaf.DNSNames,
		KeyUsage: leaf.KeyUsage, ExtKeyUsage: leaf.ExtKeyUsage, ExtraExtensions: provisionerExtension(leaf),
	}, sibling.Leaf(), sibling.Key)
	forged.Chain = append(forged.Chain, sibling.Leaf())

	for _, row := range []struct {
		name, path string
		request    any
	}{
		{"revoke", "/1.0/revoke", &api.RevokeRequest{Serial: leaf.SerialNumber.String(), Passive: true}},
		{"renew", "/1.0/renew", struct{}{}},
		{"rekey", "/1.0/rekey", &api.RekeyRequest{CsrPEM: newCSR(t, "", forged.Key)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var reply map[string]any
			err := post(t, httpClient(t, c.Root(), clientCertificate(forged)), c.URL()+row.path, row.request, &reply)
			// The CA ends the handshake: no handler of step-ca gets to see this. How
			// the client learns of it depends on what it was writing.
			var refused *answered
			if err == nil || errors.As(err, &refused) {
				t.Errorf("the CA answered %v, error %v", reply, err)
			}
		})
	}
	answer, err := ask(t, c.OCSPURL(), leaf, c.intermediate, crypto.SHA256)
	must(t, err)
	if answer.Status != ocsp.Good {
		t.Errorf("the certificate of ours has status %d", answer.Status)
	}
	// The certificate itself may.
	must(t, post(t, httpClient(t, c.Root(), clientCertificate(victim)), c.URL()+"/1.0/revoke",
		&api.RevokeRequest{Serial: leaf.SerialNumber.String(), Passive: true}, new(api.RevokeResponse)))
}

// provisionerExtension is what tells step-ca by whom a certificate was ordered.
func provisionerExtension(cert *x509.Certificate) []pkix.Extension {
	for _, e := range cert.Extensions {
		if strings.HasPrefix(e.Id.String(), "1.3.6.1.4.1.37476.9000.64.") {
			return []pkix.Extension{e}
		}
	}
	return nil
}
