// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/stapledjwt/stapled/gateway"
)

// upstream is where the requests of a route go.
type upstream struct {
	proxy     *gateway.Proxy
	transport *http.Transport
	maxBody   int64
}

func (s *Server) openUpstream(g *generation, r Route) (*upstream, error) {
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		IdleConnTimeout:     90 * time.Second,
		MaxIdleConnsPerHost: 100, // there is one host
		DisableCompression:  true,
		Protocols:           new(http.Protocols),
	}
	url := *r.Upstream
	switch url.Scheme {
	case "h2c": // prior knowledge (RFC 9113 §3.3)
		url.Scheme = "http"
		t.Protocols.SetUnencryptedHTTP2(true)
	case "https":
		t.Protocols.SetHTTP1(true)
		t.Protocols.SetHTTP2(true)
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		if r.UpstreamRoot != "" {
			pem, err := os.ReadFile(r.UpstreamRoot)
			if err != nil {
				return nil, fmt.Errorf("upstream_root: %w", err)
			}
			t.TLSClientConfig.RootCAs = x509.NewCertPool()
			if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(pem) {
				return nil, fmt.Errorf("upstream_root: %s has no certificate", r.UpstreamRoot)
			}
		}
	default:
		t.Protocols.SetHTTP1(true)
	}
	proxy, err := gateway.NewProxy(gateway.ProxyConfig{
		Upstream: &url, Transport: t, Timeout: r.Timeout, IdentityHeaders: g.cfg.IdentityHeaders, KeepHost: r.KeepHost,
		UnsafeForwardAuthorization: r.UnsafeForwardToken, Logger: slog.New(s.requests),
	})
	if err != nil {
		return nil, err
	}
	return &upstream{proxy: proxy, transport: t, maxBody: r.MaxBody}, nil
}

// ServeHTTP forwards a request that was accepted.
func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if u.maxBody > 0 && r.Body != nil {
		if r.ContentLength > u.maxBody {
			text(w, http.StatusRequestEntityTooLarge, "content too large")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, u.maxBody)
	}
	u.proxy.ServeHTTP(w, r)
}

// close lets go of idle connections. Requests in flight go on.
func (u *upstream) close() { u.transport.CloseIdleConnections() }
