// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"encoding/asn1"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"
)

var oidBasicResponse = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}

// window is the time span of a response. All three times are whole seconds,
// because GeneralizedTime in a certificate profile has no fraction.
type window struct {
	producedAt, thisUpdate, nextUpdate time.Time
}

// marshalResponse makes a signed OCSPResponse with one SingleResponse, and with
// the nonce of the request if it is to be answered.
//
// x/crypto/ocsp.CreateResponse is not used: it rounds producedAt down to the
// minute, so that it lies before thisUpdate, and knows no Ed25519.
func marshalResponse(a *authority, certID []byte, n *nonce, st Status, w window) ([]byte, error) {
	var tbs cryptobyte.Builder
	tbs.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		// responderID byKey: 20 bytes instead of a name. The staple travels in
		// every token, so its size matters.
		b.AddASN1(tag2, func(b *cryptobyte.Builder) { b.AddASN1OctetString(a.responderKeyHash) })
		b.AddASN1GeneralizedTime(w.producedAt)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddBytes(certID)
				addStatus(b, st)
				b.AddASN1GeneralizedTime(w.thisUpdate)
				b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(w.nextUpdate) })
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
	signature, err := a.algorithm.sign(a.signer, signed)
	if err != nil {
		return nil, err
	}

	var out cryptobyte.Builder
	out.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Enum(int64(ocsp.Success))
		b.AddASN1(tag0, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidBasicResponse)
				b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddBytes(signed)
						a.algorithm.marshal(b)
						b.AddASN1BitString(signature)
						if a.delegate != nil {
							b.AddASN1(tag0, func(b *cryptobyte.Builder) {
								b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(a.delegate.Raw) })
							})
						}
					})
				})
			})
		})
	})
	der, err := out.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encode response: %w", err)
	}
	return der, nil
}

// addNonce writes the responseExtensions, whose only member is the nonce.
func addNonce(b *cryptobyte.Builder, n *nonce) {
	b.AddASN1(tag1, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(oidNonce) })
				b.AddASN1OctetString(n.value)
			})
		})
	})
}

// addStatus writes the CertStatus CHOICE of RFC 6960 §4.2.1, whose tags are
// IMPLICIT: good and unknown are a NULL, revoked is a RevokedInfo.
func addStatus(b *cryptobyte.Builder, st Status) {
	switch st.Code {
	case Good:
		b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(*cryptobyte.Builder) {})
	case Revoked:
		b.AddASN1(tag1, func(b *cryptobyte.Builder) {
			b.AddASN1GeneralizedTime(st.RevokedAt)
			if st.Reason != ocsp.Unspecified {
				b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(st.Reason)) })
			}
		})
	default:
		b.AddASN1(cbasn1.Tag(2).ContextSpecific(), func(*cryptobyte.Builder) {})
	}
}
