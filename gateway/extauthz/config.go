// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package extauthz answers Envoy's external authorization filter (ext_authz),
// over gRPC with [NewServer] and over HTTP with [NewHandler]. Both ask a
// [gateway.Gateway] and only translate.
//
//	server, err := extauthz.NewServer(extauthz.Config{Gateway: g})
//	…
//	auth.RegisterAuthorizationServer(grpcServer, server)
//
// # What the upstream learns
//
// An answer that lets a request pass sets every identity header, empty if the
// token has no such value, so that no header of that name that a client has
// written survives. It also removes the token and the other spellings of the
// identity headers, such as Stapled_Subject, which some upstreams do not
// distinguish. Over gRPC, Envoy does all this by itself. Over HTTP, it copies
// only the identity headers that allowed_upstream_headers lists: list them all.
//
// # When Envoy gets no answer
//
// Leave failure_mode_allow at false. With it, a request passes unchecked
// whenever this service does not answer or answers with 5xx, and a client may be
// able to bring that about, with a request that is larger than a message may
// be. For the same reason, [Server.Check] never returns an error: it denies a
// request that it does not understand.
package extauthz

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stapledjwt/stapled/gateway"
)

// Config configures an adapter.
type Config struct {
	// Gateway decides. Required.
	Gateway *gateway.Gateway
	// IdentityHeaders are the headers of an answer that lets a request pass.
	// Default: the Stapled-* headers.
	IdentityHeaders gateway.IdentityHeaders
	// PathPrefix is what Envoy puts in front of the path (path_prefix of its
	// http_service), such as /check. A request without it is denied. It is only
	// for NewHandler. Default: none.
	PathPrefix string
	// PeerCertificate uses the client certificate that Envoy sends
	// (include_peer_certificate), which a token can be bound to. It is only for
	// NewServer, whose peers must all be Envoys of yours. Default: the
	// certificate is not known, and a token that is bound to one is refused.
	PeerCertificate bool
	// UnsafeForwardAuthorization leaves the token in accepted requests. Anyone
	// who has it can use it, until it expires, against every service with the
	// same audience.
	UnsafeForwardAuthorization bool
}

func (c Config) check() error {
	if c.Gateway == nil {
		return errors.New("extauthz: Config.Gateway is nil; give it what gateway.New returned")
	}
	if err := c.IdentityHeaders.Check(); err != nil {
		return fmt.Errorf("extauthz: Config.IdentityHeaders: %w", err)
	}
	return nil
}

// checkPrefix accepts a prefix that every server reads in the same way.
func checkPrefix(prefix string) error {
	odd := func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '/')
	}
	switch {
	case prefix == "":
		return nil
	case prefix[0] != '/' || strings.HasSuffix(prefix, "/") || strings.Contains(prefix, "//") || strings.ContainsFunc(prefix, odd):
		return fmt.Errorf("extauthz: Config.PathPrefix is %q; write it like /check: letters, digits, - and _ after a slash, and no slash at the end", prefix)
	}
	return nil
}
