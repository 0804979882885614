// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"crypto/x509"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/delegate"
	"github.com/stapledjwt/stapled/stepca"
)

// addDelegateProvisioners adds to ca.json what the documentation says: a JWK
// provisioner "ocsp" and an X5C provisioner "ocsp-x5c" with the template, and
// also a "plain" one without.
func addDelegateProvisioners(t *testing.T, l layout) {
	t.Helper()
	must(t, os.MkdirAll(l.file("templates"), 0o700), os.WriteFile(l.file("templates", "ocsp-delegate.tpl"), []byte(stepca.DelegateTemplate), 0o600))
	root, err := os.ReadFile(l.root())
	must(t, err)
	edit(t, l, func(file map[string]any) {
		authority := file["authority"].(map[string]any)
		list := authority["provisioners"].([]any)
		options := map[string]any{"x509": map[string]any{"templateFile": "templates/ocsp-delegate.tpl"}}
		jwk := maps.Clone(list[0].(map[string]any))
		jwk["claims"] = map[string]any{"minTLSCertDuration": "1s"}
		jwk["name"], jwk["options"] = "ocsp", options
		plain := maps.Clone(jwk)
		plain["name"] = "plain"
		delete(plain, "options")
		authority["provisioners"] = append(list, jwk, plain,
			map[string]any{"type": "X5C", "name": "ocsp-x5c", "roots": root, "options": options})
	})
}

func delegateClient(t *testing.T, l layout, change func(*stepca.Config)) *stepca.Client {
	t.Helper()
	cfg, err := ClientConfig(string(l), nil)
	must(t, err)
	change(&cfg)
	client, err := stepca.New(cfg)
	must(t, err)
	return client
}

// TestDelegate: step-ca issues a delegate by JWK and by X5C, and a responder
// signs with it. Where the template is not there, the error says what to add.
func TestDelegate(t *testing.T) {
	t.Parallel()
	l := layout(newCA(t))
	addDelegateProvisioners(t, l)
	c, _ := run(t, string(l), Config{})
	enrolled, err := clientOf(t, string(l)).Enroll(t.Context(), stepca.EnrollRequest{Name: "responder.internal"})
	must(t, err)
	jwk := delegateClient(t, l, func(cfg *stepca.Config) { cfg.Provisioner = "ocsp" })
	x5c := delegateClient(t, l, func(cfg *stepca.Config) {
		cfg.Provisioner, cfg.Password = "ocsp-x5c", nil
		cfg.X5C = func() (*certs.Identity, error) { return enrolled, nil }
	})
	for _, row := range []struct {
		name   string
		client *stepca.Client
	}{{"JWK", jwk}, {"X5C", x5c}} {
		t.Run(row.name, func(t *testing.T) {
			id, err := row.client.Delegate(t.Context(), stepca.DelegateRequest{Name: "ocsp1", Validity: time.Hour})
			must(t, err)
			if left := time.Until(id.Leaf().NotAfter); left > time.Hour || left < 55*time.Minute {
				t.Errorf("it lives for another %s", left)
			}
			if cn := id.Leaf().Subject.CommonName; cn != "ocsp1" {
				t.Errorf("common name %q", cn)
			}
			signs(t, c, id, enrolled.Leaf())
			must(t, row.client.Revoke(t.Context(), id.Leaf().SerialNumber, 5, ""))
		})
	}
	plain := delegateClient(t, l, func(cfg *stepca.Config) { cfg.Provisioner = "plain" })
	id, err := plain.Delegate(t.Context(), stepca.DelegateRequest{})
	if !errors.Is(err, stapled.Refused) || id != nil {
		t.Fatalf("without the template: %v, %v", id, err)
	}
	for _, says := range []string{
		`"options": {"x509": {"templateFile": "/ABSOLUTE/PATH/ocsp-delegate.tpl"}} to provisioner "plain"`, "--print-template",
		"extended key usage is not OCSPSigning alone", "lacks id-pkix-ocsp-nocheck",
	} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("the error does not say %q: %v", says, err)
		}
	}
}

// signs has a responder answer with a delegate, and checks the answer as
// verifiers do.
func signs(t *testing.T, c *CA, id *certs.Identity, leaf *x509.Certificate) {
	t.Helper()
	r, err := responder.New(responder.Config{Authorities: []responder.Authority{{
		Certificate: c.intermediate, Source: newLeaves(c.database, c.intermediate), Signer: id.Key, SignerCertificate: id.Leaf(),
	}}})
	must(t, err)
	request, err := ocsp.CreateRequest(leaf, c.intermediate, nil)
	must(t, err)
	answer, err := ocspstaple.Authenticate(r.Respond(t.Context(), request), leaf, c.intermediate, time.Now(), stapled.DefaultLeeway)
	must(t, err)
	if answer.Status() != ocspstaple.Good {
		t.Errorf("status %v", answer.Status())
	}
}

// TestStepCARenewsNoDelegate is why a delegate is obtained anew, and never
// renewed: step-ca wants clientAuth of a certificate that renews itself, in the
// handshake as well as in a token.
func TestStepCARenewsNoDelegate(t *testing.T) {
	t.Parallel()
	l := layout(newCA(t))
	addDelegateProvisioners(t, l)
	run(t, string(l), Config{})
	client := delegateClient(t, l, func(cfg *stepca.Config) { cfg.Provisioner = "ocsp" })
	id, err := client.Delegate(t.Context(), stepca.DelegateRequest{})
	must(t, err)
	if renewed, err := client.Renew(t.Context(), id); err == nil || !strings.Contains(err.Error(), "tls: bad certificate") {
		t.Errorf("got %v, %v", renewed, err)
	}
}

// TestDelegateIsKept: a responder goes on with the delegate that step-ca has
// issued in place of the one that ends.
func TestDelegateIsKept(t *testing.T) {
	t.Parallel()
	l := layout(newCA(t))
	addDelegateProvisioners(t, l)
	c, _ := run(t, string(l), Config{})
	leaf, err := clientOf(t, string(l)).Enroll(t.Context(), stepca.EnrollRequest{Name: "a.internal"})
	must(t, err)
	client := delegateClient(t, l, func(cfg *stepca.Config) { cfg.Provisioner = "ocsp" })
	source := newLeaves(c.database, c.intermediate)
	authority := func(id *certs.Identity) responder.Authority {
		return responder.Authority{Certificate: c.intermediate, Source: source, SignerCertificate: id.Leaf(), Signer: id.Key}
	}
	dir := t.TempDir()
	keeper, err := delegate.Open(t.Context(), delegate.Config{
		Issuer: c.intermediate, CertFile: filepath.Join(dir, "ocsp.crt"), KeyFile: filepath.Join(dir, "ocsp.key"), Source: source,
		Obtain: func(ctx context.Context) (*certs.Identity, error) {
			return client.Delegate(ctx, stepca.DelegateRequest{Validity: 4 * time.Second})
		},
	})
	must(t, err)
	first := keeper.Current().Leaf()
	r, err := responder.New(responder.Config{Authorities: []responder.Authority{authority(keeper.Current())}})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	changed, ended := make(chan error, 100), make(chan error)
	go func() {
		ended <- keeper.Run(ctx, func(_ context.Context, id *certs.Identity) error {
			err := r.Replace(authority(id))
			changed <- err
			return err
		})
	}()
	must(t, <-changed)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	if keeper.Current().Leaf().Equal(first) {
		t.Error("the delegate is the same")
	}
	request, err := ocsp.CreateRequest(leaf.Leaf(), c.intermediate, nil)
	must(t, err)
	answer, err := ocspstaple.Authenticate(r.Respond(t.Context(), request), leaf.Leaf(), c.intermediate, time.Now(), stapled.DefaultLeeway)
	must(t, err)
	if answer.Status() != ocspstaple.Good {
		t.Errorf("status %v", answer.Status())
	}
}
