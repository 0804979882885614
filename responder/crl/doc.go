// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package crl is a [responder.Source] that reads what a CA has revoked from its
// certificate revocation list (RFC 5280 §5), at a URL or in a file.
//
//	source, err := crl.New(crl.Config{Issuer: caCert, URL: "https://ca.example/1.0/crl", Roots: roots})
//	…
//	go source.Run(ctx)
//	r, err := responder.New(responder.Config{Authorities: []responder.Authority{{
//		Certificate: caCert, Signer: caKey, Source: source,
//	}}})
//
// A serial in the list is revoked; any other is good, as RFC 6960 §2.2 permits:
// a CRL does not say what the CA has issued. If good must mean issued, combine
// this source with one that knows the issued certificates; see Config.Unlisted.
//
// # Which lists it takes
//
// The list must be a full one, of version 2, signed with the issuer's key under
// the issuer's name, by an algorithm that the verifier of tokens also accepts.
// It needs a crlNumber and a nextUpdate. The source refuses delta CRLs,
// indirect CRLs, lists of only some certificates or reasons, and every critical
// extension that it does not know. An issuing distribution point with nothing
// but a name is accepted, because step-ca writes one. Do not use a CA's list if
// the CA divides its revocations among several lists by that name: the
// revocations in the others would be missing.
//
// Neither crlNumber nor thisUpdate ever goes back, and one of the two must grow.
// So nobody between the CA and the source can take back a revocation with an
// older list. With Config.StateFile this holds across restarts.
//
// # Time
//
// A list that has taken effect is used until its nextUpdate, even if no refresh
// succeeds, and never longer: then [Source.Status] returns an error, and the
// responder answers tryLater. The answers have the thisUpdate of the list. A
// verifier's MaxStapleAge counts from there: the CA must make a list more often
// than that, even if it has revoked nothing. docs/threat-model.md has the
// bound.
package crl
