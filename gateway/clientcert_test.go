// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/testca"
)

// passedOn are a certificate and the values in which proxies pass it on.
type passedOn struct {
	cert                            *x509.Certificate
	rfc9440, nginx, chain, hash     string
	envoy, envoyChain, envoyUnnamed string
}

// escape percent-encodes as Envoy does. nginx encodes more.
var escape = strings.NewReplacer("\n", "%0A", " ", "%20", "+", "%2B", "/", "%2F", "=", "%3D")

func pass(p *testca.Party) passedOn {
	text := func(c *x509.Certificate) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	sum := sha256.Sum256(p.Cert.Raw)
	c := passedOn{
		cert: p.Cert, hash: hex.EncodeToString(sum[:]),
		rfc9440: ":" + base64.StdEncoding.EncodeToString(p.Cert.Raw) + ":",
		nginx:   url.PathEscape(text(p.Cert)),
		chain:   escape.Replace(text(p.Cert) + text(p.Issuer.Cert)),
	}
	const names = `;Subject="CN=a\"b\\,O=\\";URI=https://a.example/?b=c;DNS=a.example;DNS=b.example`
	c.envoyUnnamed = "By=spiffe://proxy;Hash=" + c.hash
	c.envoy = c.envoyUnnamed + `;Cert="` + escape.Replace(text(p.Cert)) + `"` + names
	c.envoyChain = c.envoyUnnamed + `;Chain="` + c.chain + `"` + names
	return c
}

// Every format passes on one certificate, and nothing that only looks like one.
func TestClientCertificate(t *testing.T) {
	ca := testca.New()
	mine, others := pass(ca.Leaf()), pass(ca.Leaf(testca.Named("other")))
	const rfc, xfcc, nginx = gateway.ClientCertRFC9440, gateway.ClientCertEnvoy, gateway.ClientCertNginx
	b64 := strings.Trim(mine.rfc9440, ":")
	for _, c := range []struct {
		name   string
		format gateway.ClientCertificateFormat
		values []string
		want   *x509.Certificate
		fails  bool
	}{
		{"RFC 9440", rfc, []string{mine.rfc9440}, mine.cert, false},
		{"Envoy, Cert", xfcc, []string{mine.envoy}, mine.cert, false},
		{"Envoy, Chain", xfcc, []string{mine.envoyChain}, mine.cert, false},
		{"Envoy, keys in another case", xfcc, []string{strings.NewReplacer("Hash=", "hash=", "Cert=", "CERT=").Replace(mine.envoy)}, mine.cert, false},
		{"nginx", nginx, []string{mine.nginx}, mine.cert, false},
		{"nginx, plus signs as they are", nginx, []string{strings.ReplaceAll(mine.nginx, "%2B", "+")}, mine.cert, false},
		{"no client certificate, RFC 9440", rfc, nil, nil, false},
		{"no client certificate, Envoy", xfcc, nil, nil, false},
		{"no client certificate, nginx", nginx, nil, nil, false},
		{"no format", "", []string{mine.rfc9440}, nil, false},

		{"unknown format", "pem", []string{mine.nginx}, nil, true},
		{"two fields", rfc, []string{mine.rfc9440, mine.rfc9440}, nil, true},
		{"two fields, Envoy", xfcc, []string{mine.envoy, mine.envoy}, nil, true},
		{"two fields, nginx", nginx, []string{mine.nginx, others.nginx}, nil, true},
		{"empty", rfc, []string{""}, nil, true},
		{"empty, Envoy", xfcc, []string{""}, nil, true},
		{"empty, nginx", nginx, []string{""}, nil, true},
		{"a list", rfc, []string{mine.rfc9440 + ", " + others.rfc9440}, nil, true},
		{"parameters", rfc, []string{mine.rfc9440 + ";a=1"}, nil, true},
		{"no colons", rfc, []string{b64}, nil, true},
		{"one colon", rfc, []string{":" + b64}, nil, true},
		{"just a colon", rfc, []string{":"}, nil, true},
		{"an empty byte sequence", rfc, []string{"::"}, nil, true},
		{"base64url", rfc, []string{":" + base64.RawURLEncoding.EncodeToString(mine.cert.Raw) + ":"}, nil, true},
		{"a space in the base64", rfc, []string{":" + b64[:8] + " " + b64[8:] + ":"}, nil, true},
		{"trailing bytes", rfc, []string{":" + base64.StdEncoding.EncodeToString(append(bytes.Clone(mine.cert.Raw), 0)) + ":"}, nil, true},
		{"two certificates in one", rfc, []string{":" + base64.StdEncoding.EncodeToString(append(bytes.Clone(mine.cert.Raw), others.cert.Raw...)) + ":"}, nil, true},
		{"not a certificate", rfc, []string{":AAAA:"}, nil, true},
		{"another format", rfc, []string{mine.nginx}, nil, true},
		{"too long", rfc, []string{":" + strings.Repeat("A", 16<<10) + ":"}, nil, true},

		{"two elements", xfcc, []string{mine.envoy + "," + others.envoy}, nil, true},
		{"an element in front", xfcc, []string{others.envoyUnnamed + "," + mine.envoy}, nil, true},
		{"an empty element behind", xfcc, []string{mine.envoy + ","}, nil, true},
		{"a hash alone", xfcc, []string{mine.envoyUnnamed}, nil, true},
		{"no hash", xfcc, []string{strings.Replace(mine.envoy, "Hash=", "Other=", 1)}, nil, true},
		{"another hash", xfcc, []string{strings.Replace(mine.envoy, mine.hash, others.hash, 1)}, nil, true},
		{"Cert twice", xfcc, []string{mine.envoy + ";Cert=" + mine.nginx}, nil, true},
		{"Hash twice", xfcc, []string{mine.envoy + ";hash=" + mine.hash}, nil, true},
		{"a certificate in a name", xfcc, []string{mine.envoyUnnamed + ";URI=https://a;Cert=" + others.nginx}, nil, true},
		{"a certificate and its hash in a name", xfcc, []string{mine.envoyUnnamed + ";URI=https://a;Cert=" + others.nginx + ";Hash=" + others.hash}, nil, true},
		{"two certificates in Cert", xfcc, []string{mine.envoyUnnamed + `;Cert="` + mine.chain + `"`}, nil, true},
		{"a quotation mark within a value", xfcc, []string{mine.envoyUnnamed + `;Cert=a"b`}, nil, true},
		{"no end of the quoted value", xfcc, []string{strings.TrimSuffix(mine.envoyUnnamed+`;Cert="`+mine.nginx, `"`)}, nil, true},
		{"a backslash at the end", xfcc, []string{mine.envoyUnnamed + `;Subject="\`}, nil, true},
		{"text after a quoted value", xfcc, []string{mine.envoyUnnamed + `;Subject="a"b`}, nil, true},
		{"a semicolon at the end", xfcc, []string{mine.envoy + ";"}, nil, true},

		{"two certificates", nginx, []string{mine.nginx + others.nginx}, nil, true},
		{"text in front", nginx, []string{"a%0A" + mine.nginx}, nil, true},
		{"text behind", nginx, []string{mine.nginx + "a"}, nil, true},
		{"a broken certificate in front", nginx, []string{"-----BEGIN%20CERTIFICATE-----%0A!%0A-----END%20CERTIFICATE-----%0A" + mine.nginx}, nil, true},
		{"a private key", nginx, []string{strings.ReplaceAll(mine.nginx, "CERTIFICATE", "PRIVATE%20KEY")}, nil, true},
		{"headers in the PEM", nginx, []string{strings.Replace(mine.nginx, "-----%0A", "-----%0Aa:%20b%0A%0A", 1)}, nil, true},
		{"a broken escape", nginx, []string{mine.nginx + "%0"}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := make(http.Header)
			for _, value := range c.values {
				name := c.format.Header()
				if name == "" {
					name = "Client-Cert"
				}
				header.Add(name, value)
			}
			got, err := gateway.ClientCertificate(c.format, header)
			if (err != nil) != c.fails || !got.Equal(c.want) && (got != nil || c.want != nil) {
				t.Errorf("%v, %v", got != nil, err)
			}
			if err != nil && (strings.ContainsAny(err.Error(), "\r\n") || len(err.Error()) > 300) {
				t.Errorf("the error is not one short line: %q", err)
			}
		})
	}
}

// The headers of all formats are among those to remove.
func TestClientCertificateHeaders(t *testing.T) {
	all := make(http.Header)
	for _, name := range gateway.ClientCertificateHeaders() {
		all.Set(name, "")
		if _, ok := all[name]; !ok {
			t.Errorf("%s is not in canonical form", name)
		}
	}
	for _, f := range []gateway.ClientCertificateFormat{gateway.ClientCertRFC9440, gateway.ClientCertEnvoy, gateway.ClientCertNginx} {
		if _, ok := all[f.Header()]; !ok {
			t.Errorf("%s stays", f.Header())
		}
	}
}

// FuzzClientCertificate: there is a certificate or an error or neither, and a
// certificate is one that can be passed on again.
func FuzzClientCertificate(f *testing.F) {
	c := pass(testca.New().Leaf())
	for _, value := range []string{c.rfc9440, c.envoy, c.envoyChain, c.envoyUnnamed, c.nginx, c.envoy + "," + c.envoy, "", ":", `Cert="`} {
		for _, format := range []string{"rfc9440", "xfcc", "nginx", ""} {
			f.Add(format, value)
		}
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		format := gateway.ClientCertificateFormat(name)
		header := http.Header{}
		header.Set(format.Header(), value)
		cert, err := gateway.ClientCertificate(format, header)
		switch {
		case cert != nil && err != nil:
			t.Fatalf("a certificate beside %v", err)
		case cert == nil && err == nil && name != "":
			t.Fatal("neither a certificate nor an error")
		case cert == nil:
			return
		}
		again, err := gateway.ClientCertificate(gateway.ClientCertRFC9440,
			http.Header{"Client-Cert": {":" + base64.StdEncoding.EncodeToString(cert.Raw) + ":"}})
		if err != nil || !again.Equal(cert) {
			t.Errorf("not the same again: %v", err)
		}
	})
}
