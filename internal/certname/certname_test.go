// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certname_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stapledjwt/stapled/internal/certname"
)

type attribute = pkix.AttributeTypeAndValue

func nameOf(t *testing.T, rdns ...pkix.RelativeDistinguishedNameSET) []byte {
	t.Helper()
	der, err := asn1.Marshal(rdns)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestName(t *testing.T) {
	one := func(oid asn1.ObjectIdentifier, value any) pkix.RelativeDistinguishedNameSET {
		return pkix.RelativeDistinguishedNameSET{attribute{Type: oid, Value: value}}
	}
	cn, o, c := asn1.ObjectIdentifier{2, 5, 4, 3}, asn1.ObjectIdentifier{2, 5, 4, 10}, asn1.ObjectIdentifier{2, 5, 4, 6}
	dc := asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}
	other := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999}
	var many []pkix.RelativeDistinguishedNameSET
	for range 500 {
		many = append(many, one(cn, "a"))
	}
	for _, row := range []struct {
		name string
		der  []byte
		want string
	}{
		{"usual", nameOf(t, one(c, "US"), one(o, "Example"), one(cn, "Example CA")), `"CN=Example CA,O=Example,C=US"`},
		{"without a common name", nameOf(t, one(c, "US"), one(o, "SPIRE")), `"O=SPIRE,C=US"`},
		{"domain components", nameOf(t, one(dc, asn1.RawValue{Tag: asn1.TagIA5String, Bytes: []byte("corp")}), one(cn, "CA")), `"CN=CA,DC=corp"`},
		{"two in one", nameOf(t, pkix.RelativeDistinguishedNameSET{{Type: cn, Value: "a"}, {Type: o, Value: "b"}}), `"CN=a+O=b"`},
		{"special characters", nameOf(t, one(o, ` #a, "b" \c `)), `"O=\ #a\, \"b\" \\c\ "`},
		{"control characters", nameOf(t, one(cn, "a\x1b[31m\nb\u202e\u009b")), `"CN=a\1b[31m\0ab\e2\80\ae\c2\9b"`},
		{"not UTF-8", nameOf(t, one(cn, asn1.RawValue{Tag: asn1.TagT61String, Bytes: []byte("a\xff")})), `"CN=a\ff"`},
		{"letters", nameOf(t, one(cn, "Zürich 東京")), `"CN=Zürich 東京"`},
		{"two bytes a character", nameOf(t, one(cn, asn1.RawValue{Tag: asn1.TagBMPString, Bytes: []byte("\x00C\x00A\x67\x71")})), `"CN=CA東"`},
		{"unknown attribute", nameOf(t, one(other, "x")), `"1.3.6.1.4.1.99999=x"`},
		{"no text", nameOf(t, one(cn, 5)), `"CN=#05"`},
		{"long", nameOf(t, one(cn, strings.Repeat("ü", 4000))), `"CN=` + strings.Repeat("ü", 58) + `…"`},
		{"many", nameOf(t, many...), `"` + strings.Repeat("CN=a,", 24) + `…"`},
		{"malformed", []byte{0x30, 5}, "an unreadable name"},
		{"malformed inside", []byte{0x30, 2, 0x31, 1}, "an unreadable name"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := certname.Of(&x509.Certificate{RawSubject: row.der}); got != row.want {
				t.Errorf("subject %s, want %s", got, row.want)
			}
			if got := certname.IssuerOf(&x509.Certificate{RawIssuer: row.der}); got != row.want {
				t.Errorf("issuer %s, want %s", got, row.want)
			}
		})
	}
}

func TestWithoutSubject(t *testing.T) {
	empty := nameOf(t)
	for _, row := range []struct {
		name string
		cert x509.Certificate
		want string
	}{
		{"URI", x509.Certificate{URIs: []*url.URL{{Scheme: "spiffe", Host: "example.org", Path: "/orders"}}, DNSNames: []string{"a"}}, `"URI:spiffe://example.org/orders"`},
		{"DNS", x509.Certificate{DNSNames: []string{"orders.internal"}, SerialNumber: big.NewInt(1)}, `"DNS:orders.internal"`},
		{"serial", x509.Certificate{SerialNumber: big.NewInt(0xbeef)}, `serial 0xbeef`},
		{"nothing", x509.Certificate{}, `""`},
	} {
		row.cert.RawSubject = empty
		if got := certname.Of(&row.cert); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

// FuzzName: whatever a stranger writes is one line, in UTF-8, and short.
func FuzzName(f *testing.F) {
	f.Add([]byte{0x30, 0})
	f.Add([]byte("\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02\n\""))
	f.Fuzz(func(t *testing.T, der []byte) {
		got := certname.IssuerOf(&x509.Certificate{RawIssuer: der})
		if len(got) > 130 || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x1b") {
			t.Errorf("%q", got)
		}
	})
}

// TestCost: a name that fills a certificate costs no more than a short one.
func TestCost(t *testing.T) {
	long := append([]byte{0x30, 0x82, 0x17, 0x70}, make([]byte, 6000)...)
	for i := 4; i < len(long); i += 2 {
		long[i], long[i+1] = 0x31, 0 // 3000 empty RDNs
	}
	if n := testing.AllocsPerRun(10, func() { certname.Of(&x509.Certificate{RawSubject: long}) }); n > 10 {
		t.Errorf("%v allocations", n)
	}
}
