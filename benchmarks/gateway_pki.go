// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"context"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// Files in the directory of a measurement of gateways.
const (
	anchorFile  = "root.pem"
	leafFile    = "leaf.pem"
	tokensFile  = "tokens.txt"
	wrkFile     = "load.lua"
	gatewayFile = "gateway.yaml"
)

// gatewayTokens are tokens of one caller, which differ in jti.
type gatewayTokens struct {
	header string   // with the period after it
	rest   []string // of each token
}

func (t *gatewayTokens) token(i int) string { return t.header + t.rest[i%len(t.rest)] }

// newGatewayTokens writes the anchor and the caller's certificate to files, and
// makes tokens for the clock of this machine.
func newGatewayTokens(dir string, n int) (*gatewayTokens, error) {
	now := time.Now().Truncate(time.Second)
	valid := testca.Valid(now.Add(-time.Hour), now.Add(24*time.Hour))
	root := testca.New(valid)
	leaf := root.Intermediate(valid).Leaf(valid)
	identity, err := certs.NewIdentity(leaf.Chain(), leaf.Key)
	if err != nil {
		return nil, err
	}
	der := leaf.Staple(func(r *testca.Response) {
		r.ProducedAt = now
		r.Singles[0].ThisUpdate, r.Singles[0].NextUpdate = now, now.Add(lifetime)
	})
	staple, err := ocspstaple.Authenticate(der, leaf.Cert, leaf.Issuer.Cert, now, 0)
	if err != nil {
		return nil, err
	}
	iss, err := issuer.New(issuer.Config{Identity: identity, Staples: issuer.StaticStaples{staple}, TTL: lifetime})
	if err != nil {
		return nil, err
	}
	all := &gatewayTokens{rest: make([]string, n)}
	for i := range all.rest {
		raw, err := iss.Sign(context.Background(), issuer.Claims{Audience: []string{audience}, Subject: subject})
		if err != nil {
			return nil, err
		}
		at := strings.IndexByte(raw, '.') + 1
		all.header, all.rest[i] = raw[:at], raw[at:]
	}
	block := func(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }
	return all, errors.Join(
		os.WriteFile(filepath.Join(dir, anchorFile), block(root.Cert.Raw), 0o600),
		os.WriteFile(filepath.Join(dir, leafFile), block(leaf.Cert.Raw), 0o600),
		os.WriteFile(filepath.Join(dir, tokensFile), []byte(strings.Join(all.rest, "\n")+"\n"), 0o600))
}
