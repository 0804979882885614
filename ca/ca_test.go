// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/stepca"
)

func TestEnrolledLeaf(t *testing.T) {
	t.Parallel()
	id, err := shared.client.Enroll(t.Context(), stepca.EnrollRequest{
		Name: "orders", SANs: []string{"spiffe://example.org/orders", "orders.internal"}, Validity: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	leaf := id.Leaf()
	if len(id.Chain) != 2 || !id.Chain[1].Equal(shared.ca.intermediate) {
		t.Errorf("chain has %d certificates, want leaf and intermediate", len(id.Chain))
	}
	if got := leaf.DNSNames; !slices.Equal(got, []string{"orders.internal"}) {
		t.Errorf("DNS names %q", got)
	}
	if len(leaf.URIs) != 1 || leaf.URIs[0].String() != "spiffe://example.org/orders" {
		t.Errorf("URIs %v", leaf.URIs)
	}
	if leaf.KeyUsage != x509.KeyUsageDigitalSignature {
		t.Errorf("key usage %b, want digitalSignature alone", leaf.KeyUsage)
	}
	if !slices.Equal(leaf.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}) || len(leaf.UnknownExtKeyUsage) != 0 {
		t.Errorf("extended key usage %v %v, want clientAuth alone", leaf.ExtKeyUsage, leaf.UnknownExtKeyUsage)
	}
	if !slices.Equal(leaf.OCSPServer, []string{shared.ca.OCSPURL()}) {
		t.Errorf("OCSP servers %q, want %q", leaf.OCSPServer, shared.ca.OCSPURL())
	}
	if leaf.IsCA {
		t.Error("leaf is a CA")
	}
	if d := time.Until(leaf.NotAfter); d < 58*time.Minute || d > time.Hour {
		t.Errorf("leaf lives for another %s, want an hour", d)
	}
	// Nothing else may travel in every token.
	allowed := []string{"2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.35", "2.5.29.37", "1.3.6.1.5.5.7.1.1"}
	for _, ext := range leaf.Extensions {
		if !slices.Contains(allowed, ext.Id.String()) {
			t.Errorf("unexpected extension %s", ext.Id)
		}
		if ext.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 15}) && !ext.Critical {
			t.Error("key usage is not critical")
		}
	}
}

func TestOCSPStatus(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, client := shared.ca, shared.client
	enroll := func(name string) *x509.Certificate {
		t.Helper()
		id, err := client.Enroll(ctx, stepca.EnrollRequest{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		return id.Leaf()
	}
	good, revoked := enroll("good.internal"), enroll("revoked.internal")
	before := time.Now()
	if err := client.Revoke(ctx, revoked.SerialNumber, ocsp.KeyCompromise, "stolen"); err != nil {
		t.Fatal(err)
	}
	after := time.Now()

	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		t.Run("good/"+hash.String(), func(t *testing.T) {
			resp, err := ask(t, c.OCSPURL(), good, c.intermediate, hash)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Status != ocsp.Good || resp.IssuerHash != hash {
				t.Errorf("status %d under %s, want good under %s", resp.Status, resp.IssuerHash, hash)
			}
			if d := resp.NextUpdate.Sub(resp.ThisUpdate); d != responder.DefaultValidity {
				t.Errorf("valid for %s, want %s", d, responder.DefaultValidity)
			}
		})
	}
	t.Run("revoked", func(t *testing.T) {
		resp, err := ask(t, c.OCSPURL(), revoked, c.intermediate, crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Status != ocsp.Revoked || resp.RevocationReason != ocsp.KeyCompromise || !within(resp.RevokedAt, before, after) {
			t.Errorf("status %d, reason %d, at %s; want revoked for key compromise between %s and %s",
				resp.Status, resp.RevocationReason, resp.RevokedAt, before, after)
		}
		st, err := newLeaves(c.database, c.intermediate).Status(t.Context(), revoked.SerialNumber)
		if err != nil || !st.NotAfter.Equal(revoked.NotAfter) {
			t.Errorf("the source says that it ends at %s, %v; want %s", st.NotAfter, err, revoked.NotAfter)
		}
	})
	t.Run("unissued serial", func(t *testing.T) {
		unissued := &x509.Certificate{SerialNumber: big.NewInt(123456789)}
		resp, err := ask(t, c.OCSPURL(), unissued, c.intermediate, crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Status != ocsp.Unknown {
			t.Errorf("status %d, want unknown", resp.Status)
		}
	})
	t.Run("intermediate, signed by the root", func(t *testing.T) {
		resp, err := ask(t, c.OCSPURL(), c.intermediate, c.Root(), crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Status != ocsp.Good {
			t.Errorf("status %d, want good", resp.Status)
		}
	})
	t.Run("leaf serial asked of the root", func(t *testing.T) {
		resp, err := ask(t, c.OCSPURL(), good, c.Root(), crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Status != ocsp.Unknown {
			t.Errorf("status %d, want unknown", resp.Status)
		}
	})
	t.Run("second revocation", func(t *testing.T) {
		err := client.Revoke(ctx, revoked.SerialNumber, ocsp.Superseded, "")
		if !errors.Is(err, stapled.AlreadyRevoked) {
			t.Errorf("got %v, want %v", err, stapled.AlreadyRevoked)
		}
	})
}

func TestOtherCAIsUnauthorized(t *testing.T) {
	t.Parallel()
	// Same names, other keys: the key hash alone has to tell them apart.
	other, _ := run(t, initCA(t), Config{})
	id, err := shared.client.Enroll(t.Context(), stepca.EnrollRequest{Name: "a.internal"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = ask(t, other.OCSPURL(), id.Leaf(), shared.ca.intermediate, crypto.SHA256)
	var re ocsp.ResponseError
	if !errors.As(err, &re) || re.Status != ocsp.Unauthorized {
		t.Errorf("got %v, want unauthorized", err)
	}
}

func TestRenew(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	id, err := shared.client.Enroll(ctx, stepca.EnrollRequest{Name: "renew.internal", Validity: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	renewed, err := shared.client.Rekey(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if renewed.Leaf().SerialNumber.Cmp(id.Leaf().SerialNumber) == 0 {
		t.Error("serial number is the same")
	}
	if renewed.Key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(id.Key.Public()) {
		t.Error("key is the same")
	}
	if !slices.Equal(renewed.Leaf().DNSNames, id.Leaf().DNSNames) || !slices.Equal(renewed.Leaf().OCSPServer, id.Leaf().OCSPServer) {
		t.Errorf("names %q and OCSP servers %q have changed", renewed.Leaf().DNSNames, renewed.Leaf().OCSPServer)
	}
	resp, err := ask(t, shared.ca.OCSPURL(), renewed.Leaf(), shared.ca.intermediate, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Status != ocsp.Good {
		t.Errorf("status of the renewed certificate %d, want good", resp.Status)
	}

	if err := shared.client.Revoke(ctx, renewed.Leaf().SerialNumber, ocsp.Unspecified, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := shared.client.Rekey(ctx, renewed); !errors.Is(err, stapled.Refused) {
		t.Errorf("renewal of a revoked certificate: got %v, want %v", err, stapled.Refused)
	}
}
