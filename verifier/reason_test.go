// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/catalogue"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
)

// Every reason is the reason for a forgery, and the strings are stable.
func TestReasons(t *testing.T) {
	stable := strings.Fields(`
		malformed too_large type_rejected algorithm_rejected header_forbidden chain_invalid chain_untrusted
		certificate_expired certificate_not_yet_valid key_usage key_mismatch staple_missing staple_malformed
		staple_mismatch staple_untrusted staple_not_yet_valid staple_stale staple_unknown certificate_revoked
		signature_invalid issuer_mismatch audience_mismatch claims_invalid token_expired token_not_yet_valid binding_mismatch`)
	var got []string
	forged := make(map[stapled.Reason]bool)
	for _, c := range catalogue.Forgeries() {
		for _, s := range theMaker().Make(&c).Steps {
			forged[s.Want] = true
		}
	}
	for _, r := range stapled.Reasons() {
		got = append(got, string(r))
		if r.Error() != string(r) {
			t.Errorf("%q says %q", string(r), r.Error())
		}
		if !forged[r] {
			t.Errorf("no forgery has the reason %s", r)
		}
	}
	slices.Sort(stable)
	slices.Sort(got)
	if !slices.Equal(got, stable) {
		t.Errorf("the reasons are\n%q, want\n%q", got, stable)
	}
}

func TestError(t *testing.T) {
	w := theWorld()
	v := newVerifier(t, w.config(&clock{testca.Now}))
	_, err := v.Verify(w.leaf.Token(func(t *testca.Token) { t.Claims.Set("iss", "other") }))
	if !errors.Is(err, stapled.IssuerMismatch) || errors.Is(err, stapled.AudienceMismatch) {
		t.Errorf("errors.Is does not tell the reason of %v", err)
	}
}

// An error says what was compared, but contains nothing that a stranger wants
// in the log.
func TestErrorTextIsShort(t *testing.T) {
	w := theWorld()
	long := strings.Repeat("A", 3000)
	badURI := func() *x509.Certificate {
		leaf := w.intermediate.Leaf(func(t *testca.Template) {
			t.URIs = []*url.URL{{Scheme: "http", Host: "[::1]", Path: "/" + long}}
		})
		return &x509.Certificate{Raw: bytes.Replace(leaf.Cert.Raw, []byte("[::1]"), []byte("[::1/"), 1)}
	}()
	for _, c := range []struct {
		name string
		want stapled.Reason
		edit func(*testca.Token)
	}{
		{"alg", stapled.AlgorithmRejected, func(t *testca.Token) { t.Header.Set("alg", long) }},
		{"typ", stapled.TypeRejected, func(t *testca.Token) { t.Header.Set("typ", long) }},
		{"kid", stapled.KeyMismatch, func(t *testca.Token) { t.Header.Set("kid", long) }},
		{"iss", stapled.IssuerMismatch, func(t *testca.Token) { t.Claims.Set("iss", long) }},
		{"duplicate name", stapled.Malformed, func(t *testca.Token) { t.Header.Add(long, 1); t.Header.Add(long, 1) }},
		{"case variant", stapled.Malformed, func(t *testca.Token) { t.Header.Add(long, 1); t.Header.Add(strings.ToLower(long), 1) }},
		{"line breaks", stapled.AlgorithmRejected, func(t *testca.Token) { t.Header.Set("alg", "a\nlevel=INFO msg=accepted\x1b[2J") }},
		{"line breaks in iss", stapled.IssuerMismatch, func(t *testca.Token) { t.Claims.Set("iss", "a\nlevel=INFO msg=accepted\x1b[2J") }},
		{"URI of a certificate", stapled.ChainInvalid, func(t *testca.Token) {
			t.Header.Set("x5c", certx5c.Encode([]*x509.Certificate{badURI, w.intermediate.Cert}))
		}},
		{"name of a certificate", stapled.ChainUntrusted, func(t *testca.Token) {
			ca := testca.New(testca.Named(long[:1000] + "\nlevel=INFO"))
			leaf := ca.Leaf()
			present(t, leaf.Key, leaf.Cert, ca.Cert)
		}},
		{"serial number of a staple", stapled.StapleMismatch, func(t *testca.Token) {
			t.Header.Set("ocsp", encodeStaples(w.leaf.Staple(func(r *testca.Response) {
				r.Singles[0].Serial = w.leaf.Cert.SerialNumber
				r.Inside["serialNumber"] = func([]byte) []byte { return bytes.Repeat([]byte{0x41}, 3000) }
			})))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			mustReject(t, newVerifier(t, w.config(&clock{testca.Now})), w.leaf.Token(c.edit), c.want)
		})
	}
}

// testSystemRoot is T5: the operating system's trusted roots do not matter.
func testSystemRoot(t *testing.T) {
	w := theWorld()
	file := filepath.Join(t.TempDir(), "roots.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.stranger.Cert.Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", file)
	t.Setenv("SSL_CERT_DIR", t.TempDir())
	leaf := w.stranger.Leaf()
	_, err := leaf.Cert.Verify(x509.VerifyOptions{
		CurrentTime: testca.Now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	// Only on Linux do these variables name the system's roots.
	if runtime.GOOS == "linux" && err != nil {
		t.Fatalf("the system does not trust the root that it was given: %v", err)
	}
	mustReject(t, newVerifier(t, w.config(&clock{testca.Now})), leaf.Token(), stapled.ChainUntrusted)
}
