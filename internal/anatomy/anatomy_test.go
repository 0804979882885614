// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package anatomy

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/cli"
	"github.com/stapledjwt/stapled/internal/terminal"
)

var at = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// pair makes an issuer and a leaf, for what is shown and never verified.
func pair(t *testing.T) (issuer, leaf *x509.Certificate, key crypto.Signer) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	make := func(template, parent *x509.Certificate) *x509.Certificate {
		template.NotBefore, template.NotAfter = at.Add(-time.Hour), at.Add(time.Hour)
		der, err := x509.CreateCertificate(rand.Reader, template, parent, private.Public(), private)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Issuer"}, IsCA: true, BasicConstraintsValid: true}
	issuer = make(template, template)
	leaf = make(&x509.Certificate{SerialNumber: big.NewInt(42), Subject: pkix.Name{CommonName: "leaf"}, DNSNames: []string{"leaf.internal"}}, issuer)
	return issuer, leaf, private
}

func TestDissectStaple(t *testing.T) {
	issuer, leaf, key := pair(t)
	other := *leaf
	other.SerialNumber = big.NewInt(43)
	respond := func(r ocsp.Response) string {
		r.ThisUpdate, r.NextUpdate, r.IssuerHash = at, at.Add(time.Minute), crypto.SHA256
		der, err := ocsp.CreateResponse(issuer, issuer, r, key)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(der)
	}
	for _, row := range []struct {
		name, value string
		i           int
		want        stapleView // its times are not compared
		err         string
	}{
		{name: "good", value: respond(ocsp.Response{Status: ocsp.Good, SerialNumber: big.NewInt(42)}),
			want: stapleView{Status: "good", Serial: "42", For: "x5c[0]", Signer: "x5c[1], CN=Issuer"}},
		{name: "revoked", value: respond(ocsp.Response{Status: ocsp.Revoked, RevokedAt: at, RevocationReason: ocsp.KeyCompromise, SerialNumber: big.NewInt(42)}),
			want: stapleView{Status: "revoked", Serial: "42", For: "x5c[0]", Reason: "keyCompromise", Signer: "x5c[1], CN=Issuer"}},
		{name: "unknown", value: respond(ocsp.Response{Status: ocsp.Unknown, SerialNumber: big.NewInt(42)}),
			want: stapleView{Status: "unknown", Serial: "42", For: "x5c[0]", Signer: "x5c[1], CN=Issuer"}},
		{name: "of another certificate", value: respond(ocsp.Response{Status: ocsp.Good, SerialNumber: big.NewInt(43)}),
			want: stapleView{Status: "good", Serial: "43", For: "another certificate", Signer: "x5c[1], CN=Issuer"}},
		{name: "in another's place", i: 1, value: respond(ocsp.Response{Status: ocsp.Good, SerialNumber: big.NewInt(42)}),
			want: stapleView{Status: "good", Serial: "42", For: "x5c[0] instead of x5c[1]", Signer: "x5c[1], CN=Issuer"}},
		{name: "error response", value: base64.StdEncoding.EncodeToString(ocsp.TryLaterErrorResponse), want: stapleView{Status: "tryLater"}},
		{name: "no base64", value: "***", err: "base64"},
		{name: "no DER", value: "AAAA", err: "OCSPResponse"},
		{name: "successful and empty", value: "MAMKAQA=", err: "BasicOCSPResponse"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := dissectStaple(row.value, row.i, []*x509.Certificate{leaf, issuer})
			if row.err != "" {
				if err == nil || !strings.Contains(err.Error(), row.err) {
					t.Fatalf("error %v, want one about %s", err, row.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if row.want.Serial != "" && (got.ThisUpdate == nil || !got.ThisUpdate.Equal(at) || got.NextUpdate == nil || !got.NextUpdate.Equal(at.Add(time.Minute))) {
				t.Errorf("window %v to %v", got.ThisUpdate, got.NextUpdate)
			}
			if (got.RevokedAt != nil) != (row.want.Status == "revoked") {
				t.Errorf("revoked at %v", got.RevokedAt)
			}
			got.ProducedAt, got.ThisUpdate, got.NextUpdate, got.RevokedAt = nil, nil, nil, nil
			if *got != row.want {
				t.Errorf("got  %+v\nwant %+v", *got, row.want)
			}
		})
	}
}

// TestForgedSigner shows the leaf that signs for itself as what it is.
func TestForgedSigner(t *testing.T) {
	issuer, leaf, key := pair(t)
	der, err := ocsp.CreateResponse(issuer, leaf, ocsp.Response{
		SerialNumber: leaf.SerialNumber, ThisUpdate: at, NextUpdate: at.Add(time.Minute), Certificate: leaf,
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := dissectStaple(base64.StdEncoding.EncodeToString(der), 0, []*x509.Certificate{leaf, issuer})
	if err != nil {
		t.Fatal(err)
	}
	if want := "x5c[0], CN=leaf"; got.Signer != want {
		t.Errorf("signer %q, want %q", got.Signer, want)
	}
}

func TestNumericDate(t *testing.T) {
	for _, row := range []struct {
		raw  string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"1795300003", 1795300003, true}, {"1795300003.5", 1795300003, true}, {"-1", -1, true},
		{"1e400", 0, false}, {"1e30", 0, false}, {`"1795300003"`, 0, false}, {"{}", 0, false}, {"", 0, false},
	} {
		got, ok := NumericDate(json.RawMessage(row.raw))
		if ok != row.ok || ok && got.Unix() != row.want {
			t.Errorf("numericDate(%s) = %v, %t", row.raw, got, ok)
		}
	}
}

// FuzzDissect: whatever a token says, showing it ends, and neither form of the
// result carries a control character to the terminal.
func FuzzDissect(f *testing.F) {
	segment := base64.RawURLEncoding.EncodeToString
	seeds := []string{
		segment([]byte(`{"alg":"ES256","x5c":["MIIB"],"ocsp":["MAMKAQA=","MAMKAQM="]}`)) + "." + segment([]byte(`{"iat":1,"exp":99}`)) + ".AA",
		segment([]byte(`{"alg":"\u001b[31m","x5c":null,"ocsp":[""]}`)) + "." + segment([]byte("{\"sub\":\"\u009b\u202e\",\"nbf\":5e9,\"exp\":-5e9}")) + ".",
		segment([]byte("{\"al\u009bg\":1}")) + "." + segment([]byte("{\"\\u001b[2J\":1}")) + ".AA",
		segment([]byte(`{"x5c":1}`)) + "." + segment([]byte(`[]`)) + ".*",
		"..", "a.b.c", "",
	}
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, seed := range seeds {
		f.Add(seed, 80)
	}
	f.Fuzz(func(t *testing.T, raw string, width int) {
		parts, err := Dissect(raw, at)
		if err != nil {
			return
		}
		if parts.Verified {
			t.Fatal("says that it is verified")
		}
		text := parts.Text(terminal.Terminal{Width: min(max(width, terminal.LeastWidth), 300)}, "now")
		if i := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("text has %q", text[i:min(i+8, len(text))])
		}
		var out bytes.Buffer
		if err := (&cli.Console{Stdout: &out}).PrintJSON(parts); err != nil {
			t.Fatal(err)
		}
		line := strings.TrimSuffix(out.String(), "\n")
		if i := strings.IndexFunc(line, unicode.IsControl); i >= 0 {
			t.Fatalf("JSON has %q", line[i:min(i+8, len(line))])
		}
		if !json.Valid([]byte(line)) {
			t.Fatalf("no JSON: %s", line)
		}
	})
}
