// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/x509"
	"fmt"
	"net/http"
)

// ClientCertificateFormat says how a trusted proxy passes on the certificate
// with which the client authenticated its TLS connection. The zero value is
// that it passes none, and no header is believed.
type ClientCertificateFormat string

// The formats.
const (
	// ClientCertRFC9440 is the header Client-Cert of RFC 9440 §2.2.
	ClientCertRFC9440 ClientCertificateFormat = "rfc9440"
	// ClientCertEnvoy is Envoy's header X-Forwarded-Client-Cert, with Cert or
	// Chain in its one element.
	ClientCertEnvoy ClientCertificateFormat = "xfcc"
	// ClientCertNginx is nginx's variable $ssl_client_escaped_cert in the header
	// X-SSL-Client-Cert.
	ClientCertNginx ClientCertificateFormat = "nginx"
)

// ClientCertificateHeaders returns the headers of all formats, in canonical
// form. No upstream may see them: it could believe what a client has written.
func ClientCertificateHeaders() []string {
	return []string{"Client-Cert", "Client-Cert-Chain", "X-Forwarded-Client-Cert", "X-Ssl-Client-Cert"}
}

// ClientCertificate returns the certificate that a proxy has passed on, or nil
// if the header is absent, as it is for a client without a certificate. Call it
// only for requests from proxies that are trusted to replace the header:
// everybody can write it.
func ClientCertificate(format ClientCertificateFormat, header http.Header) (*x509.Certificate, error) {
	switch format {
	case "":
		return nil, nil
	case ClientCertRFC9440, ClientCertEnvoy, ClientCertNginx:
		return nil, fmt.Errorf("the client certificate format %q is not readable yet", string(format))
	}
	return nil, fmt.Errorf("unknown client certificate format %q; use rfc9440, xfcc or nginx", string(format))
}
