// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

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
