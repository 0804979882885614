// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.step.sm/crypto/pemutil"
	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/stepca"
)

// edit changes a ca.json as somebody with an editor does.
func edit(t *testing.T, l layout, change func(file map[string]any)) {
	t.Helper()
	raw, err := os.ReadFile(l.config())
	must(t, err)
	var file map[string]any
	must(t, json.Unmarshal(raw, &file))
	change(file)
	raw, err = json.MarshalIndent(file, "", "\t")
	must(t, err, os.WriteFile(l.config(), raw, 0o600))
}

func set(key string, value any) func(map[string]any) {
	return func(file map[string]any) { put(file, strings.Split(key, "."), value) }
}

// writePEM writes certificates to a file in the directory, which it names relative to it.
func writePEM(t *testing.T, l layout, name string, chain ...*x509.Certificate) string {
	t.Helper()
	var out []byte
	for _, c := range chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	must(t, os.WriteFile(l.file(name), out, 0o600))
	return name
}

// parts are what a test changes of a CA: its certificates and its keys.
type parts struct {
	intermediate, root *x509.Certificate
	rootKey            crypto.Signer
}

func partsOf(t *testing.T, l layout) parts {
	t.Helper()
	cfg, _, err := l.load()
	must(t, err)
	path, err := readTrustPath(cfg)
	must(t, err)
	password, err := l.findPassword(nil, cfg)
	must(t, err)
	key, err := readKey(l.rootKey(), password, path.root())
	must(t, err)
	return parts{path.issuing(), path.root(), key}
}

// certify issues a CA certificate for a key that exists.
func certify(t *testing.T, name string, key crypto.PublicKey, issuer *x509.Certificate, issuerKey crypto.Signer) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	if issuer == nil {
		issuer = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key, issuerKey)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return cert
}

func newRoot(t *testing.T, name string) *certs.Identity {
	t.Helper()
	key := newKey(t)
	return &certs.Identity{Chain: []*x509.Certificate{certify(t, name, key.Public(), nil, key)}, Key: key}
}

// TestShapes: whatever the stock step-ca starts on is served. Each directory
// enrolls, renews, answers for what it has issued, and revokes.
func TestShapes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		shape func(t *testing.T, l layout)
		tiers int    // certificates from the issuing one to the root
		root  string // the file in which the root is, in the directory
		says  string // what is logged as a warning, or nothing
	}{
		{name: "two roots, the intermediate under the second", tiers: 2, root: "certs/new.crt",
			says: "the root key is unusable",
			shape: func(t *testing.T, l layout) {
				root := newRoot(t, "New Root")
				p := partsOf(t, l)
				writePEM(t, l, "certs/intermediate_ca.crt", certify(t, "Stapled Intermediate CA", p.intermediate.PublicKey, root.Leaf(), root.Key))
				edit(t, l, set("root", []any{l.root(), writePEM(t, l, "certs/new.crt", root.Leaf())}))
			}},
		{name: "the root in the middle of a bundle", tiers: 2, root: "certs/roots.crt",
			shape: func(t *testing.T, l layout) {
				p := partsOf(t, l)
				bundle := writePEM(t, l, "certs/roots.crt", newRoot(t, "Old").Leaf(), p.root, newRoot(t, "Other").Leaf())
				edit(t, l, set("root", []any{writePEM(t, l, "certs/past.crt", newRoot(t, "Past").Leaf()), bundle}))
			}},
		{name: "the root behind the intermediate too", tiers: 2, root: "certs/root_ca.crt",
			shape: func(t *testing.T, l layout) {
				p := partsOf(t, l)
				writePEM(t, l, "certs/intermediate_ca.crt", p.intermediate, p.root)
			}},
		{name: "a root renewed with its key", tiers: 2, root: "certs/renewed.crt",
			shape: func(t *testing.T, l layout) {
				p := partsOf(t, l)
				template := *p.root
				template.SerialNumber, template.NotAfter = big.NewInt(7), p.root.NotAfter.Add(time.Hour)
				der, err := x509.CreateCertificate(rand.Reader, &template, &template, p.root.PublicKey, p.rootKey)
				must(t, err)
				renewed, err := x509.ParseCertificate(der)
				must(t, err)
				edit(t, l, set("root", []any{l.root(), writePEM(t, l, "certs/renewed.crt", renewed)}))
			}},
		{name: "three tiers", tiers: 3, root: "certs/top.crt", says: "the root key is unusable",
			shape: func(t *testing.T, l layout) {
				p, middle, top := partsOf(t, l), newRoot(t, "unused"), newRoot(t, "Top")
				edit(t, l, set("root", writePEM(t, l, "certs/top.crt", top.Leaf())))
				above := certify(t, "Middle CA", middle.Key.Public(), top.Leaf(), top.Key)
				issuing := certify(t, "Issuing CA", p.intermediate.PublicKey, above, middle.Key)
				writePEM(t, l, "certs/intermediate_ca.crt", issuing, above)
			}},
		{name: "a root that issues itself", tiers: 1, root: "certs/root_ca.crt",
			shape: func(t *testing.T, l layout) {
				edit(t, l, set("crt", l.root()))
				edit(t, l, set("key", l.rootKey()))
			}},
		{name: "relative paths", tiers: 2, root: "certs/root_ca.crt",
			shape: func(t *testing.T, l layout) {
				raw, err := os.ReadFile(l.config())
				must(t, err, os.WriteFile(l.config(), []byte(strings.ReplaceAll(string(raw), string(l)+"/", "")), 0o600))
				template := `{"subject": {{ toJson .Subject }}, "sans": {{ toJson .SANs }}, "keyUsage": ["digitalSignature"], "extKeyUsage": ["clientAuth"]}`
				must(t, os.WriteFile(l.file("templates", "leaf.tpl"), []byte(template), 0o600))
				edit(t, l, set("authority.provisioners[].options.x509", map[string]any{"templateFile": "templates/leaf.tpl"}))
				edit(t, l, set("federatedRoots", []any{"certs/root_ca.crt"}))
			}},
		{name: "the password in ca.json", tiers: 2, root: "certs/root_ca.crt",
			shape: func(t *testing.T, l layout) {
				password, err := os.ReadFile(l.password())
				must(t, err, os.Remove(l.password()))
				edit(t, l, set("password", string(password)))
			}},
		{name: "a key of softkms", tiers: 2, root: "certs/root_ca.crt",
			shape: func(t *testing.T, l layout) {
				edit(t, l, set("kms", map[string]any{"type": "softkms", "pin": "unread"}))
				edit(t, l, set("key", "softkms:path=secrets/intermediate_ca_key"))
			}},
		{name: "no password for the key of the CA", tiers: 2, root: "certs/root_ca.crt",
			shape: func(t *testing.T, l layout) {
				cfg, _, err := l.load()
				must(t, err)
				password, err := l.findPassword(nil, cfg)
				must(t, err)
				key, err := readKey(cfg.IntermediateKey, password, partsOf(t, l).intermediate)
				must(t, err)
				block, err := pemutil.Serialize(key)
				must(t, err, os.WriteFile(cfg.IntermediateKey, pem.EncodeToMemory(block), 0o600))
			}},
		{name: "an unknown key", tiers: 2, root: "certs/root_ca.crt", says: `config/ca.json:3: key adress is unknown`,
			shape: func(t *testing.T, l layout) { edit(t, l, set("adress", ":1")) }},
		{name: "a key in another case", tiers: 2, root: "certs/root_ca.crt",
			shape: func(t *testing.T, l layout) { replace(t, l.config(), `"dnsNames"`, `"DNSNames"`) }},
		{name: "a key twice", tiers: 2, root: "certs/root_ca.crt", says: "key root occurs twice",
			shape: func(t *testing.T, l layout) { replace(t, l.config(), `"crt":`, `"root": "`+l.root()+`", "crt":`) }},
		{name: "something after the end", tiers: 2, root: "certs/root_ca.crt", says: "what follows the closing brace",
			shape: func(t *testing.T, l layout) {
				f, err := os.OpenFile(l.config(), os.O_APPEND|os.O_WRONLY, 0)
				must(t, err)
				_, err = f.WriteString("{}\n")
				must(t, err, f.Close())
			}},
		{name: "metrics of step-ca", tiers: 2, root: "certs/root_ca.crt", says: "key metricsAddress is not served",
			shape: func(t *testing.T, l layout) { edit(t, l, set("metricsAddress", "127.0.0.1:1")) }},
		{name: "an insecure address without a use", tiers: 2, root: "certs/root_ca.crt", says: "key insecureAddress is not served",
			shape: func(t *testing.T, l layout) { edit(t, l, set("insecureAddress", "127.0.0.1:1")) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l, logged := layout(newCA(t)), &lines{}
			row.shape(t, l)
			c, _ := run(t, string(l), Config{Logger: slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelWarn}))})
			if got := logged.String(); !strings.Contains(got, row.says) || (got == "") != (row.says == "") || strings.Count(got, "\n") > 1 {
				t.Errorf("logged: %q, want one line with %q", got, row.says)
			}
			if got, want := c.RootFile(), l.file(filepath.FromSlash(row.root)); got != want {
				t.Errorf("the root is said to be in %s, is in %s", got, want)
			}
			client := clientOf(t, string(l))
			if got := len(client.Issuers()); got != row.tiers || !client.Root().Equal(client.Issuers()[got-1]) {
				t.Errorf("%d certificates above leaves, want %d", got, row.tiers)
			}
			id, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: "a.internal"})
			must(t, err)
			if got, want := len(id.Chain), row.tiers; got != want {
				t.Errorf("chain of %d certificates, want %d", got, want)
			}
			id, err = client.Rekey(t.Context(), id)
			must(t, err)
			wantStatus(t, c, id.Leaf(), ocsp.Good)
			must(t, client.Revoke(t.Context(), id.Leaf().SerialNumber, ocsp.Superseded, ""))
			wantStatus(t, c, id.Leaf(), ocsp.Revoked)
		})
	}
}

func wantStatus(t *testing.T, c *CA, cert *x509.Certificate, want int) {
	t.Helper()
	answer, err := ask(t, c.OCSPURL(), cert, c.intermediate, crypto.SHA256)
	must(t, err)
	if answer.Status != want {
		t.Errorf("status %d, want %d", answer.Status, want)
	}
}

// TestPasswordOfTheProvisioner: it need not be the one of the CA's keys.
func TestPasswordOfTheProvisioner(t *testing.T) {
	t.Parallel()
	l := layout(newCA(t))
	password, err := os.ReadFile(l.password())
	must(t, err, os.Remove(l.password()))
	if _, err := Open(string(l), Config{}); !errors.Is(err, stapled.WrongPassword) || !strings.Contains(err.Error(), "--password-file") {
		t.Errorf("without a password: got %v", err)
	}
	run(t, string(l), Config{Password: password})
	client := clientOf(t, string(l))
	must(t, client.Health(t.Context())) // needs none
	_, err = client.Enroll(t.Context(), stepca.EnrollRequest{Name: "a.internal"})
	if !errors.Is(err, stapled.ConfigInvalid) || !strings.Contains(err.Error(), "secrets/password is missing") {
		t.Errorf("without a password: got %v", err)
	}
	cfg, err := ClientConfig(string(l), password)
	must(t, err)
	client, err = stepca.New(cfg)
	must(t, err)
	_, err = client.Enroll(t.Context(), stepca.EnrollRequest{Name: "a.internal"})
	must(t, err)
}
