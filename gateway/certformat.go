// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/base64"
	"encoding/pem"
	"errors"
	"net/url"
	"strings"
)

// ClientCertificateFormat says how a trusted proxy passes on the certificate
// with which the client authenticated its TLS connection. The zero value means
// that it passes none, and that no header is believed.
type ClientCertificateFormat string

// The formats. The strings are stable: policy files use them.
const (
	// ClientCertRFC9440 is the header Client-Cert: DER as a byte sequence (RFC
	// 9440 §2.2, RFC 8941 §3.3.5).
	ClientCertRFC9440 ClientCertificateFormat = "rfc9440"
	// ClientCertEnvoy is Envoy's header X-Forwarded-Client-Cert. Its element
	// needs Cert, or Chain, which begins with the client's certificate. Envoy
	// sends them with "cert: true" in set_current_client_cert_details, and
	// exactly one element with "forward_client_cert_details: SANITIZE_SET".
	ClientCertEnvoy ClientCertificateFormat = "xfcc"
	// ClientCertNginx is the header X-SSL-Client-Cert, in which nginx sends a
	// certificate as percent-encoded PEM:
	//
	//	proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
	ClientCertNginx ClientCertificateFormat = "nginx"
)

// MaxClientCertificateBytes is how long the value of such a header may be.
const MaxClientCertificateBytes = 16 << 10

// Header returns the name of the header of the format, in canonical form. It is
// empty for the zero value and for unknown formats.
func (f ClientCertificateFormat) Header() string {
	switch f {
	case ClientCertRFC9440:
		return "Client-Cert"
	case ClientCertEnvoy:
		return "X-Forwarded-Client-Cert"
	case ClientCertNginx:
		return "X-Ssl-Client-Cert"
	}
	return ""
}

// ClientCertificateHeaders returns the headers of all formats, in canonical
// form. Remove them all from what goes to an upstream, which could believe what
// a client has written.
func ClientCertificateHeaders() []string {
	return []string{
		ClientCertRFC9440.Header(), "Client-Cert-Chain", ClientCertEnvoy.Header(), ClientCertNginx.Header(),
	}
}

func (f ClientCertificateFormat) decode(value string) (der []byte, err error) {
	switch f {
	case ClientCertRFC9440:
		return decodeByteSequence(value)
	case ClientCertEnvoy:
		return decodeXFCC(value)
	}
	return decodeOnePEM(value)
}

// decodeByteSequence decodes an item of a structured field that is a byte
// sequence (RFC 8941 §3.3.5). It refuses a list. RFC 9440 defines no parameters,
// so it refuses those, too.
func decodeByteSequence(value string) ([]byte, error) {
	text, opened := strings.CutPrefix(value, ":")
	text, closed := strings.CutSuffix(text, ":")
	if !opened || !closed || strings.ContainsAny(text, ":,; \r\n") {
		return nil, errors.New("not one certificate in base64 between colons (RFC 9440 §2.2)")
	}
	return base64.StdEncoding.Strict().DecodeString(text)
}

// decodeOnePEM decodes a percent-encoded certificate in PEM (RFC 7468 §5).
func decodeOnePEM(value string) ([]byte, error) {
	der, rest, err := decodePEM(value)
	if err == nil && rest != "" {
		return nil, errors.New("more than one certificate")
	}
	return der, err
}

// decodePEM decodes the first certificate, and returns the rest as text.
func decodePEM(value string) (der []byte, rest string, err error) {
	// A plus sign is part of the base64, not a space.
	text, err := url.PathUnescape(value)
	if err != nil {
		return nil, "", err
	}
	const begin = "-----BEGIN CERTIFICATE-----\n"
	block, after := pem.Decode([]byte(text))
	if block == nil || !strings.HasPrefix(text, begin) || len(block.Headers) > 0 || len(block.Bytes) == 0 {
		return nil, "", errors.New("not a percent-encoded certificate in PEM")
	}
	// pem.Decode skips blocks that are broken.
	if consumed := text[:len(text)-len(after)]; strings.Count(consumed, "-----BEGIN") != 1 {
		return nil, "", errors.New("not a percent-encoded certificate in PEM")
	}
	return block.Bytes, strings.TrimSpace(string(after)), nil
}
