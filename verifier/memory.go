// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"crypto/x509"
	"strings"

	"github.com/stapledjwt/stapled/internal/san"
)

// The caches' default budgets, in bytes.
const (
	defaultTokenBytes       = 32 << 20
	defaultHeaderBytes      = 32 << 20
	defaultCertificateBytes = 16 << 20
)

// The size of a small entry, from which a cache computes its number of slots.
const (
	smallToken       = 4 << 10
	smallHeader      = 3 << 10
	smallCertificate = 3 << 10
)

func (v *core) newCaches() {
	budget := func(configured, unset int) int {
		if configured == 0 {
			return unset
		}
		return configured
	}
	sizes := v.cfg.Cache
	v.tokens = newCache[*accepted](budget(sizes.Tokens, defaultTokenBytes), smallToken)
	v.headers = newCache[*provenHeader](budget(sizes.Headers, defaultHeaderBytes), smallHeader)
	v.links = newCache[*link](budget(sizes.Certificates, defaultCertificateBytes), smallCertificate)
}

// rememberHeader requires a header that nobody else has seen yet. It changes
// the header to keep a copy of its segment, which until then is part of the
// token.
func (v *core) rememberHeader(h *provenHeader) {
	if v.headers == nil && v.tokens == nil {
		return
	}
	h.segment = strings.Clone(h.segment)
	v.headers.put(everyView, h.segment, h, h.cost())
}

// rememberToken copies what it keeps of a token. It also charges the token for
// its header, which the token keeps alive even after the header's own entry is
// gone.
func (v *Verifier) rememberToken(rest string, t *accepted) {
	if v.tokens == nil {
		return
	}
	v.tokens.put(v.view.id, strings.Clone(rest), t, len(rest)+len(t.payload)+tokenBytes+t.header.cost())
}

// The cost of cached values beyond the bytes that are counted. The figures are
// measured, and a test checks them.
const (
	entryBytes  = 96
	tokenBytes  = entryBytes + 368
	headerBytes = entryBytes + 640
	linkBytes   = entryBytes + 128
	stapleBytes = 256
	nameBytes   = 32
	// A parsed certificate, and each item that it may contain many times.
	certBytes      = 2 << 10
	attributeBytes = 128
	uriBytes       = 176
	elementBytes   = 56

	constraintBytes = 80
)

func (h *provenHeader) cost() int {
	cost := headerBytes + len(h.segment) + len(h.typ) + len(h.leaf) + len(h.unstapled)*len(certificateID{}) + namesCost(h.names)
	for _, s := range h.staples {
		cost += stapleBytes + len(s.staple.DER())
		if delegate := s.staple.Delegate(); delegate != nil {
			cost += certCost(delegate)
		}
	}
	return cost
}

func namesCost(names san.Names) int {
	cost := 0
	for _, list := range [...][]string{names.URIs, names.DNS} {
		for _, name := range list {
			cost += nameBytes + len(name)
		}
	}
	return cost
}

func certCost(c *x509.Certificate) int {
	return certBytes + len(c.Raw) +
		attributeBytes*(len(c.Subject.Names)+len(c.Issuer.Names)+len(c.Policies)) +
		uriBytes*len(c.URIs) +
		elementBytes*(len(c.Extensions)+len(c.DNSNames)+len(c.EmailAddresses)+len(c.IPAddresses)+
			len(c.UnknownExtKeyUsage)+len(c.CRLDistributionPoints)+len(c.OCSPServer)+len(c.IssuingCertificateURL)) +
		constraintBytes*(len(c.PermittedDNSDomains)+len(c.ExcludedDNSDomains)+len(c.PermittedIPRanges)+len(c.ExcludedIPRanges)+
			len(c.PermittedEmailAddresses)+len(c.ExcludedEmailAddresses)+len(c.PermittedURIDomains)+len(c.ExcludedURIDomains))
}
