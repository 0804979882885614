// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/testca"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// TestLists: which lists are accepted, and why others are not.
func TestLists(t *testing.T) {
	ca := testca.New()
	other := oidOf(t, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1})
	for _, row := range []struct {
		name string
		edit func(*forgery)
		says string // empty if it is accepted
	}{
		{"valid", func(f *forgery) {}, ""},
		{"no revocation", func(f *forgery) { f.entries = nil }, ""},
		{"empty revokedCertificates", func(f *forgery) { f.entries = [][]byte{} }, ""},
		{"GeneralizedTime", func(f *forgery) { f.nextUpdate = tlv(cbasn1.GeneralizedTime, []byte("20510101000000Z")) }, ""},
		{"critical distribution point with a name, as of step-ca", func(f *forgery) { f.extensions = append(f.extensions, distributionPoint(true)) }, ""},
		{"distribution point with every flag false", func(f *forgery) {
			f.extensions = append(f.extensions, distributionPoint(true, flag(1, 0), flag(2, 0), flag(4, 0), flag(5, 0)))
		}, ""},
		{"authority key identifier of another method", func(f *forgery) {
			f.extensions = append(f.extensions, extension(idAuthorityKeyIdentifier, false, "\x30\x03\x80\x01\x01"))
		}, ""},
		{"freshest CRL", func(f *forgery) { f.extensions = append(f.extensions, extension("\x55\x1d\x2e", false, "\x30\x00")) }, ""},
		{"unknown extension", func(f *forgery) { f.extensions = append(f.extensions, extension(other, false, "x")) }, ""},

		{"nothing", func(f *forgery) { *f = forgery{key: f.key} }, "is no CertificateList"},
		{"more behind it", func(f *forgery) { f.behind = []byte{0} }, "followed by 1 more bytes"},
		{"more in it", func(f *forgery) { f.outside = []byte{5, 0} }, "is no CertificateList"},
		{"more in what is signed", func(f *forgery) { f.inside = []byte{5, 0} }, "malformed"},
		{"version 1", func(f *forgery) { f.version = nil }, "version 1"},
		{"version 3", func(f *forgery) { f.version = tlv(cbasn1.INTEGER, []byte{2}) }, "version number 2"},
		{"two algorithms", func(f *forgery) { f.outer = ecdsaSHA1 }, "two signature algorithms"},
		{"SHA-1", func(f *forgery) { f.inner, f.outer = ecdsaSHA1, ecdsaSHA1 }, "weak or unknown algorithm"},
		{"unknown algorithm", func(f *forgery) {
			f.inner = tlv(cbasn1.SEQUENCE, tlv(cbasn1.OBJECT_IDENTIFIER, []byte(other)))
			f.outer = f.inner
		}, "weak or unknown algorithm"},
		{"another CA", func(f *forgery) { f.issuer = testca.New(testca.Named("Other")).Cert.RawSubject }, `another CA, "CN=Other", not of "CN=Root"`},
		{"signed by somebody else under the CA's name", func(f *forgery) { f.key = testca.Key(testca.P256, "somebody") }, "signed by somebody else"},
		{"no thisUpdate", func(f *forgery) { f.thisUpdate, f.nextUpdate = nil, nil }, "thisUpdate"},
		{"malformed thisUpdate", func(f *forgery) { f.thisUpdate = utc("260230120000Z") }, "thisUpdate"},
		{"no nextUpdate", func(f *forgery) { f.nextUpdate = nil }, "no nextUpdate"},
		{"malformed nextUpdate", func(f *forgery) { f.nextUpdate = utc("2603011300Z") }, "nextUpdate"},
		{"ends as it begins", func(f *forgery) { f.nextUpdate = f.thisUpdate }, "not after it begins"},
		{"no extensions", func(f *forgery) { f.extensions = nil }, "no crlNumber"},
		{"no number", func(f *forgery) { f.extensions = [][]byte{extension(other, false, "x")} }, "no crlNumber"},
		{"empty extensions", func(f *forgery) { f.extensions = [][]byte{} }, "malformed extensions"},
		{"malformed extension", func(f *forgery) { f.extensions = append(f.extensions, []byte{5, 0}) }, "malformed extensions"},
		{"two numbers", func(f *forgery) { f.extensions = append(f.extensions, crlNumber7) }, "twice"},
		{"critical number", func(f *forgery) { f.extensions = [][]byte{extension(idCRLNumber, true, "\x02\x01\x07")} }, "must not be critical"},
		{"negative number", func(f *forgery) { f.extensions = [][]byte{extension(idCRLNumber, false, "\x02\x01\x87")} }, "no number"},
		{"number of 21 octets", func(f *forgery) {
			f.extensions = [][]byte{extension(idCRLNumber, false, "\x02\x15"+strings.Repeat("\x01", 21))}
		}, "no number"},
		{"number with more behind it", func(f *forgery) { f.extensions = [][]byte{extension(idCRLNumber, false, "\x02\x01\x07\x05\x00")} }, "no number"},
		{"delta", func(f *forgery) {
			f.extensions = append(f.extensions, extension(idDeltaCRLIndicator, true, "\x02\x01\x01"))
		}, "delta CRL"},
		{"delta that is not critical", func(f *forgery) {
			f.extensions = append(f.extensions, extension(idDeltaCRLIndicator, false, "\x02\x01\x01"))
		}, "delta CRL"},
		{"users only", func(f *forgery) { f.extensions = append(f.extensions, distributionPoint(true, flag(1, 0xff))) }, "certificates of users"},
		{"users only, not critical", func(f *forgery) { f.extensions = append(f.extensions, distributionPoint(false, flag(1, 0xff))) }, "certificates of users"},
		{"users only, as no DER", func(f *forgery) { f.extensions = append(f.extensions, distributionPoint(true, flag(1, 1))) }, "certificates of users"},
		{"CAs only", func(f *forgery) { f.extensions = append(f.extensions, distributionPoint(true, flag(2, 0xff))) }, "certificates of CAs"},
		{"some reasons", func(f *forgery) {
			f.extensions = append(f.extensions, distributionPoint(true, tlv(cbasn1.Tag(3).ContextSpecific(), []byte{6, 0x40})))
		}, "only some reasons"},
		{"no reasons", func(f *forgery) { f.extensions = append(f.extensions, distributionPoint(true, flag(3, 0))) }, "only some reasons"},
		{"indirect", func(f *forgery) { f.extensions = append(f.extensions, distributionPoint(true, flag(4, 0xff))) }, "indirect CRL"},
		{"attribute certificates", func(f *forgery) { f.extensions = append(f.extensions, distributionPoint(true, flag(5, 0xff))) }, "attribute certificates"},
		{"distribution point with an unknown field", func(f *forgery) { f.extensions = append(f.extensions, distributionPoint(true, flag(6, 0xff))) }, "malformed issuing distribution point"},
		{"distribution point out of order", func(f *forgery) {
			f.extensions = append(f.extensions, distributionPoint(true, flag(2, 0), flag(1, 0xff)))
		}, "malformed issuing distribution point"},
		{"distribution point that is none", func(f *forgery) {
			f.extensions = append(f.extensions, extension(idIssuingDistributionPoint, true, "\x05\x00"))
		}, "malformed issuing distribution point"},
		{"unknown critical extension", func(f *forgery) { f.extensions = append(f.extensions, extension(other, true, "x")) }, "critical extension 1.3.6.1.4.1.99999.1"},
		{"malformed entry", func(f *forgery) { f.entries = [][]byte{oneEntry, {5, 0}} }, "entry 2 is malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := forge(ca)
			row.edit(f)
			l, err := parse(f.der(t), ca.Cert)
			wantError(t, err, row.says)
			if (l == nil) != (err != nil) {
				t.Errorf("list %v beside error %v", l, err)
			}
		})
	}
}

func wantError(t *testing.T, err error, says string) {
	t.Helper()
	switch {
	case says == "" && err != nil:
		t.Fatal(err)
	case says != "" && err == nil:
		t.Fatalf("no error, want %q", says)
	case says != "" && !strings.Contains(err.Error(), says):
		t.Fatalf("error %q, want %q", err, says)
	case err != nil && strings.ContainsAny(err.Error(), "\n\r"):
		t.Fatalf("error of several lines: %q", err)
	}
}

// TestKeys: every kind of key that a verifier accepts signs lists, too.
func TestKeys(t *testing.T) {
	for _, kind := range testca.Kinds() {
		ca := testca.New(testca.Keyed(kind))
		if _, err := parse(sign(t, ca, listOf(1, 5)), ca.Cert); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	ca := testca.New(testca.Keyed(testca.RSA2048))
	l := listOf(1, 5)
	l.SignatureAlgorithm = x509.SHA256WithRSAPSS
	if _, err := parse(sign(t, ca, l), ca.Cert); err != nil {
		t.Errorf("PSS: %v", err)
	}
}

// TestEveryByteCounts: no byte of a list can be changed or cut off.
func TestEveryByteCounts(t *testing.T) {
	ca := testca.New()
	der := forge(ca).der(t)
	for i := range der {
		if _, err := parse(der[:i], ca.Cert); err == nil {
			t.Errorf("cut to %d of %d bytes: accepted", i, len(der))
		}
		changed := bytes.Clone(der)
		changed[i] ^= 1
		if _, err := parse(changed, ca.Cert); err == nil {
			t.Errorf("byte %d changed: accepted", i)
		}
	}
}

func TestEncodings(t *testing.T) {
	ca := testca.New()
	der := forge(ca).der(t)
	pemText := pemOf(der, pemType)
	for _, row := range []struct {
		name string
		data []byte
		says string
	}{
		{"DER", der, ""},
		{"PEM", pemText, ""},
		{"PEM with white space", append([]byte("\r\n "), append(pemText, '\n')...), ""},
		{"nothing", nil, "is empty"},
		{"white space", []byte(" \n"), "is empty"},
		{"HTML", []byte("\n<!DOCTYPE html><p>log in"), "HTML"},
		{"text", []byte("not found"), "not DER"},
		{"truncated", der[:len(der)-1], "truncated"},
		{"truncated PEM", pemText[:len(pemText)/2], "truncated PEM"},
		{"PEM certificate", pemOf(ca.Cert.Raw, "CERTIFICATE"), `"CERTIFICATE"`},
		{"certificate", ca.Cert.Raw, "version"},
		{"two PEM lists", append(bytes.Clone(pemText), pemText...), "after the first PEM block"},
	} {
		t.Run(row.name, func(t *testing.T) {
			der, err := decode(row.data)
			if err == nil {
				_, err = parse(der, ca.Cert)
			}
			wantError(t, err, row.says)
		})
	}
}
