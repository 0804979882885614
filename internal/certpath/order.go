// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpath

import (
	"bytes"
	"crypto/x509"
	"fmt"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/certkey"
	"github.com/stapledjwt/stapled/internal/certname"
)

// Ordered is a chain that has passed every check that needs no signature.
type Ordered struct {
	anchors *certs.Anchors
	// chain ends below the anchor, if x5c contains the anchor.
	chain []*x509.Certificate
	// anchor is the one in x5c; nil if x5c contains none.
	anchor *certs.Anchor
}

// Order begins the validation of x5c. It decides by bytes alone where the path
// ends: below the first certificate, other than the leaf, that has the name and
// the key of an anchor. What follows must parse and link, and nothing uses it.
//
// Order returns ChainInvalid unless there are 1 to [stapled.MaxChain]
// certificates, each names the next as its issuer (RFC 7515 §4.1.6), and none
// occurs twice; and AlgorithmRejected if a certificate of the path relies on
// weak cryptography.
func Order(anchors *certs.Anchors, x5c []*x509.Certificate) (Ordered, error) {
	if len(x5c) == 0 || len(x5c) > stapled.MaxChain {
		return Ordered{}, stapled.Errorf(stapled.ChainInvalid, "%d certificates", len(x5c))
	}
	// 1. The cut.
	o := Ordered{anchors: anchors, chain: x5c}
	for i, c := range x5c[1:] {
		if o.anchor = anchors.Of(c); o.anchor != nil {
			o.chain = x5c[:i+1]
			break
		}
	}
	for i, c := range x5c {
		// 2. Each certificate names the next as its issuer, and none occurs twice.
		for _, other := range x5c[:i] {
			if c.Equal(other) {
				return Ordered{}, stapled.Errorf(stapled.ChainInvalid, "certificate %d occurs twice", i)
			}
		}
		if i+1 < len(x5c) && !bytes.Equal(c.RawIssuer, x5c[i+1].RawSubject) {
			return Ordered{}, stapled.Errorf(stapled.ChainInvalid, "certificate %d is issued by %s, and the one after it is %s", i, certname.IssuerOf(c), certname.Of(x5c[i+1]))
		}
		// 3. The cryptography of the path is strong. An anchor is trusted as it is:
		// an old root may have signed itself with SHA-1.
		if i >= len(o.chain) {
			continue
		}
		if err := certkey.Check(c.PublicKey); err != nil {
			return Ordered{}, stapled.In(fmt.Sprintf("certificate %d", i), err)
		}
		if err := certkey.CheckEncoding(c); err != nil {
			return Ordered{}, stapled.In(fmt.Sprintf("certificate %d", i), err)
		}
		if err := certkey.CheckSignatureAlgorithm(c.SignatureAlgorithm); err != nil {
			return Ordered{}, stapled.In(fmt.Sprintf("certificate %d", i), err)
		}
	}
	return o, nil
}
