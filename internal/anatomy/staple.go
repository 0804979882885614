// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package anatomy

import (
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/ocspview"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// stapleView is what an OCSP response says. Package ocspstaple reads only
// authentic responses; this shows forged ones too.
type stapleView struct {
	Status     string     `json:"status"`
	Serial     string     `json:"serial,omitempty"`
	For        string     `json:"for,omitempty"`
	ProducedAt *time.Time `json:"produced_at,omitempty"`
	ThisUpdate *time.Time `json:"this_update,omitempty"`
	NextUpdate *time.Time `json:"next_update,omitempty"`
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
	Reason     string     `json:"revocation_reason,omitempty"`
	// Signer is the signer that the response names, which proves nothing.
	Signer string `json:"signer,omitempty"`
}

func dissectStaple(value string, i int, chain []*x509.Certificate) (*stapleView, error) {
	der, err := certx5c.DecodeBase64(value)
	if err != nil {
		return nil, err
	}
	status, basic, err := ocspview.Read(der)
	if err != nil {
		return nil, err
	}
	if basic == nil {
		return &stapleView{Status: status.String()}, nil
	}
	if len(basic.Data.Singles) != 1 {
		return nil, fmt.Errorf("it has %d answers instead of 1", len(basic.Data.Singles))
	}
	single := basic.Data.Singles[0]
	view := &stapleView{
		Status: single.Status().String(), Serial: single.CertID.Serial.String(),
		For:        subjectOf(single.CertID.Serial, i, chain),
		ProducedAt: utc(basic.Data.ProducedAt), ThisUpdate: utc(single.ThisUpdate), NextUpdate: utc(single.NextUpdate),
		Signer: signerName(basic, chain),
	}
	if single.Status() == ocspwire.Revoked {
		view.RevokedAt = utc(single.Revoked.At)
		view.Reason = ocspstaple.CRLReason(single.Revoked.Reason).String()
	}
	return view, nil
}

// subjectOf uses the serial number to say which certificate a staple is about.
// It does not compare the issuer: a verifier does that.
func subjectOf(serial *big.Int, i int, chain []*x509.Certificate) string {
	if i < len(chain) && chain[i] != nil && chain[i].SerialNumber.Cmp(serial) == 0 {
		return fmt.Sprintf("x5c[%d]", i)
	}
	for j, c := range chain {
		if c != nil && c.SerialNumber.Cmp(serial) == 0 {
			return fmt.Sprintf("x5c[%d] instead of x5c[%d]", j, i)
		}
	}
	return "another certificate"
}

// signerName resolves the ResponderID (RFC 6960 §4.2.2.3) among the
// certificates of the token and of the staple.
func signerName(b *ocspview.Message, chain []*x509.Certificate) string {
	candidates := chain
	for _, raw := range b.Certificates {
		if c, err := certx5c.ParseDER(raw.FullBytes); err == nil {
			candidates = append(candidates[:len(candidates):len(candidates)], c)
		}
	}
	for i, c := range candidates {
		if c == nil || !b.Data.Names(c) {
			continue
		}
		if i < len(chain) {
			return fmt.Sprintf("x5c[%d], %s", i, c.Subject)
		}
		return "embedded certificate, " + c.Subject.String()
	}
	switch by, value := b.Data.ResponderID(); by {
	case "name":
		return value + " (not in the token)"
	case "key":
		return "key " + value + " (not in the token)"
	}
	return "unreadable"
}

func utc(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
