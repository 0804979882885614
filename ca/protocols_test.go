// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	stepacme "github.com/smallstep/certificates/acme"
	"github.com/smallstep/certificates/api"
	"github.com/stapledjwt/stapled/stepca"
	"go.step.sm/crypto/pemutil"
	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/ocsp"
	"golang.org/x/crypto/ssh"
)

// freeAddress is one on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	address, held, err := pickAddress("", APIServer)
	must(t, err, held.Close())
	return address
}

// fetch gets a body over plain HTTP.
func fetch(t *testing.T, url string) (status int, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	must(t, err)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, body
}

// TestInsecureAddress: the CRL is there over plain HTTP, and nothing else.
func TestInsecureAddress(t *testing.T) {
	t.Parallel()
	l := layout(newCA(t))
	edit(t, l, set("insecureAddress", freeAddress(t)))
	edit(t, l, set("crl", map[string]any{"enabled": true, "generateOnRevoke": true}))
	c, _ := run(t, string(l), Config{})
	client := clientOf(t, string(l))
	id, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: "a.internal"})
	must(t, err)
	must(t, client.Revoke(t.Context(), id.Leaf().SerialNumber, ocsp.KeyCompromise, ""))
	at := "http://" + c.Addresses().Insecure
	for _, path := range []string{"/crl", "/1.0/crl"} {
		status, body := fetch(t, at+path)
		crl, err := x509.ParseRevocationList(body)
		if err != nil || status != http.StatusOK {
			t.Fatalf("%s: status %d, %v", path, status, err)
		}
		must(t, crl.CheckSignatureFrom(c.intermediate))
		if n := len(crl.RevokedCertificateEntries); n != 1 || crl.RevokedCertificateEntries[0].SerialNumber.Cmp(id.Leaf().SerialNumber) != 0 {
			t.Errorf("%s has %d entries", path, n)
		}
	}
	for _, path := range []string{"/health", "/1.0/health", "/provisioners", "/acme/acme/directory", "/scep/scep", "/admin/provisioners"} {
		if status, _ := fetch(t, at+path); status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, status)
		}
	}
	if !c.ServesCRL() {
		t.Error("the CA says that it has no CRL")
	}
	// Over TLS too.
	resp, err := httpClient(t, c.Root(), nil).Get(c.URL() + "/1.0/crl")
	must(t, err, resp.Body.Close())
	if resp.StatusCode != http.StatusOK {
		t.Errorf("over TLS: %s", resp.Status)
	}
}

// TestSCEP: it answers at insecureAddress, without a CRL.
func TestSCEP(t *testing.T) {
	t.Parallel()
	l := layout(newCA(t))
	edit(t, l, set("insecureAddress", freeAddress(t)))
	edit(t, l, addProvisioner(map[string]any{"type": "SCEP", "name": "devices", "challenge": "secret", "encryptionAlgorithmIdentifier": 2}))
	c, _ := run(t, string(l), Config{})
	status, body := fetch(t, "http://"+c.Addresses().Insecure+"/scep/devices?operation=GetCACaps")
	if status != http.StatusOK || !strings.Contains(string(body), "SHA-256") {
		t.Errorf("status %d: %q", status, body)
	}
}

func addProvisioner(p map[string]any) func(map[string]any) {
	return func(file map[string]any) {
		authority := file["authority"].(map[string]any)
		authority["provisioners"] = append(authority["provisioners"].([]any), p)
	}
}

// TestACME: a client of another make enrolls, the responder answers for what it
// gets, and the log has it.
func TestACME(t *testing.T) {
	t.Parallel()
	logged, log := auditLog()
	l := layout(newCA(t))
	edit(t, l, addProvisioner(map[string]any{"type": "ACME", "name": "acme"}))
	c, _ := run(t, string(l), Config{Logger: log})
	answers := http.NewServeMux()
	server := httptest.NewServer(answers)
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	must(t, err)
	stepacme.InsecurePortHTTP01, err = strconv.Atoi(port) // no other test validates
	must(t, err)

	key := newKey(t)
	client := &acme.Client{Key: key, HTTPClient: httpClient(t, c.Root(), nil), DirectoryURL: c.URL() + "/acme/acme/directory"}
	_, err = client.Register(t.Context(), &acme.Account{}, acme.AcceptTOS)
	must(t, err)
	order, err := client.AuthorizeOrder(t.Context(), acme.DomainIDs("localhost"))
	must(t, err)
	authorization, err := client.GetAuthorization(t.Context(), order.AuthzURLs[0])
	must(t, err)
	for _, challenge := range authorization.Challenges {
		if challenge.Type != "http-01" {
			continue
		}
		answer, err := client.HTTP01ChallengeResponse(challenge.Token)
		must(t, err)
		answers.HandleFunc(client.HTTP01ChallengePath(challenge.Token), func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, answer) // a CA that has gone fails the test below
		})
		_, err = client.Accept(t.Context(), challenge)
		must(t, err)
	}
	_, err = client.WaitOrder(t.Context(), order.URI)
	must(t, err)
	leafKey := newKey(t)
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}}, leafKey)
	must(t, err)
	chain, _, err := client.CreateOrderCert(t.Context(), order.FinalizeURL, csr, true)
	must(t, err)
	leaf, err := x509.ParseCertificate(chain[0])
	must(t, err)
	wantStatus(t, c, leaf, ocsp.Good)
	must(t, client.RevokeCert(t.Context(), nil, chain[0], acme.CRLReasonKeyCompromise))
	wantStatus(t, c, leaf, ocsp.Revoked)
	about := func(what string, more map[string]any) map[string]any {
		entry := map[string]any{
			"level": "INFO", "msg": what, "serial": leaf.SerialNumber.String(), "subject": "CN=localhost", "sans": []string{"localhost"},
			"provisioner": "acme", "provisioner_type": "ACME",
		}
		for name, value := range more {
			entry[name] = value
		}
		return entry
	}
	wantAudited(t, logged, about("certificate issued", nil),
		about("certificate revoked", map[string]any{"reason": "keyCompromise", "reason_text": "key compromised", "by": "ACME"}))
}

// TestSSH: certificates of SSH are served, and logged.
func TestSSH(t *testing.T) {
	t.Parallel()
	logged, log := auditLog()
	l := layout(newCA(t))
	for _, name := range []string{"host", "user"} {
		key := newKey(t)
		block, err := pemutil.Serialize(key)
		must(t, err, os.WriteFile(l.file("secrets", "ssh_"+name), pem.EncodeToMemory(block), 0o600))
		edit(t, l, set("ssh."+name+"Key", "secrets/ssh_"+name))
	}
	edit(t, l, set("authority.claims.enableSSHCA", true))
	c, _ := run(t, string(l), Config{Logger: log})
	token := provisionerToken(t, string(l), "/1.0/ssh/sign", "alice", map[string]any{
		"step": map[string]any{"ssh": map[string]any{"certType": "user", "keyID": "alice", "principals": []string{"alice"}}},
	})
	public, err := ssh.NewPublicKey(newKey(t).Public())
	must(t, err)
	var reply api.SSHSignResponse
	must(t, post(t, httpClient(t, c.Root(), nil), c.URL()+"/1.0/ssh/sign", &api.SSHSignRequest{PublicKey: public.Marshal(), OTT: token}, &reply))
	wantAudited(t, logged, map[string]any{
		"level": "INFO", "msg": "SSH certificate issued", "serial": strconv.FormatUint(reply.Certificate.Serial, 10), "key_id": "alice", "principals": []string{"alice"},
		"provisioner": "stapled", "provisioner_type": "JWK",
	})
}
