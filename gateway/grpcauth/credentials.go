// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package grpcauth

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/issuer"
)

// NewCredentials returns credentials that add a token of this source to every
// call (RFC 6750 §2.1). They refuse to send it over a connection that is not
// encrypted (§5.3): such a call fails, or [grpc.NewClient] does. It panics if the
// source is nil.
//
// A call for which there is no token fails with codes.Unavailable, because the
// staple may be back at the next attempt, or with codes.Unauthenticated if the
// certificate is revoked. The error says which condition for signing fails.
func NewCredentials(source *issuer.TokenSource) credentials.PerRPCCredentials {
	if source == nil {
		panic("grpcauth: NewCredentials of a nil source")
	}
	return tokens{source}
}

type tokens struct{ source *issuer.TokenSource }

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (t tokens) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	if err := encrypted(ctx); err != nil {
		return nil, status.Error(codes.Unauthenticated, err.Error())
	}
	raw, _, err := t.source.Token(ctx)
	switch {
	case errors.Is(err, stapled.Canceled):
		return nil, status.FromContextError(ctx.Err()).Err()
	case errors.Is(err, stapled.CertificateRevoked):
		return nil, status.Errorf(codes.Unauthenticated, "sign a token: %v", err)
	case err != nil:
		return nil, status.Errorf(codes.Unavailable, "sign a token: %v", err)
	}
	return map[string]string{"authorization": "Bearer " + raw}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials.
func (tokens) RequireTransportSecurity() bool { return true }

// encrypted reports an error unless the connection is encrypted. grpc-go itself
// lets pass what does not say whether it is.
func encrypted(ctx context.Context) error {
	info, _ := credentials.RequestInfoFromContext(ctx) // without any, there is no connection either
	common, ok := info.AuthInfo.(interface {
		GetCommonAuthInfo() credentials.CommonAuthInfo
	})
	if !ok || common.GetCommonAuthInfo().SecurityLevel != credentials.PrivacyAndIntegrity {
		return errors.New("the connection is not encrypted, and a token can be used by whoever reads it: use TLS")
	}
	return nil
}
