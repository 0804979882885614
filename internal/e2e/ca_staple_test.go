// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e tests the parts of stapled together, with the real CA.
package e2e

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"math/big"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
	"github.com/stapledjwt/stapled/stepca"
)

// TestCAStaples fetches staples from the embedded CA's responder in each way
// that the fetcher knows, and judges them as a verifier does.
func TestCAStaples(t *testing.T) {
	t.Setenv("STEPPATH", t.TempDir()) // smallstep's packages must not read the developer's own
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "ca")
	if err := ca.Init(dir, ca.InitConfig{}); err != nil {
		t.Fatal(err)
	}
	authority, err := ca.Open(dir, ca.Config{StapleValidity: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- authority.Run(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	cfg, err := ca.ClientConfig(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := stepca.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	good, err := client.Enroll(ctx, stepca.EnrollRequest{Name: "good.internal"})
	if err != nil {
		t.Fatal(err)
	}
	renewed, err := client.Rekey(ctx, good)
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := client.Enroll(ctx, stepca.EnrollRequest{Name: "revoked.internal"})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Revoke(ctx, revoked.Leaf().SerialNumber, 1, "stolen"); err != nil {
		t.Fatal(err)
	}
	unissued := *good.Leaf()
	unissued.SerialNumber = new(big.Int).Add(unissued.SerialNumber, big.NewInt(1))

	for _, way := range []struct {
		name string
		cfg  stapler.HTTPConfig
	}{
		{"as the certificate says", stapler.HTTPConfig{}},
		{"GET SHA-256", stapler.HTTPConfig{Method: http.MethodGet}},
		{"POST SHA-256", stapler.HTTPConfig{Method: http.MethodPost}},
		{"GET SHA-1", stapler.HTTPConfig{Method: http.MethodGet, Hash: crypto.SHA1}},
		{"POST SHA-1", stapler.HTTPConfig{Method: http.MethodPost, Hash: crypto.SHA1}},
	} {
		t.Run(way.name, func(t *testing.T) {
			for _, row := range []struct {
				name         string
				leaf, issuer *x509.Certificate
				want         error
			}{
				{"enrolled", good.Leaf(), good.Chain[1], nil},
				{"renewed", renewed.Leaf(), renewed.Chain[1], nil},
				{"revoked", revoked.Leaf(), revoked.Chain[1], stapled.CertificateRevoked},
				{"never issued", &unissued, good.Chain[1], stapled.StapleUnknown},
				{"intermediate", good.Chain[1], authority.Root(), nil},
			} {
				t.Run(row.name, func(t *testing.T) {
					cfg := way.cfg
					if len(row.leaf.OCSPServer) == 0 { // step-ca gives the intermediate none
						cfg.URL = authority.OCSPURL()
					}
					fetcher, err := stapler.NewHTTPFetcher(cfg)
					if err != nil {
						t.Fatal(err)
					}
					der, err := fetcher.Fetch(ctx, stapler.Request{Certificate: row.leaf, Issuer: row.issuer})
					if err != nil {
						t.Fatal(err)
					}
					now := time.Now()
					staple, err := ocspstaple.Authenticate(der, row.leaf, row.issuer, now, 0)
					if err != nil {
						t.Fatal(err)
					}
					if err := staple.Check(now, ocspstaple.Freshness{}); !errors.Is(err, row.want) {
						t.Errorf("got %v, want %v", err, row.want)
					}
					if valid := staple.NextUpdate().Sub(staple.ThisUpdate()); valid != time.Minute {
						t.Errorf("staple is valid for %s, want a minute", valid)
					}
				})
			}
		})
	}
}
