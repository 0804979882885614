// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// ClientCertificate returns the certificate that a proxy has passed on. It
// returns nil without an error if the header is absent, as it is for a client
// without a certificate, and for the zero format. It returns an error for
// everything that is not exactly one header with exactly one certificate, an
// empty one included.
//
// Call it only for requests from proxies that replace the header of every
// request: anyone can write it. That the client has the key is what the proxy
// vouches for. Nothing else about the certificate has been checked.
func ClientCertificate(format ClientCertificateFormat, header http.Header) (*x509.Certificate, error) {
	// 1. A format that we know.
	if format == "" {
		return nil, nil
	}
	name := format.Header()
	if name == "" {
		return nil, fmt.Errorf("unknown client certificate format %.40q; use rfc9440, xfcc or nginx", string(format))
	}
	// 2. One field, of bounded size.
	values := header[name]
	switch {
	case len(values) == 0:
		return nil, nil
	case len(values) > 1:
		return nil, fmt.Errorf("%d %s headers; the proxy must replace the client's", len(values), name)
	case len(values[0]) > MaxClientCertificateBytes:
		return nil, fmt.Errorf("%s has %d bytes, and the limit is %d", name, len(values[0]), MaxClientCertificateBytes)
	case values[0] == "":
		return nil, fmt.Errorf("%s is empty; the proxy must leave it out for a client without a certificate", name)
	}
	// 3. One certificate.
	der, err := format.decode(values[0])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return cert, nil
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
