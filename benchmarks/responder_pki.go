// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/crypto/ocsp"
)

// pki is a root, an intermediate and the certificates that it issued, all with
// P-256 keys.
type pki struct {
	root, intermediate       *x509.Certificate
	rootKey, intermediateKey *ecdsa.PrivateKey
	certs                    [][]byte // DER, serials from 1000 on
	requests                 [][]byte // for OCSP
}

const firstSerial = 1000

func newPKI(n int) (*pki, error) {
	p := &pki{}
	var err error
	ca := func(name string, serial int64, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, nil, err
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
		}
		if parent == nil {
			parent, signer = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
		if err != nil {
			return nil, nil, err
		}
		cert, err := x509.ParseCertificate(der)
		return cert, key, err
	}
	if p.root, p.rootKey, err = ca("Benchmark root", 1, nil, nil); err != nil {
		return nil, err
	}
	if p.intermediate, p.intermediateKey, err = ca("Benchmark intermediate", 2, p.root, p.rootKey); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	for i := range n {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(firstSerial + i)), Subject: pkix.Name{CommonName: "service"},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(23 * time.Hour),
			DNSNames: []string{fmt.Sprintf("service%d.internal", i)}, KeyUsage: x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}
		der, err := x509.CreateCertificate(rand.Reader, template, p.intermediate, key.Public(), p.intermediateKey)
		if err != nil {
			return nil, err
		}
		request, err := ocsp.CreateRequest(template, p.intermediate, nil)
		if err != nil {
			return nil, err
		}
		p.certs, p.requests = append(p.certs, der), append(p.requests, request)
	}
	return p, nil
}

// into puts this PKI into the directory of a `stapled up`, with a bbolt
// database, which has no log to write in the background.
func (p *pki) into(dir string) error {
	config := filepath.Join(dir, "config", "ca.json")
	raw, err := os.ReadFile(config)
	if err != nil {
		return err
	}
	var ca map[string]any
	if err := json.Unmarshal(raw, &ca); err != nil {
		return err
	}
	file := filepath.Join(dir, "benchmark.db")
	ca["db"] = map[string]any{"type": "bbolt", "dataSource": file}
	if raw, err = json.Marshal(ca); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(config, raw, 0o600),
		p.writePEM(filepath.Join(dir, "certs", "root_ca.crt"), filepath.Join(dir, "secrets", "root_ca_key"), p.root, p.rootKey),
		p.writePEM(filepath.Join(dir, "certs", "intermediate_ca.crt"), filepath.Join(dir, "secrets", "intermediate_ca_key"), p.intermediate, p.intermediateKey),
		p.fill(file))
}

func (p *pki) writePEM(certFile, keyFile string, cert *x509.Certificate, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), 0o600),
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
}

// fill writes the certificates as step-ca does.
func (p *pki) fill(file string) error {
	db, err := bbolt.Open(file, 0o600, nil)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte("x509_certs"))
		if err != nil {
			return err
		}
		for i, der := range p.certs {
			if err := bucket.Put(fmt.Append(nil, firstSerial+i), der); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, db.Close())
}

// index writes the certificates as `openssl ca` does.
func (p *pki) index(file string) error {
	var b bytes.Buffer
	end := time.Now().Add(23 * time.Hour).UTC().Format("060102150405Z")
	for i := range p.certs {
		serial := fmt.Sprintf("%X", firstSerial+i)
		if len(serial)%2 == 1 {
			serial = "0" + serial
		}
		fmt.Fprintf(&b, "V\t%s\t\t%s\tunknown\t/CN=service%d\n", end, serial, i)
	}
	return os.WriteFile(file, b.Bytes(), 0o600)
}
