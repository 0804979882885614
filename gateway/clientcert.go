// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/x509"
	"fmt"
	"net/http"
)

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
