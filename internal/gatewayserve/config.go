// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"net/netip"
	"net/url"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/gateway"
)

// Config is what a Server does. [ReadFile] reads it from YAML; the flags of the
// command fill it in for the simplest case.
type Config struct {
	// Fronts are where requests come from. At least one is required.
	Fronts []Front
	// Anchors are the files with the CAs to trust. At least one is required,
	// unless every route is open.
	Anchors []certs.AnchorFile
	// MaxStapleAge and Leeway are those of verifier.Config, also for their
	// defaults. They are the same for all routes, which share what they know.
	MaxStapleAge, Leeway time.Duration
	// TokenHeader is the header whose value is the token. Empty means
	// Authorization, with the scheme Bearer.
	TokenHeader string
	// IdentityHeaders tell upstreams who is calling.
	IdentityHeaders gateway.IdentityHeaders
	// FrontProxies are the proxies in front of this one.
	FrontProxies FrontProxies
	// Routes are the policy; the first that matches decides. At least one is
	// required.
	Routes []Route
	// AccessLog says which requests get a line in the log.
	AccessLog AccessLog
	// DrainDelay is how long requests are still answered after a signal to end,
	// while /readyz already fails. 0 means none.
	DrainDelay time.Duration
	// MetricsAddress is HOST:PORT of /metrics, /healthz and /readyz. Empty means
	// none.
	MetricsAddress string
	// StatusAddress is HOST:PORT of the status page. Empty means none.
	StatusAddress string

	file, anchorsAt string // the file, and FILE:LINE: anchors; empty without a file
}

// Kind is the protocol of a front. The zero Kind is none.
type Kind string

// The fronts.
const (
	ProxyFront    Kind = "proxy"
	ForwardAuth   Kind = "forward_auth"
	ExtAuthz      Kind = "ext_authz"
	ExtAuthzGRPC  Kind = "ext_authz_grpc"
	unixPrefix         = "unix:"
	requestClient      = "request"
)

// Front is a listener with its protocol.
type Front struct {
	Kind Kind
	// Address is HOST:PORT, or unix: and the path of a socket. Required.
	Address string
	// Certificate and Key are the files with the certificate of a TLS server and
	// its key. They are followed. Empty means no TLS.
	Certificate, Key string
	// RequestClientCertificate asks TLS clients for a certificate, and accepts
	// any or none: the token says which one it must be.
	RequestClientCertificate bool
	// PathPrefix is what Envoy puts before the path of a request (path_prefix of
	// its HTTP service). Only for ExtAuthz.
	PathPrefix string
	// MaxConnections is how many connections may be open; more wait. 0 means
	// DefaultMaxConnections.
	MaxConnections int

	at string // FILE:LINE: KEY, or a flag, for errors
}

// FrontProxies are the proxies in front of this one that may say for whom they
// ask.
type FrontProxies struct {
	// Trusted are the networks of their addresses. None means none, except that
	// forward_auth takes questions from loopback addresses then.
	Trusted []netip.Prefix
	// UnixSockets trusts everybody who can open the unix socket of a front.
	UnixSockets bool
	// Forwarded reads Forwarded (RFC 7239) in place of X-Forwarded-*. Not for
	// forward_auth.
	Forwarded bool
	// ClientCertificate is the header in which they pass on the certificate of
	// the TLS client: rfc9440, xfcc or nginx. Empty means none.
	ClientCertificate gateway.ClientCertificateFormat
}

// Route is one route of the policy: see gateway.Route.
type Route struct {
	Name         string
	Hosts        []string
	Path, Prefix string
	Methods      []string
	Preflight    bool
	Open         bool

	// Audience, Type and MaxLifetime are those of verifier.ViewConfig.
	Audience, Type string
	MaxLifetime    time.Duration
	// Claims are the names of claims that must be present.
	Claims []string
	// AnyCaller lets in everybody whose token is accepted. Callers are the
	// issuers to let in. With When, a caller must meet both.
	AnyCaller bool
	Callers   []string
	// When are conditions in CEL, at least one of which must be true.
	When []string
	// BindTLS wants the certificate of the TLS client.
	BindTLS bool

	// Upstream is where the proxy sends requests; nil means nowhere.
	Upstream *url.URL
	// UpstreamRoot is a file with the CAs of an https upstream. Empty means those
	// of the system.
	UpstreamRoot string
	// KeepHost sends the client's Host to the upstream, in place of the
	// upstream's.
	KeepHost bool
	// Timeout is how long the upstream may stall; see gateway.ProxyConfig.
	Timeout time.Duration
	// MaxBody is the largest request body in bytes. 0 means no limit.
	MaxBody int64

	UnsafeRawPath      bool
	UnsafeForwardToken bool

	at string // FILE:LINE, or a flag
}

// AccessLog says which requests get a line in the access log.
type AccessLog struct {
	// File is where the log goes, one JSON object per line; - means stdout. Empty
	// means none.
	File string
	// Sample is the share of accepted requests that get a line, from 0 to 1.
	// Refused requests get one each, as many as package loglimit permits.
	Sample float64
}

// DefaultMaxConnections is how many connections of a front may be open.
const DefaultMaxConnections = 10000
