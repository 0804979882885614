// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"errors"
	"strings"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certpath"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
)

var errAnchor = errors.New("anchor refused")

// accept takes every step that a verifier takes with the certificates of a
// token, with a leeway of 0.
func accept(parties []*testca.Party) error {
	path := certificates(parties)
	chain, err := certx5c.Parse(certx5c.Encode(path[:len(path)-1]))
	if err != nil {
		return err
	}
	anchors, err := certs.NewAnchors(path[len(path)-1])
	if err != nil {
		return errors.Join(errAnchor, err)
	}
	ordered, err := certpath.Order(anchors, chain)
	if err != nil {
		return err
	}
	linked, err := ordered.Link(certpath.Rules{Now: now, KeyUsage: x509.ExtKeyUsageClientAuth}, nil)
	if err != nil {
		return err
	}
	_, err = linked.Path()
	return err
}

// explanations say why package certpath refuses a path that openssl accepts, by
// a part of the message.
var explanations = []struct {
	reason error
	part   string
	why    string
}{
	{errAnchor, "", "an anchor must be a CA that may sign certificates (4.1)"},
	{stapled.KeyUsage, "the leaf is a CA certificate", "a CA does not sign tokens (4.4)"},
	{stapled.KeyUsage, "the leaf lacks digitalSignature", "digitalSignature is required, not only if there is a key usage (4.4)"},
	{stapled.KeyUsage, "the leaf does not list", "the extended key usage is required, not only if there are any (4.4)"},
	{stapled.ChainUntrusted, "intermediates below it", "self-issued certificates count towards the path length (4.2)"},
	{stapled.ChainUntrusted, "is not a CA", "a CA has basicConstraints (4.1)"},
	{stapled.ChainUntrusted, "is not issued by", "a CA has basicConstraints and keyCertSign (4.1)"},
	{stapled.ChainUntrusted, "is not signed by the key of the trust anchor", "the key identifier is not the anchor's (4.1)"},
	{stapled.ChainUntrusted, "has the unknown critical extension 2.5.29.17", "a critical subjectAltName without a name that crypto/x509 knows (4.2)"},
	{stapled.ChainUntrusted, "constrains names of this kind", "a name that cannot be compared, or of a kind that is not (section 6)"},
	{stapled.ChainUntrusted, "excludes (RFC 5280 §6.1.3 (c))", "what may lie in an excluded subtree: below a URI host, a wildcard, an empty base, a text of another type (section 6)"},
	{stapled.ChainUntrusted, "a directoryName ", "what only may lie in a permitted subtree: a text of another type (section 6)"},
	{stapled.ChainUntrusted, "have a minimum or maximum", "a minimum or maximum, whatever the names (section 6)"},
	{stapled.ChainUntrusted, "that is not one", "a base that is not a host (section 6)"},
	{stapled.ChainUntrusted, "maps any-policy", "any-policy mapped, whether or not a policy is required (RFC 5280 §6.1.4 (a))"},
}

// explain returns why package certpath may refuse a path that openssl accepts.
func explain(err error) (string, bool) {
	for _, e := range explanations {
		if errors.Is(err, e.reason) && strings.Contains(err.Error(), e.part) {
			return e.why, true
		}
	}
	return "unexplained: " + err.Error(), false
}
