// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package extauthz

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/stapledjwt/stapled/gateway"
)

// asked is the request that Envoy asks about.
type asked struct {
	request gateway.Request
	headers map[string][]string // by name in lower case
}

// read returns what Envoy asks about. The gateway refuses a message that does not
// describe one HTTP request.
func (s *Server) read(r *auth.CheckRequest) asked {
	described, source := r.GetAttributes().GetRequest().GetHttp(), r.GetAttributes().GetSource()
	var a asked
	a.request.Method = described.GetMethod()
	a.request.RemoteAddr = address(source.GetAddress())
	a.request.Rejected = s.describe(&a, described, source)
	return a
}

// describe fills in the request, or returns why that is not possible.
func (s *Server) describe(a *asked, described *auth.AttributeContext_HttpRequest, source *auth.AttributeContext_Peer) (err error) {
	// 1. An HTTP request. The filter for TCP connections sends none.
	if described.GetMethod() == "" || described.GetPath() == "" {
		return errors.New("no method and path")
	}
	// 2. The target as the client sent it.
	path, query, _ := strings.Cut(described.GetPath(), "?")
	a.request.Target = gateway.Target{Scheme: described.GetScheme(), Host: described.GetHost(), Path: path, RawQuery: query}
	switch a.request.Target.Scheme {
	case "http", "https":
	case "":
		a.request.Target.Scheme = "http" // what promises less
	default:
		return errors.New("the scheme is neither http nor https")
	}
	// 3. The headers, in one of the two forms.
	a.headers, err = headersOf(described)
	if err != nil {
		return err
	}
	a.request.Credentials = a.headers[strings.ToLower(s.config.Gateway.TokenHeader())]
	a.request.Preflight = described.GetMethod() == http.MethodOptions &&
		len(a.headers["origin"]) > 0 && len(a.headers["access-control-request-method"]) > 0
	// 4. The client.
	a.request.Peer, err = s.peer(source)
	return err
}

// headersOf returns the values of each header, one for each field. Without
// encode_raw_headers, Envoy has joined the fields of a name with a comma, and the
// gateway refuses two tokens in that form as well.
func headersOf(described *auth.AttributeContext_HttpRequest) (map[string][]string, error) {
	headers := make(map[string][]string, len(described.GetHeaders()))
	values := make([]string, 0, len(described.GetHeaders())) // most headers have one value
	for name, value := range described.GetHeaders() {
		name = strings.ToLower(name)
		if headers[name] != nil {
			headers[name] = append(headers[name], value)
			continue
		}
		values = append(values, value)
		headers[name] = values[len(values)-1 : len(values) : len(values)]
	}
	raw := described.GetHeaderMap().GetHeaders()
	if len(headers) > 0 && len(raw) > 0 {
		return nil, errors.New("headers in both forms, and one may hide what the other has")
	}
	for _, field := range raw {
		value, err := valueOf(field)
		if err != nil {
			return nil, err
		}
		name := strings.ToLower(field.GetKey())
		headers[name] = append(headers[name], value)
	}
	return headers, nil
}

// valueOf returns the value of a raw header. Only one of its two forms may be
// set.
func valueOf(field *core.HeaderValue) (string, error) {
	if field.GetValue() != "" && len(field.GetRawValue()) > 0 {
		return "", errors.New("a header with two values")
	}
	return field.GetValue() + string(field.GetRawValue()), nil
}

// peer returns the certificate of the TLS client: percent-encoded PEM, in the
// same form as nginx sends it.
func (s *Server) peer(source *auth.AttributeContext_Peer) (*x509.Certificate, error) {
	if !s.config.PeerCertificate || source.GetCertificate() == "" {
		return nil, nil
	}
	format := gateway.ClientCertNginx
	cert, err := gateway.ClientCertificate(format, http.Header{format.Header(): {source.GetCertificate()}})
	if err != nil {
		return nil, fmt.Errorf("the certificate of the source: %w", err)
	}
	return cert, nil
}

// address returns an address for the log.
func address(a *core.Address) string {
	if socket := a.GetSocketAddress(); socket != nil {
		return net.JoinHostPort(socket.GetAddress(), strconv.FormatUint(uint64(socket.GetPortValue()), 10))
	}
	return a.GetPipe().GetPath()
}
