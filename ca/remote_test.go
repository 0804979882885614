// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	smallstepca "github.com/smallstep/certificates/ca"
	"github.com/smallstep/linkedca"
	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/stepca"
)

// TestProvisionersInTheDatabase: with remote management they are there and not
// in ca.json.
func TestProvisionersInTheDatabase(t *testing.T) {
	t.Parallel()
	l := layout(newCA(t))
	edit(t, l, set("authority.enableAdmin", true))
	// The first start moves them there, as that of the stock step-ca does.
	_, stop := run(t, string(l), Config{})
	stop()
	edit(t, l, func(file map[string]any) { delete(file["authority"].(map[string]any), "provisioners") })
	for _, row := range []struct{ name, says string }{
		{"stapled", ""},
		{"other", `the database (authority.enableAdmin of ca.json) has no JWK provisioner \"other\", which stapled.json names, so nothing can be enrolled or revoked with it: write one of \"stapled\" there`},
	} {
		if row.name != "stapled" {
			replace(t, l.settings(), `"provisioner": "stapled"`, `"provisioner": "`+row.name+`"`)
		}
		logged := &lines{}
		_, stop := run(t, string(l), Config{Logger: slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelWarn}))})
		if got := logged.String(); !strings.Contains(got, row.says) || (got == "") != (row.says == "") {
			t.Errorf("%s: logged %s, want %q", row.name, got, row.says)
		}
		client := clientOf(t, string(l))
		_, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: "a.internal"})
		if (err == nil) != (row.says == "") {
			t.Errorf("%s: enroll: %v", row.name, err)
		}
		stop()
	}
}

// administrator is a client of the administration with a certificate.
func administrator(t *testing.T, c *CA, id *certs.Identity) *smallstepca.AdminClient {
	t.Helper()
	client, err := smallstepca.NewAdminClient(c.URL(), smallstepca.WithRootFile(c.RootFile()), smallstepca.WithAdminX5C(id.Chain, id.Key, ""))
	must(t, err)
	return client
}

// TestAdministration: what step-ca calls remote management is served, logged,
// and refused to certificates that are revoked or of another CA.
func TestAdministration(t *testing.T) {
	t.Parallel()
	logged, log := auditLog()
	l := layout(newCA(t))
	edit(t, l, set("authority.enableAdmin", true))
	p := partsOf(t, l)
	c, _ := run(t, string(l), Config{Logger: log})
	client := clientOf(t, string(l))
	super, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: "step"})
	must(t, err)
	acme := func(name string) *linkedca.Provisioner {
		return &linkedca.Provisioner{
			Name: name, Type: linkedca.Provisioner_ACME,
			Details: &linkedca.ProvisionerDetails{Data: &linkedca.ProvisionerDetails_ACME{ACME: new(linkedca.ACMEProvisioner)}},
		}
	}
	_, err = administrator(t, c, super).CreateProvisioner(acme("first"))
	must(t, err)
	if got := provisionerNames(t, client); got != "stapled first" {
		t.Errorf("the CA has the provisioners %s", got)
	}
	entries := audited(t, logged)
	last := entries[len(entries)-1]
	if last["msg"] != "administration" || last["method"] != "POST" || last["path"] != "/admin/provisioners" || last["status"] != float64(201) || last["from"] == "" {
		t.Errorf("logged %v", last)
	}

	// A CA below the same root with the serial number and the extension of an administrator.
	sibling := issue(t, &x509.Certificate{
		SerialNumber: p.intermediate.SerialNumber, Subject: pkix.Name{CommonName: "sibling"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, p.root, p.rootKey)
	forged := forge(t, super.Leaf(), sibling)
	if _, err := administrator(t, c, forged).CreateProvisioner(acme("forged")); err == nil {
		t.Error("another CA's certificate administers")
	}
	must(t, client.Revoke(t.Context(), super.Leaf().SerialNumber, ocsp.KeyCompromise, ""))
	if _, err := administrator(t, c, super).CreateProvisioner(acme("revoked")); err == nil {
		t.Error("a revoked certificate administers")
	}
	if got := provisionerNames(t, client); got != "stapled first" {
		t.Errorf("the CA has the provisioners %s", got)
	}
}

// forge issues what another CA says to be a certificate of ours.
func forge(t *testing.T, leaf *x509.Certificate, by *certs.Identity) *certs.Identity {
	t.Helper()
	forged := issue(t, &x509.Certificate{
		SerialNumber: leaf.SerialNumber, Subject: leaf.Subject, DNSNames: leaf.DNSNames,
		KeyUsage: leaf.KeyUsage, ExtKeyUsage: leaf.ExtKeyUsage, ExtraExtensions: provisionerExtension(leaf),
	}, by.Leaf(), by.Key)
	forged.Chain = append(forged.Chain, by.Leaf())
	return forged
}

func provisionerNames(t *testing.T, client *stepca.Client) string {
	t.Helper()
	provisioners, err := client.Provisioners(t.Context())
	must(t, err)
	var names []string
	for _, p := range provisioners {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

// TestRenewalByToken: a token in the Authorization header renews, with a
// certificate of this CA only.
func TestRenewalByToken(t *testing.T) {
	t.Parallel()
	l := layout(newCA(t))
	p := partsOf(t, l)
	c, _ := run(t, string(l), Config{})
	client := clientOf(t, string(l))
	victim, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: "victim.internal"})
	must(t, err)
	sibling := issue(t, &x509.Certificate{
		SerialNumber: p.intermediate.SerialNumber, Subject: pkix.Name{CommonName: "sibling"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, p.root, p.rootKey)
	for _, row := range []struct {
		name   string
		id     *certs.Identity
		scheme string
		want   int
	}{
		{"the certificate itself", victim, "Bearer ", http.StatusCreated},
		{"one of another CA", forge(t, victim.Leaf(), sibling), "Bearer ", http.StatusUnauthorized},
		{"one of another CA, with words before the scheme", forge(t, victim.Leaf(), sibling), "And Bearer ", http.StatusUnauthorized},
	} {
		t.Run(row.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL()+"/1.0/renew", http.NoBody)
			must(t, err)
			req.Header.Set("Authorization", row.scheme+renewalToken(t, row.id))
			resp, err := httpClient(t, c.Root(), nil).Do(req)
			must(t, err)
			defer resp.Body.Close()
			if resp.StatusCode != row.want {
				t.Errorf("status %s, want %d", resp.Status, row.want)
			}
		})
	}
}

func renewalToken(t *testing.T, id *certs.Identity) string {
	t.Helper()
	var x5c []string
	for _, cert := range id.Chain {
		x5c = append(x5c, base64.StdEncoding.EncodeToString(cert.Raw))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: id.Key},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader("x5cInsecure", x5c))
	must(t, err)
	now := time.Now()
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		ID: rand.Text(), Issuer: "step-ca-client/1.0", Subject: id.Leaf().Subject.CommonName, Audience: jwt.Audience{"https://127.0.0.1/1.0/renew"},
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Serialize()
	must(t, err)
	return token
}
