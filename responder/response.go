// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// window holds the times of a response. All three are whole seconds, because
// GeneralizedTime has no fractions in the certificate profile.
type window struct {
	producedAt, thisUpdate, nextUpdate time.Time
}

// marshalResponse makes a signed OCSPResponse with one SingleResponse, and with
// the nonce of the request unless it is nil.
//
// It does not use x/crypto/ocsp.CreateResponse, which rounds producedAt down to
// the minute, so before thisUpdate, and does not support Ed25519.
func marshalResponse(a *authority, certID []byte, n *nonce, st Status, w window) ([]byte, error) {
	tbs := cryptobyte.NewBuilder(make([]byte, 0, 256)) // enough for all but a nonce or a long CertID
	tbs.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		// By key: 20 bytes instead of a name. Every token carries the staple,
		// so its size matters.
		a.responderID.Add(b)
		b.AddASN1GeneralizedTime(w.producedAt)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddBytes(certID)
				addStatus(b, st)
				b.AddASN1GeneralizedTime(w.thisUpdate)
				b.AddASN1(ocspwire.Tag(0), func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(w.nextUpdate) })
			})
		})
		if n != nil {
			addNonce(b, n)
		}
	})
	signed, err := tbs.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encode response data: %w", err)
	}
	signature, err := signMessage(a.signer, a.algorithm, signed)
	if err != nil {
		return nil, err
	}
	der, err := ocspwire.SuccessfulResponse(func(b *cryptobyte.Builder) {
		b.AddBytes(signed)
		ocspwire.AddSignatureAlgorithm(b, a.algorithm)
		b.AddASN1BitString(signature)
		if a.delegate != nil {
			ocspwire.AddCertificate(b, a.delegate.Raw)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("encode response: %w", err)
	}
	return der, nil
}

// addNonce writes the responseExtensions, with the nonce as the only member.
func addNonce(b *cryptobyte.Builder, n *nonce) {
	b.AddASN1(ocspwire.Tag(1), func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				ocspwire.AddOID(b, ocspwire.Nonce)
				b.AddASN1OctetString(n.value)
			})
		})
	})
}

// addStatus writes the CertStatus CHOICE of RFC 6960 §4.2.1.
func addStatus(b *cryptobyte.Builder, st Status) {
	b.AddASN1(ocspwire.CertStatus(st.Code).Tag(), func(b *cryptobyte.Builder) {
		if st.Code != Revoked {
			return
		}
		b.AddASN1GeneralizedTime(st.RevokedAt)
		if reason := ocspwire.CRLReason(st.Reason); reason != ocspwire.Unspecified {
			b.AddASN1(ocspwire.Tag(0), func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(reason)) })
		}
	})
}
