// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/stepca"
	"go.step.sm/crypto/pemutil"
	"golang.org/x/crypto/ocsp"
)

// TestOpenRefuses breaks one thing at a time in a CA directory.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	template, stranger := newCA(t), initCA(t)
	for _, row := range []struct {
		name  string
		spoil func(t *testing.T, l layout)
		cfg   Config
		want  stapled.Reason
		says  string
	}{
		{"no directory", func(t *testing.T, l layout) { must(t, os.RemoveAll(string(l))) }, Config{}, stapled.NotCADirectory, "stapled up --dir"},
		{"empty directory", func(t *testing.T, l layout) { must(t, os.RemoveAll(string(l)), os.Mkdir(string(l), 0o700)) }, Config{}, stapled.NotCADirectory, "stapled up --dir"},
		{"step-ca without our file", func(t *testing.T, l layout) { must(t, os.Remove(l.settings())) }, Config{}, stapled.NotCADirectory, "stapled.json"},
		{"ca.json missing", func(t *testing.T, l layout) { must(t, os.Remove(l.config())) }, Config{}, stapled.NotCADirectory, "ca.json"},
		{"ca.json broken", func(t *testing.T, l layout) { replace(t, l.config(), `"root"`, `root`) }, Config{}, stapled.ConfigInvalid, "ca.json"},
		{"stapled.json broken", func(t *testing.T, l layout) { replace(t, l.settings(), `{`, ``) }, Config{}, stapled.ConfigInvalid, "stapled.json"},
		{"stapled.json without a URL", func(t *testing.T, l layout) { replace(t, l.settings(), `"ocsp_url"`, `"x"`) }, Config{}, stapled.ConfigInvalid, "ocsp_url"},
		{"stapled.json with a mistyped address", func(t *testing.T, l layout) { replace(t, l.settings(), `"ocsp_address"`, `"ocsp_adress"`) }, Config{}, stapled.ConfigInvalid, `stapled.json:2: unknown key "ocsp_adress"`},
		{"stapled.json with the address in another case", func(t *testing.T, l layout) { replace(t, l.settings(), `"ocsp_address"`, `"OCSP_address"`) }, Config{}, stapled.ConfigInvalid, `stapled.json:2: unknown key "OCSP_address"`},
		{"stapled.json without an address", func(t *testing.T, l layout) {
			rewrite(t, l, `{"ocsp_url": "http://a", "ca_url": "https://a", "provisioner": "p"}`)
		}, Config{}, stapled.ConfigInvalid, `stapled.json:1: key "ocsp_address" is missing; write, for example, "ocsp_address": "127.0.0.1:8889"`},
		{"stapled.json with an empty address", func(t *testing.T, l layout) { address(t, l, `""`) }, Config{}, stapled.ConfigInvalid, `stapled.json:1: key "ocsp_address": the address is empty`},
		{"stapled.json with an address of all interfaces", func(t *testing.T, l layout) { address(t, l, `":8889"`) }, Config{}, stapled.ConfigInvalid, `write 127.0.0.1:8889, or 0.0.0.0:8889 for all interfaces`},
		{"stapled.json with any port", func(t *testing.T, l layout) { address(t, l, `"127.0.0.1:0"`) }, Config{}, stapled.ConfigInvalid, `has no fixed port`},
		{"stapled.json with a port only", func(t *testing.T, l layout) { address(t, l, `8889`) }, Config{}, stapled.ConfigInvalid, `key "ocsp_address" is a JSON number`},
		{"stapled.json with null", func(t *testing.T, l layout) { address(t, l, `null`) }, Config{}, stapled.ConfigInvalid, `key "ocsp_address" is null`},
		{"stapled.json with two addresses", func(t *testing.T, l layout) { address(t, l, `"127.0.0.1:1", "ocsp_address": "127.0.0.1:2"`) }, Config{}, stapled.ConfigInvalid, `key "ocsp_address" occurs twice`},
		{"stapled.json twice", func(t *testing.T, l layout) { address(t, l, `"127.0.0.1:1"}{"a": "b"`) }, Config{}, stapled.ConfigInvalid, `something after the closing brace`},
		{"stapled.json with plain HTTP for the CA", func(t *testing.T, l layout) { replace(t, l.settings(), "https://", "http://") }, Config{}, stapled.ConfigInvalid, `key "ca_url"`},
		{"ca.json without an address", func(t *testing.T, l layout) { edit(t, l, func(f map[string]any) { delete(f, "address") }) }, Config{}, stapled.ConfigInvalid, `key address is ""`},
		{"ca.json with any port", func(t *testing.T, l layout) { edit(t, l, set("address", "127.0.0.1:0")) }, Config{}, stapled.ConfigInvalid, `key address is "127.0.0.1:0"`},
		{"ca.json without a port", func(t *testing.T, l layout) { edit(t, l, set("address", "127.0.0.1:")) }, Config{}, stapled.ConfigInvalid, `key address is "127.0.0.1:"`},
		{"ca.json with any insecure port", func(t *testing.T, l layout) { edit(t, l, set("insecureAddress", ":0")) }, Config{}, stapled.ConfigInvalid, `key insecureAddress is ":0"`},
		{"ca.json with another type", func(t *testing.T, l layout) { edit(t, l, set("dnsNames", "localhost")) }, Config{}, stapled.ConfigInvalid, "ca.json:"},
		{"ca.json with a list", func(t *testing.T, l layout) { must(t, os.WriteFile(l.config(), []byte("[]"), 0o600)) }, Config{}, stapled.ConfigInvalid, "not a JSON object"},
		{"ca.json that step-ca refuses", func(t *testing.T, l layout) { edit(t, l, set("dnsNames", []any{})) }, Config{}, stapled.ConfigInvalid, "refused by step-ca: dnsNames cannot be empty"},
		{"no root named", func(t *testing.T, l layout) { edit(t, l, set("root", "")) }, Config{}, stapled.ConfigInvalid, "key root names no root"},
		{"a registration authority", func(t *testing.T, l layout) { edit(t, l, set("authority.type", "stepcas")) }, Config{}, stapled.ConfigInvalid, "key authority.type"},
		{"a linked CA", func(t *testing.T, l layout) { edit(t, l, set("authority.deploymentType", "Linked")) }, Config{}, stapled.ConfigInvalid, "key authority.deploymentType"},
		{"a KMS by its URI", func(t *testing.T, l layout) { edit(t, l, set("kms.uri", "pkcs11:token=t")) }, Config{}, stapled.ConfigInvalid, "key kms names a KMS"},
		{"a key in a KMS", func(t *testing.T, l layout) { edit(t, l, set("key", "awskms:key-id=x")) }, Config{}, stapled.ConfigInvalid, `key key is "awskms:key-id=x"`},
		{"insecure port in use", func(t *testing.T, l layout) {
			edit(t, l, set("crl", map[string]any{"enabled": true}))
			occupy(t, l, func(_ settings, ca string) string {
				free, held, err := pickAddress("", APIServer)
				must(t, err, held.Close())
				edit(t, l, set("insecureAddress", free))
				return free
			})
		}, Config{}, stapled.AddressInUse, "in use"},
		{"password missing", func(t *testing.T, l layout) { must(t, os.Remove(l.password())) }, Config{}, stapled.WrongPassword, "secrets/password"},
		{"password empty", func(t *testing.T, l layout) { must(t, os.Truncate(l.password(), 0)) }, Config{}, stapled.WrongPassword, "empty"},
		{"password wrong", func(t *testing.T, l layout) { must(t, os.WriteFile(l.password(), []byte("guess"), 0o600)) }, Config{}, stapled.WrongPassword, "intermediate_ca_key"},
		{"password given and wrong", func(*testing.T, layout) {}, Config{Password: []byte("guess")}, stapled.WrongPassword, "intermediate_ca_key"},
		{"password wrong, its padding right", func(t *testing.T, l layout) {
			guess := paddedGuess(t, l.file("secrets", "intermediate_ca_key"))
			must(t, os.WriteFile(l.password(), guess, 0o600))
		}, Config{}, stapled.WrongPassword, "intermediate_ca_key"},
		{"root missing", func(t *testing.T, l layout) { must(t, os.Remove(l.root())) }, Config{}, stapled.NotCADirectory, "root_ca.crt"},
		{"intermediate key missing", func(t *testing.T, l layout) { must(t, os.Remove(l.file("secrets", "intermediate_ca_key"))) }, Config{}, stapled.NotCADirectory, "intermediate_ca_key"},
		{"intermediate key of another", func(t *testing.T, l layout) {
			must(t, os.Rename(l.rootKey(), l.file("secrets", "intermediate_ca_key")))
		}, Config{}, stapled.ConfigInvalid, "does not belong"},
		{"root of another", func(t *testing.T, l layout) {
			other, err := os.ReadFile(layout(stranger).root())
			must(t, err, os.WriteFile(l.root(), other, 0o600))
		}, Config{}, stapled.ConfigInvalid, "not issued by"},
		{"copied with the paths of the original", func(t *testing.T, l layout) { replace(t, l.config(), string(l), template) }, Config{}, stapled.ConfigInvalid, "copy of"},
		{"database of another", func(t *testing.T, l layout) { replace(t, l.config(), l.database(), layout(stranger).database()) }, Config{}, stapled.ConfigInvalid, "copy of"},
		{"database lost", func(t *testing.T, l layout) { must(t, os.RemoveAll(l.database())) }, Config{}, stapled.NotCADirectory, "restore it"},
		{"database emptied", func(t *testing.T, l layout) { must(t, os.Truncate(l.database(), 0)) }, Config{}, stapled.DatabaseDamaged, "restore it"},
		{"badger emptied", func(t *testing.T, l layout) {
			replace(t, l.config(), `"type": "bbolt"`, `"type": "badgerv2"`)
			must(t, os.RemoveAll(l.database()), os.Mkdir(l.database(), 0o700))
		}, Config{}, stapled.NotCADirectory, "restore it"},
		{"badger version 1", func(t *testing.T, l layout) {
			replace(t, l.config(), `"type": "bbolt"`, `"type": "badger"`)
			must(t, os.RemoveAll(l.database()), os.Mkdir(l.database(), 0o700), os.WriteFile(filepath.Join(l.database(), "MANIFEST"), nil, 0o600))
		}, Config{}, stapled.ConfigInvalid, "badger version 1"},
		{"no database", func(t *testing.T, l layout) { replace(t, l.config(), `"db": {`, `"nodb": {`) }, Config{}, stapled.ConfigInvalid, "database"},
		{"keys in a KMS", func(t *testing.T, l layout) {
			replace(t, l.config(), `"db": {`, `"kms": {"type": "pkcs11", "uri": "pkcs11:"}, "db": {`)
		}, Config{}, stapled.ConfigInvalid, "KMS"},
		{"CA port in use", func(t *testing.T, l layout) { occupy(t, l, func(s settings, ca string) string { return ca }) }, Config{}, stapled.AddressInUse, "in use"},
		{"OCSP port in use", func(t *testing.T, l layout) { occupy(t, l, func(s settings, _ string) string { return s.OCSPAddress }) }, Config{}, stapled.AddressInUse, "in use"},
		{"validity below a second", func(*testing.T, layout) {}, Config{StapleValidity: time.Millisecond}, stapled.ConfigInvalid, "one second"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := layout(filepath.Join(t.TempDir(), "ca"))
			must(t, os.CopyFS(string(l), os.DirFS(template)))
			for _, file := range []string{l.config(), l.defaults()} {
				replace(t, file, template, string(l))
			}
			row.spoil(t, l)
			c, err := Open(string(l), row.cfg)
			if c != nil || !errors.Is(err, row.want) {
				t.Fatalf("got (%v, %v), want %v", c, err, row.want)
			}
			if !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error is not one line that says %q: %q", row.says, err)
			}
		})
	}
	// Nothing above may have kept a port or the database.
	c, err := Open(template, Config{})
	if err != nil {
		t.Fatalf("the directory that the rows are made of: %v", err)
	}
	must(t, c.Close())
}

// paddedGuess searches for a wrong password that leaves valid padding, which
// one in 256 does.
func paddedGuess(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(raw)
	for i := range 100_000 {
		guess := fmt.Appendf(nil, "guess %d", i)
		if _, err := pemutil.DecryptPEMBlock(block, guess); err == nil {
			return guess
		}
	}
	t.Fatal("no wrong password has valid padding")
	return nil
}

func replace(t *testing.T, file, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), from) {
		t.Fatalf("%s does not contain %q", file, from)
	}
	must(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(raw), from, to)), 0o600))
}

// rewrite replaces stapled.json.
func rewrite(t *testing.T, l layout, text string) {
	t.Helper()
	must(t, os.WriteFile(l.settings(), []byte(text), 0o600))
}

// address is a stapled.json with something in the place of an address.
func address(t *testing.T, l layout, value string) {
	t.Helper()
	rewrite(t, l, `{"ocsp_url": "http://a", "ca_url": "https://a", "provisioner": "p", "ocsp_address": `+value+`}`)
}

// occupy listens on one of the addresses of a CA.
func occupy(t *testing.T, l layout, choose func(s settings, ca string) string) {
	t.Helper()
	cfg, s, err := l.load()
	if err != nil {
		t.Fatal(err)
	}
	busy, err := net.Listen("tcp", choose(s, cfg.Address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { busy.Close() })
}

func TestSecondOpenIsLockedOut(t *testing.T) {
	t.Parallel()
	_, err := Open(shared.ca.Dir(), Config{})
	if !errors.Is(err, stapled.DatabaseLocked) {
		t.Fatalf("got %v, want %v", err, stapled.DatabaseLocked)
	}
	if err := shared.client.Health(t.Context()); err != nil {
		t.Errorf("the first CA has suffered: %v", err)
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := newCA(t)
	first, stop := run(t, dir, Config{StapleValidity: 3 * time.Second})
	client := clientOf(t, dir)
	good, err := client.Enroll(ctx, stepca.EnrollRequest{Name: "good.internal"})
	if err != nil {
		t.Fatal(err)
	}
	revoked, err := client.Enroll(ctx, stepca.EnrollRequest{Name: "revoked.internal"})
	if err != nil {
		t.Fatal(err)
	}
	must(t, client.Revoke(ctx, revoked.Leaf().SerialNumber, ocsp.Superseded, "replaced"))
	was, err := ask(t, first.OCSPURL(), revoked.Leaf(), first.intermediate, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := client.Health(ctx); !errors.Is(err, stapled.Unreachable) || !strings.Contains(err.Error(), "stapled up --dir "+dir) {
		t.Errorf("health of a stopped CA: got %v, want %v that says what to start", err, stapled.Unreachable)
	}

	second, _ := run(t, dir, Config{StapleValidity: 3 * time.Second})
	if first.URL() != second.URL() || first.OCSPURL() != second.OCSPURL() || !first.Root().Equal(second.Root()) {
		t.Errorf("CA was %s with OCSP %s, is %s with %s", first.URL(), first.OCSPURL(), second.URL(), second.OCSPURL())
	}
	must(t, client.Health(ctx))
	resp, err := ask(t, second.OCSPURL(), good.Leaf(), second.intermediate, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Status != ocsp.Good || resp.NextUpdate.Sub(resp.ThisUpdate) != 3*time.Second {
		t.Errorf("status %d for %s, want good for 3s", resp.Status, resp.NextUpdate.Sub(resp.ThisUpdate))
	}
	is, err := ask(t, second.OCSPURL(), revoked.Leaf(), second.intermediate, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if is.Status != ocsp.Revoked || !is.RevokedAt.Equal(was.RevokedAt) || is.RevocationReason != ocsp.Superseded {
		t.Errorf("status %d at %s for %d, was revoked at %s", is.Status, is.RevokedAt, is.RevocationReason, was.RevokedAt)
	}
	if _, err := client.Rekey(ctx, good); err != nil {
		t.Errorf("renew after the restart: %v", err)
	}
}

// TestDatabaseFails: with the database gone the responder cannot know, and
// says so. It is asked without HTTP, because closing takes the servers down.
func TestDatabaseFails(t *testing.T) {
	t.Parallel()
	dir := newCA(t)
	c, err := Open(dir, Config{})
	if err != nil {
		t.Fatal(err)
	}
	respond := func(t *testing.T) error {
		req, err := ocsp.CreateRequest(c.intermediate, c.Root(), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ocsp.ParseResponse(c.responder.Respond(t.Context(), req), c.Root())
		return err
	}
	must(t, respond(t))
	must(t, c.Close())
	var re ocsp.ResponseError
	if err := respond(t); !errors.As(err, &re) || re.Status != ocsp.TryLater {
		t.Errorf("intermediate: got %v, want try later", err)
	}
	req, err := ocsp.CreateRequest(c.intermediate, c.intermediate, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ocsp.ParseResponse(c.responder.Respond(t.Context(), req), nil); !errors.As(err, &re) || re.Status != ocsp.TryLater {
		t.Errorf("leaf: got %v, want try later", err)
	}
}

func TestDamagedRecords(t *testing.T) {
	t.Parallel()
	c, err := Open(newCA(t), Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, c.Close()) })
	source := newLeaves(c.database, c.intermediate)
	serial := c.intermediate.SerialNumber
	must(t, c.database.tables.Set([]byte("x509_certs"), []byte(serial.String()), []byte("no certificate")))
	if st, err := source.Status(t.Context(), serial); err == nil {
		t.Errorf("unreadable certificate: got %v, want an error", st)
	}
	// A certificate of another issuer in the same table is not ours to vouch for.
	must(t, c.database.tables.Set([]byte("x509_certs"), []byte(serial.String()), c.intermediate.Raw))
	if st, err := source.Status(t.Context(), serial); err != nil || st.Code.String() != "unknown" {
		t.Errorf("certificate of another issuer: got %v, %v; want unknown", st, err)
	}
	must(t, c.database.tables.Set(revokedTable, []byte(serial.String()), []byte("{")))
	if st, err := source.Status(t.Context(), serial); err == nil {
		t.Errorf("unreadable revocation: got %v, want an error", st)
	}
	if st, err := (intermediates{c.database, c.intermediate}).Status(t.Context(), serial); err == nil {
		t.Errorf("unreadable revocation of the intermediate: got %v, want an error", st)
	}
}

func TestRevokedIntermediate(t *testing.T) {
	t.Parallel()
	dir := newCA(t)
	c, _ := run(t, dir, Config{})
	client := clientOf(t, dir)
	must(t, client.Revoke(t.Context(), c.intermediate.SerialNumber, ocsp.CACompromise, ""))
	resp, err := ask(t, c.OCSPURL(), c.intermediate, c.Root(), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Status != ocsp.Revoked || resp.RevocationReason != ocsp.CACompromise {
		t.Errorf("status %d for %d, want revoked for CA compromise", resp.Status, resp.RevocationReason)
	}
}

func TestWithoutRootKey(t *testing.T) {
	t.Parallel()
	dir := newCA(t)
	must(t, os.Remove(layout(dir).rootKey()))
	c, _ := run(t, dir, Config{})
	_, err := ask(t, c.OCSPURL(), c.intermediate, c.Root(), crypto.SHA256)
	var re ocsp.ResponseError
	if !errors.As(err, &re) || re.Status != ocsp.Unauthorized {
		t.Errorf("staple for the intermediate: got %v, want unauthorized", err)
	}
}
