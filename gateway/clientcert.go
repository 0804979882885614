// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/x509"
	"fmt"
	"net/http"
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
