// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspview

import (
	"errors"
	"fmt"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// judge decides as a verifier with default settings does.
func (v *View) judge(der []byte, q Question) {
	staple, err := ocspstaple.Authenticate(der, q.Certificate, q.Issuer, q.At, stapled.DefaultLeeway)
	if err == nil {
		err = staple.Check(q.At, ocspstaple.Freshness{})
	}
	refused, ok := errors.AsType[*stapled.Error](err)
	switch {
	case err == nil:
		until := staple.FreshUntil(ocspstaple.Freshness{}).UTC()
		v.Acceptable, v.FreshUntil = true, &until
	case ok:
		v.Reason, v.Detail = refused.Reason, refused.Err.Error()
		v.Advice = v.advice()
	default:
		v.Reason, v.Detail = stapled.StapleMalformed, err.Error()
	}
}

// Good reports whether the certificate is good and the response is accepted. A
// response with another nonce does not answer this request (RFC 9654 §2.1).
func (v *View) Good() bool {
	return v.Acceptable && (v.Nonce == nil || v.Nonce.Result != Different)
}

// advice says what to do about a response that is not acceptable.
func (v *View) advice() string {
	switch v.Reason {
	case stapled.StapleMalformed:
		return v.malformedAdvice()
	case stapled.StapleMismatch:
		return "the response is about another certificate: check --issuer and the URL; a cache in front may mix up answers"
	case stapled.StapleUntrusted:
		if v.Signer != nil {
			if failed := v.Signer.firstFailed(); failed != nil {
				return failed.Advice
			}
		}
		return "have the CA or a delegate of it sign"
	case stapled.CertificateRevoked:
		switch {
		case v.ExtendedRevoke:
			return "the responder does not know this serial number: has this CA issued it, and does the responder read its newest records?"
		case v.RevokedFor == ocspwire.CertificateHold.String():
			return "the CA may lift the hold; until then, enroll another certificate"
		}
		return "a revocation is final: enroll a new certificate"
	case stapled.StapleUnknown:
		return "the responder does not know this serial number: has this CA issued it, and does the responder read its newest records?"
	case stapled.StapleNotYetValid:
		return "compare the clocks of the responder and of this machine"
	case stapled.StapleStale:
		if v.NextUpdate != nil && v.At.After(*v.NextUpdate) {
			return "the responder or a cache in front of it sends an old answer: have it made anew before nextUpdate; compare the clocks"
		}
		return fmt.Sprintf("have the responder set thisUpdate more often than every %s, or raise --max-staple-age on both sides", timetext.Duration(stapled.DefaultMaxStapleAge))
	}
	return ""
}

// malformedAdvice looks for the usual faults, most frequent first.
func (v *View) malformedAdvice() string {
	switch {
	case v.Status == "unreadable":
		return "the response is damaged, or its encoding is not DER: look at the responder"
	case v.NextUpdate == nil:
		return "have the responder set nextUpdate (openssl ocsp: -nmin 10), or nothing limits the age of its answers"
	case v.Answers != 1:
		return "have the responder answer for one certificate at a time"
	case len(v.Certificates) > maxCertificates:
		return fmt.Sprintf("have the responder embed its own certificate only, and at most %d", maxCertificates)
	}
	for _, ext := range v.Extensions {
		if ext.Critical {
			return "have the responder leave out critical extensions"
		}
	}
	return "compare with rules 6.3 to 6.5 of docs/format.md"
}

// maxCertificates is the limit of rule 6.3.
const maxCertificates = 4

// meaning says what the status means (RFC 6960 §2.2).
func (v *View) meaning() string {
	switch v.Status {
	case ocspwire.Good.String():
		return "not revoked as of thisUpdate"
	case ocspwire.Revoked.String():
		switch {
		case v.ExtendedRevoke:
			return "revoked, or never issued (RFC 6960 §2.2, extended revoke)"
		case !v.final():
			return "on hold: the CA may lift it"
		}
		return "revoked for good"
	}
	return "the responder does not know this certificate"
}

// final reports whether the CA cannot take the revocation back.
func (v *View) final() bool {
	return v.RevokedFor != ocspwire.CertificateHold.String() && v.RevokedFor != ocspwire.RemoveFromCRL.String()
}
