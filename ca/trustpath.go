// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto/x509"
	"strings"

	"github.com/smallstep/certificates/authority/config"
	"github.com/stapledjwt/stapled"
)

// trustPath leads from the certificate that issues leaves to the root above it.
type trustPath struct {
	// certificates starts with the issuing certificate and ends with the root. It
	// holds one certificate if the root issues leaves itself.
	certificates []*x509.Certificate
	// rootFile is the file that holds the root.
	rootFile string
}

func (p trustPath) issuing() *x509.Certificate { return p.certificates[0] }
func (p trustPath) root() *x509.Certificate    { return p.certificates[len(p.certificates)-1] }

// readTrustPath finds the path in the files that ca.json names: "crt" is one
// bundle whose first certificate issues, and "root" is any number of bundles,
// one with the root above it. The others date from before or after a change of
// roots.
func readTrustPath(cfg *config.Config) (trustPath, error) {
	bundle, err := readCertificates(cfg.IntermediateCert)
	if err != nil {
		return trustPath{}, err
	}
	type inFile struct {
		certificate *x509.Certificate
		file        string
	}
	var roots []inFile
	for _, file := range cfg.Root {
		certificates, err := readCertificates(file)
		if err != nil {
			return trustPath{}, err
		}
		for _, c := range certificates {
			roots = append(roots, inFile{c, file})
		}
	}
	path := trustPath{certificates: bundle[:1:1]}
	for {
		last := path.root()
		// A root renewed with the same key is there twice: the later one counts.
		var above *inFile
		for i, r := range roots {
			if r.certificate.Equal(last) {
				path.rootFile = r.file
				return path, nil
			}
			if last.CheckSignatureFrom(r.certificate) == nil && (above == nil || r.certificate.NotAfter.After(above.certificate.NotAfter)) {
				above = &roots[i]
			}
		}
		if above != nil {
			path.certificates, path.rootFile = append(path.certificates, above.certificate), above.file
			return path, nil
		}
		next := issuerIn(bundle, last)
		if next == nil || len(path.certificates) == len(bundle) {
			return trustPath{}, stapled.Errorf(stapled.ConfigInvalid, "the certificate %q of %s was not issued by a certificate in %s: name the root above it with the key root of ca.json, or add what is between them to the file of crt",
				last.Subject, cfg.IntermediateCert, strings.Join(cfg.Root, ", "))
		}
		path.certificates = append(path.certificates, next)
	}
}

func issuerIn(bundle []*x509.Certificate, of *x509.Certificate) *x509.Certificate {
	for _, c := range bundle {
		if !c.Equal(of) && of.CheckSignatureFrom(c) == nil {
			return c
		}
	}
	return nil
}
