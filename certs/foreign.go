// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"regexp"
	"strings"
)

const pemBegin = "-----BEGIN "

var (
	// A line that continues after the label.
	runTogether = regexp.MustCompile(`-----BEGIN [A-Z0-9# ]+-----[^\r\n]*[^\s-]`)
	indented    = regexp.MustCompile(`(?m)^[ \t]+-----BEGIN `)
)

// foreign says what a file without a PEM block contains, and what to do about
// it.
func foreign(data []byte) string {
	text := strings.TrimSpace(string(data))
	switch {
	case text == "":
		return "empty"
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")), strings.Contains(text, "-\x00-\x00"):
		return "text in UTF-16; save it as ASCII or UTF-8"
	case data[0] == 0x30: // SEQUENCE
		return foreignDER(data)
	case bytes.HasPrefix(data, []byte("\xfe\xed\xfe\xed")):
		return "a key store of Java; export it in PEM"
	case strings.Contains(text, pemBegin):
		return damagedPEM(string(data))
	case strings.HasPrefix(text, "ssh-"), strings.HasPrefix(text, "ecdsa-sha2-"):
		return "a public key in the format of OpenSSH"
	case strings.HasPrefix(text, "eyJ"):
		return "a token, or a part of one"
	case text[0] == '{', text[0] == '[':
		return "JSON"
	}
	if der, err := base64.StdEncoding.DecodeString(text); err == nil && len(der) > 0 && der[0] == 0x30 {
		return "base64 without the lines -----BEGIN … and -----END …; add them"
	}
	return "not PEM: no line begins with -----BEGIN"
}

// damagedPEM explains why a text that begins a PEM block contains none that can
// be decoded.
func damagedPEM(text string) string {
	switch {
	case strings.Contains(text, `\n`):
		return `PEM with \n in place of newlines; write newlines, for example with printf '%b'`
	case runTogether.MatchString(text):
		return "PEM whose lines run together; keep its newlines, for example with quotes around a shell variable"
	case indented.MatchString(text):
		return "PEM whose lines are indented; remove the spaces before them"
	case !strings.Contains(text, "-----END "):
		return "PEM that is cut off: it has no line -----END …"
	}
	return "damaged PEM"
}

// The content types of PKCS #7 (RFC 2315 §14).
var (
	oidData       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
)

func foreignDER(der []byte) string {
	if _, err := x509.ParseCertificates(der); err == nil {
		return "a certificate in DER; convert it with `openssl x509 -inform DER`"
	}
	if _, err := parseKey(der); err == nil {
		return "a private key in DER; convert it with `openssl pkey -inform DER`"
	}
	if _, err := x509.ParsePKIXPublicKey(der); err == nil {
		return "a public key in DER"
	}
	if _, err := x509.ParseCertificateRequest(der); err == nil {
		return "a certificate request in DER, to which a CA has not yet answered"
	}
	var signed struct{ Type asn1.ObjectIdentifier }
	if _, err := asn1.Unmarshal(der, &signed); err == nil && signed.Type.Equal(oidSignedData) {
		return "PKCS #7 in DER; convert it with `openssl pkcs7 -inform DER -print_certs`"
	}
	// RFC 7292 §4
	var store struct {
		Version int
		Safe    struct{ Type asn1.ObjectIdentifier }
	}
	if _, err := asn1.Unmarshal(der, &store); err == nil && (store.Safe.Type.Equal(oidData) || store.Safe.Type.Equal(oidSignedData)) {
		return "PKCS #12; convert it with `openssl pkcs12`"
	}
	return "something else in DER"
}
