// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

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
