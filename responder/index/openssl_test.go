// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package index_test

import (
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/index"
)

const opensslConfig = `[ca]
default_ca = d
[d]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
default_md = sha256
policy = p
unique_subject = no
default_days = 10
email_in_dn = yes
[p]
commonName = supplied
`

// TestOpenSSL: the file is the one that `openssl ca` writes.
func TestOpenSSL(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("this test needs openssl: ", err)
	}
	dir := t.TempDir()
	openssl := func(args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "openssl", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	for name, content := range map[string]string{"ca.cnf": opensslConfig, "index.txt": "", "serial": "0102030405060708090A0B0C0D0E0F1011121314\n"} {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=CA", "-days", "20")
	first, ok := new(big.Int).SetString("0102030405060708090A0B0C0D0E0F1011121314", 16)
	if !ok {
		t.Fatal("no number")
	}
	issued := int64(0)
	issue := func(subject string, args ...string) *big.Int {
		t.Helper()
		openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key", "-out", "request", "-utf8", "-subj", subject)
		openssl(append([]string{"ca", "-config", "ca.cnf", "-batch", "-notext", "-utf8", "-in", "request", "-out", "cert.pem"}, args...)...)
		issued++
		return new(big.Int).Add(first, big.NewInt(issued-1))
	}
	file := func(serial *big.Int) string {
		text := serial.Text(16)
		if len(text)%2 != 0 {
			text = "0" + text
		}
		return strings.ToUpper(text) + ".pem"
	}
	type want struct {
		code   responder.Code
		reason int
	}
	wants := make(map[*big.Int]want)
	wants[issue("/CN=plain")] = want{responder.Good, 0}
	wants[issue("/CN=a\\/b\tc\nü\\\\")] = want{responder.Good, 0}
	wants[issue("/CN=until 2055", "-enddate", "20550101000000Z")] = want{responder.Good, 0}
	expired := issue("/CN=expired", "-startdate", "20200101000000Z", "-enddate", "20200102000000Z")
	wants[expired] = want{responder.Good, 0}
	var final []*big.Int
	for _, revocation := range []struct {
		args   []string
		reason int
	}{
		{nil, 0},
		{[]string{"-crl_reason", "unspecified"}, 0},
		{[]string{"-crl_reason", "keyCompromise"}, 1},
		{[]string{"-crl_reason", "CACompromise"}, 2},
		{[]string{"-crl_reason", "affiliationChanged"}, 3},
		{[]string{"-crl_reason", "superseded"}, 4},
		{[]string{"-crl_reason", "cessationOfOperation"}, 5},
		{[]string{"-crl_reason", "certificateHold"}, 6},
		{[]string{"-crl_reason", "removeFromCRL"}, 8},
		{[]string{"-crl_hold", "holdInstructionReject"}, 6},
		{[]string{"-crl_compromise", "20260101000000Z"}, 1},
		{[]string{"-crl_CA_compromise", "20260101000000Z"}, 2},
	} {
		serial := issue("/CN=revoked")
		openssl(append([]string{"ca", "-config", "ca.cnf", "-revoke", file(serial)}, revocation.args...)...)
		wants[serial] = want{responder.Revoked, revocation.reason}
		final = append(final, serial)
	}
	openssl("ca", "-config", "ca.cnf", "-updatedb") // marks the expired ones
	began := time.Now()

	x, err := index.New(index.Config{File: filepath.Join(dir, "index.txt")})
	if err != nil {
		t.Fatal(err)
	}
	for serial, want := range wants {
		st, err := x.Status(t.Context(), serial)
		if err != nil || st.Code != want.code || st.Reason != want.reason {
			t.Errorf("%s: %+v, %v; want %+v", serial, st, err, want)
		}
		if at := st.RevokedAt; want.code == responder.Revoked && (at.Before(began.Add(-time.Minute)) || at.After(time.Now())) {
			t.Errorf("%s: revoked at %s", serial, at)
		}
		if st.NotAfter.IsZero() {
			t.Errorf("%s: when it ends is not known", serial)
		}
	}
	if s := x.Snapshot(); s.Listed != int(issued) || s.Revoked != len(final) {
		t.Errorf("snapshot %+v; %d are issued, %d revoked", s, issued, len(final))
	}
	if content, err := os.ReadFile(filepath.Join(dir, "index.txt")); err != nil || !strings.Contains(string(content), "E\t") {
		t.Errorf("openssl has not marked the expired one: %v\n%s", err, content)
	}
	if st, err := x.Status(t.Context(), new(big.Int).Add(first, big.NewInt(issued))); err != nil || st.Code != responder.Unknown {
		t.Errorf("the next one: %+v, %v", st, err)
	}
}
