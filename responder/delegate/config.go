// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package delegate keeps the OCSP signing certificate of a responder current
// (RFC 6960 §4.2.2.2), for the life of the process.
//
//	keeper, err := delegate.Open(ctx, delegate.Config{
//		Issuer: issuer, CertFile: "ocsp.crt", KeyFile: "ocsp.key",
//		Obtain: func(ctx context.Context) (*certs.Identity, error) {
//			return client.Delegate(ctx, stepca.DelegateRequest{})
//		},
//	})
//	…
//	authority := func(id *certs.Identity) responder.Authority {
//		return responder.Authority{Certificate: issuer, Source: source, SignerCertificate: id.Leaf(), Signer: id.Key}
//	}
//	r, err := responder.New(responder.Config{Authorities: []responder.Authority{authority(keeper.Current())}})
//	…
//	go keeper.Run(ctx, func(_ context.Context, id *certs.Identity) error { return r.Replace(authority(id)) })
//
// # Renewal
//
// A Keeper with Config.Obtain gets the next delegate at a random time between
// one half and two thirds of the life of the current one. It does not ask the
// CA to renew the certificate: step-ca renews only certificates with
// clientAuth, and a delegate is for OCSPSigning alone. So each delegate is
// enrolled anew, and has a new key unless Obtain uses a fixed one. A new key is
// better where keys are in files: clients do not look up whether a delegate is
// revoked (id-pkix-ocsp-nocheck), so a stolen key is of use until the delegate
// ends, and not beyond. A key in a device stays the same.
//
// While the CA does not answer or refuses, the current delegate stays in use
// until its end, and the Keeper tries again: after 5 seconds at first, then at
// longer intervals, up to 5 minutes.
//
// # Files
//
// Every [certs.ReloadInterval] a Keeper also looks at its files. Without
// Config.Obtain that is all it does, for a delegate that something else
// renews. A file that cannot be read, a key that does not belong to the
// certificate, and a certificate that cannot sign for the issuer change
// nothing: the current delegate stays in use.
//
// # Revocation
//
// A revoked delegate is not replaced: someone has decided that this responder,
// or its key, is not to be trusted. With Config.Source, the Keeper learns of
// it, logs an error, and obtains no other until a new one is in the files. The
// revoked one stays in use until its end, because clients accept it.
package delegate

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/responder"
)

// Config is the configuration of a Keeper.
type Config struct {
	// Issuer is the CA certificate that the delegate signs for. Required.
	Issuer *x509.Certificate
	// CertFile and KeyFile keep the delegate, as for [certs.LoadIdentity]. They
	// are required, but KeyFile must be empty if Key is set.
	CertFile, KeyFile string
	// Password decrypts the key in KeyFile. A Keeper with Obtain writes keys
	// without encryption, so it takes none. Default: none.
	Password []byte
	// Key is the key of every delegate, for one in a device. Obtain must certify
	// this key. Default: the key in KeyFile.
	Key crypto.Signer
	// Obtain gets a new delegate and its key. Its context ends after a minute.
	// Default: something else renews the files.
	Obtain func(context.Context) (*certs.Identity, error)
	// Source says whether the delegate itself is revoked. Default: the Keeper
	// does not ask.
	Source responder.Source
	// Logger logs changes and failures; nil discards.
	Logger *slog.Logger
}

func (cfg *Config) check() error {
	switch {
	case cfg.Issuer == nil:
		return errors.New("Config.Issuer is nil: set the CA certificate that the delegate signs for")
	case cfg.CertFile == "":
		return errors.New("Config.CertFile is empty: name the file that keeps the certificate")
	case cfg.Key == nil && cfg.KeyFile == "":
		return errors.New("Config.KeyFile is empty: name the file that keeps the key, or set Key")
	case cfg.Key != nil && (cfg.KeyFile != "" || cfg.Password != nil):
		return errors.New("Config has a Key and also KeyFile or Password: leave out one of them")
	case cfg.Obtain != nil && cfg.Password != nil:
		return errors.New("Config has Obtain and Password, but keys are written without encryption: leave out one of them")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Check reports whether an identity can sign OCSP responses for a CA now, as a
// responder checks it: its certificate, its key and its times.
func Check(id *certs.Identity, issuer *x509.Certificate) error {
	if id == nil || id.Leaf() == nil {
		return errors.New("there is no certificate")
	}
	_, err := responder.New(responder.Config{Authorities: []responder.Authority{{
		Certificate: issuer, Signer: id.Key, SignerCertificate: id.Leaf(), Source: noSource,
	}}})
	return err
}

// noSource is never asked.
var noSource = responder.SourceFunc(nil)

// load reads the delegate from its files.
func (cfg *Config) load() (*certs.Identity, error) {
	if cfg.Key == nil {
		return certs.LoadEncryptedIdentity(cfg.CertFile, cfg.KeyFile, cfg.Password)
	}
	chain, err := certs.LoadChain(cfg.CertFile)
	if err != nil {
		return nil, err
	}
	id, err := certs.NewIdentity(chain, cfg.Key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.CertFile, err)
	}
	return id, nil
}

// Save writes a delegate to its files, atomically and with mode 0600: the chain
// to certFile, and the key to keyFile. If keyFile is empty, the key is in a
// device, and Save writes the chain only.
func Save(id *certs.Identity, certFile, keyFile string) error {
	if keyFile != "" {
		return id.Save(certFile, keyFile)
	}
	var chain []byte
	for _, cert := range id.Chain {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})...)
	}
	return certs.WriteFile(certFile, chain)
}
