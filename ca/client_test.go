// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/stepca"
)

// Package stepca tests itself with answers that it has written down. What follows
// holds it to the real step-ca.

func TestEnrollKeys(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	for _, row := range []struct {
		name string
		key  crypto.Signer
	}{
		{"Ed25519", ed},
		{"RSA 2048", rsaKey},
		{"ECDSA P-256", newKey(t)},
	} {
		t.Run(row.name, func(t *testing.T) {
			type public interface{ Equal(crypto.PublicKey) bool }
			id, err := shared.client.Enroll(t.Context(), stepca.EnrollRequest{Name: "key.internal", Key: row.key})
			must(t, err)
			if !id.Key.Public().(public).Equal(row.key.Public()) {
				t.Error("identity has another key")
			}
			renewed, err := shared.client.Renew(t.Context(), id)
			must(t, err)
			if !renewed.Key.Public().(public).Equal(row.key.Public()) || renewed.Leaf().SerialNumber.Cmp(id.Leaf().SerialNumber) == 0 {
				t.Error("not another certificate for the same key")
			}
			rekeyed, err := shared.client.Rekey(t.Context(), renewed)
			must(t, err)
			if rekeyed.Key.Public().(public).Equal(row.key.Public()) || rekeyed.Leaf().PublicKeyAlgorithm != id.Leaf().PublicKeyAlgorithm {
				t.Error("not another key of the same kind")
			}
			if !rekeyed.Anchor.Equal(shared.ca.Root()) {
				t.Error("identity without its anchor")
			}
		})
	}
}

// TestEnrollNames: the CA compares the names in the request with those in the
// token, so both sides must tell the kinds apart in the same way.
func TestEnrollNames(t *testing.T) {
	t.Parallel()
	id, err := shared.client.Enroll(t.Context(), stepca.EnrollRequest{
		Name: "names.internal", SANs: []string{"names.internal", "spiffe://x/names", "192.0.2.1", "2001:db8::1", "ops@example.com"},
	})
	must(t, err)
	leaf := id.Leaf()
	if len(leaf.DNSNames) != 1 || len(leaf.URIs) != 1 || len(leaf.IPAddresses) != 2 || len(leaf.EmailAddresses) != 1 {
		t.Errorf("names %q, %q, %q, %q", leaf.DNSNames, leaf.URIs, leaf.IPAddresses, leaf.EmailAddresses)
	}
}

func TestShortLeaf(t *testing.T) {
	t.Parallel()
	id, err := shared.client.Enroll(t.Context(), stepca.EnrollRequest{Name: "short.internal", Validity: 2 * time.Second})
	must(t, err)
	if left := time.Until(id.Leaf().NotAfter); left > 2*time.Second {
		t.Errorf("leaf lives for another %s, want at most 2s", left)
	}
}

func TestPublished(t *testing.T) {
	t.Parallel()
	must(t, shared.client.Health(t.Context()))
	roots, err := shared.client.Roots(t.Context())
	must(t, err)
	if len(roots) != 1 || !roots[0].Equal(shared.ca.Root()) {
		t.Errorf("%d roots", len(roots))
	}
	sum := sha256.Sum256(shared.ca.Root().Raw)
	root, err := stepca.FetchRoot(t.Context(), shared.ca.URL(), hex.EncodeToString(sum[:]))
	must(t, err)
	if !root.Equal(shared.ca.Root()) {
		t.Error("another root")
	}
	if _, err := shared.client.CRL(t.Context(), shared.client.Issuers()[0]); !errors.Is(err, stapled.Refused) {
		t.Errorf("CRL of a CA without one: %v", err)
	}
}

// TestClientCRL: a revocation is in the list that the issuing certificate signs.
func TestClientCRL(t *testing.T) {
	t.Parallel()
	l := layout(newCA(t))
	edit(t, l, set("crl", map[string]any{"enabled": true, "generateOnRevoke": true}))
	run(t, string(l), Config{})
	client := clientOf(t, string(l))
	id, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: "crl.internal"})
	must(t, err, client.Revoke(t.Context(), id.Leaf().SerialNumber, 1, ""))
	list, err := client.CRL(t.Context(), client.Issuers()[0])
	must(t, err)
	if len(list.RevokedCertificateEntries) != 1 || list.RevokedCertificateEntries[0].SerialNumber.Cmp(id.Leaf().SerialNumber) != 0 {
		t.Errorf("the list has %v", list.RevokedCertificateEntries)
	}
	if _, err := client.CRL(t.Context(), client.Root()); !errors.Is(err, stapled.Refused) {
		t.Errorf("a list that the root has not signed: %v", err)
	}
}

// TestAlreadyRevoked is the contract behind stapled.AlreadyRevoked: step-ca has no
// code for it, so the client goes by the sentence that this test hears.
func TestAlreadyRevoked(t *testing.T) {
	t.Parallel()
	serial := new(big.Int).SetBytes([]byte(rand.Text()[:16]))
	must(t, shared.client.Revoke(t.Context(), serial, ocspstaple.CRLReason(4), "replaced"))
	if err := shared.client.Revoke(t.Context(), serial, ocspstaple.CRLReason(1), ""); !errors.Is(err, stapled.AlreadyRevoked) {
		t.Errorf("got %v, want %v", err, stapled.AlreadyRevoked)
	}
}

func TestClientRefuses(t *testing.T) {
	t.Parallel()
	enroll := func(change func(*stepca.Config), validity time.Duration) error {
		t.Helper()
		cfg, err := ClientConfig(shared.ca.Dir(), nil)
		must(t, err)
		change(&cfg)
		client, err := stepca.New(cfg)
		must(t, err)
		_, err = client.Enroll(t.Context(), stepca.EnrollRequest{Name: "a.internal", Validity: validity})
		return err
	}
	for _, row := range []struct {
		name string
		err  error
		want stapled.Reason
		says string
	}{
		{"wrong password", enroll(func(c *stepca.Config) { c.Password = []byte("guess") }, 0), stapled.WrongPassword, "secrets/password does not open the key of provisioner"},
		{"no password", enroll(func(c *stepca.Config) { c.Password = nil }, 0), stapled.ConfigInvalid, "secrets/password is missing"},
		{"unknown provisioner", enroll(func(c *stepca.Config) { c.Provisioner = "nobody" }, 0), stapled.ConfigInvalid, "nobody"},
		{"nobody there", enroll(func(c *stepca.Config) { c.URL = "https://127.0.0.1:1" }, 0), stapled.Unreachable, "is `stapled up --dir"},
		{"validity beyond the CA's limit", enroll(func(*stepca.Config) {}, 24*365*time.Hour), stapled.Refused, "duration"},
		{"not a CA directory", func() error { _, err := ClientConfig(t.TempDir(), nil); return err }(), stapled.NotCADirectory, "stapled up --dir"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if !errors.Is(row.err, row.want) {
				t.Fatalf("got %v, want %v", row.err, row.want)
			}
			if !strings.Contains(row.err.Error(), row.says) || strings.Contains(row.err.Error(), "\n") {
				t.Errorf("error is not one line that says %q: %q", row.says, row.err)
			}
		})
	}
}

// Whoever reaches the port can send something without end; it is not read.
func TestRequestIsBounded(t *testing.T) {
	t.Parallel()
	const size = 64 * maxRequest
	sent := new(zeros)
	body := io.MultiReader(strings.NewReader(`{"csr":"`), io.LimitReader(sent, size), strings.NewReader(`"}`))
	resp, err := httpClient(t, shared.ca.Root(), nil).Post(shared.ca.URL()+"/1.0/sign", "application/json", body)
	if err == nil {
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("status %s", resp.Status)
		}
	}
	// Some is on its way when the CA stops.
	if n := sent.read.Load(); n > 16*maxRequest {
		t.Errorf("the CA took %d bytes of %d", n, size)
	}
}

// zeros counts what is read of it.
type zeros struct{ read atomic.Int64 }

func (z *zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	z.read.Add(int64(len(p)))
	return len(p), nil
}
