// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package extauthz answers Envoy's external authorization filter (ext_authz),
// over gRPC with [NewServer] and over HTTP with [NewHandler]. Both ask a
// [gateway.Gateway] and only translate.
package extauthz

import (
	"errors"

	"github.com/stapledjwt/stapled/gateway"
)

// Config configures an adapter.
type Config struct {
	// Gateway decides. Required.
	Gateway *gateway.Gateway
	// PathPrefix is what Envoy puts in front of the path (path_prefix of its
	// http_service), such as /check. It is only for NewHandler. Default: none.
	PathPrefix string
	// PeerCertificate uses the client certificate that Envoy sends
	// (include_peer_certificate), which a token can be bound to. It is only for
	// NewServer. Default: the certificate is not known.
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
	return nil
}
