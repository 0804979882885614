// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certx5c"
)

// The forger makes what an issuer refuses to make. It holds the service's own
// key, so that its tokens have only one fault each.

// forge re-signs the payload of a genuine token under a header with other
// staples, or with none.
func forge(id *certs.Identity, genuine string, staples ...[]byte) (string, error) {
	segments := strings.Split(genuine, ".")
	if len(segments) != 3 {
		return "", fmt.Errorf("forge a token: the genuine one has %d segments", len(segments))
	}
	header := struct {
		Algorithm string   `json:"alg"`
		Type      string   `json:"typ"`
		KeyID     string   `json:"kid"`
		Chain     []string `json:"x5c"`
		Staples   []string `json:"ocsp,omitempty"`
	}{Algorithm: "ES256", Type: "stapled+jwt", KeyID: certx5c.KeyID(id.Leaf()), Chain: certx5c.Encode(id.Chain)}
	for _, der := range staples {
		header.Staples = append(header.Staples, base64.StdEncoding.EncodeToString(der))
	}
	raw, err := json.Marshal(header)
	if err != nil {
		return "", fmt.Errorf("forge a token: %w", err)
	}
	signed := base64.RawURLEncoding.EncodeToString(raw) + "." + segments[1]
	signature, err := signES256(id.Key, signed)
	if err != nil {
		return "", err
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// signES256 makes r and s of 32 bytes each (RFC 7518 §3.4). The demo's keys are
// P-256, as the CA client makes them.
func signES256(key crypto.Signer, text string) ([]byte, error) {
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("forge a token: a %T does not sign ES256", key)
	}
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
	if err != nil {
		return nil, fmt.Errorf("forge a token: %w", err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signature, nil
}

// selfSign makes a "good" response about a leaf, signed with the leaf's own
// key. Software that accepts any certificate of the right CA as a responder
// believes it.
func selfSign(id *certs.Identity, validity time.Duration) ([]byte, error) {
	leaf, now := id.Leaf(), time.Now().UTC()
	der, err := ocsp.CreateResponse(id.Chain[1], leaf, ocsp.Response{
		Status: ocsp.Good, SerialNumber: leaf.SerialNumber, IssuerHash: crypto.SHA256,
		ThisUpdate: now, NextUpdate: now.Add(validity), Certificate: leaf,
	}, id.Key)
	if err != nil {
		return nil, fmt.Errorf("forge a staple: %w", err)
	}
	return der, nil
}

// promote changes a claim of a token and leaves its signature alone.
func promote(genuine string) (string, error) {
	segments := strings.Split(genuine, ".")
	if len(segments) != 3 {
		return "", fmt.Errorf("change a claim: the token has %d segments", len(segments))
	}
	payload, err := base64.RawURLEncoding.DecodeString(segments[1])
	if err != nil {
		return "", fmt.Errorf("change a claim: %w", err)
	}
	changed := strings.Replace(string(payload), `"role":"reader"`, `"role":"admin!"`, 1)
	if changed == string(payload) {
		return "", fmt.Errorf("change a claim: the token has no role")
	}
	segments[1] = base64.RawURLEncoding.EncodeToString([]byte(changed))
	return strings.Join(segments, "."), nil
}
