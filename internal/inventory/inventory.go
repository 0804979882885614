// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package inventory lists what a CA has issued, for `stapled certs` and `stapled
// revoke --name`.
package inventory

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled/internal/san"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/responder/stepdb"
)

// Certificate is what `stapled certs` prints about one.
type Certificate struct {
	Serial    string `json:"serial"`
	SerialHex string `json:"serial_hex"`
	// Names are the URIs, DNS names, IP addresses and mail addresses.
	Names     []string  `json:"names"`
	Subject   string    `json:"subject,omitempty"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	// Alive reports whether it is neither revoked nor expired.
	Alive       bool   `json:"alive"`
	Provisioner string `json:"provisioner,omitempty"`
	// RevokedAt and Reason are nil unless it is revoked.
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	Reason    *string    `json:"reason,omitempty"`

	// dns are the names that are compared without case.
	dns []string
}

// Query says which certificates to list. The zero value lists all.
type Query struct {
	// Name is one of the names, exactly; a DNS name in any case.
	Name string
	// Alive leaves out what is revoked or has expired.
	Alive bool
	// Since, if not zero, leaves out certificates whose validity began earlier.
	Since time.Time
}

// List reads the certificates that a query asks for, the oldest first, as of now.
func List(all iter.Seq2[stepdb.Certificate, error], q Query, now time.Time) ([]Certificate, error) {
	var found []Certificate
	for stored, err := range all {
		if err != nil {
			return nil, err
		}
		c := of(stored, now)
		if (q.Name == "" || c.has(q.Name)) && (!q.Alive || c.Alive) && !c.NotBefore.Before(q.Since) {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b Certificate) int {
		return cmp.Or(a.NotBefore.Compare(b.NotBefore), cmp.Compare(a.Serial, b.Serial))
	})
	return found, nil
}

func of(stored stepdb.Certificate, now time.Time) Certificate {
	c := Certificate{
		Serial: stored.SerialNumber.String(), SerialHex: fmt.Sprintf("%#x", stored.SerialNumber),
		Names: []string{}, Subject: stored.Subject.String(),
		NotBefore: stored.NotBefore, NotAfter: stored.NotAfter,
		Alive: stored.Revocation == nil && !now.After(stored.NotAfter), Provisioner: stored.Provisioner,
		dns: stored.DNSNames,
	}
	uris, _, err := san.Listed(stored.Certificate)
	if err != nil { // url.URL may write them differently, which is better than nothing
		for _, u := range stored.URIs {
			uris = append(uris, u.String())
		}
	}
	c.Names = append(append(c.Names, uris...), stored.DNSNames...)
	for _, ip := range stored.IPAddresses {
		c.Names = append(c.Names, ip.String())
	}
	c.Names = append(c.Names, stored.EmailAddresses...)
	if r := stored.Revocation; r != nil {
		at, reason := r.At, ocspstaple.CRLReason(r.Reason).String()
		c.RevokedAt, c.Reason = &at, &reason
	}
	return c
}

// has reports whether the certificate has a name.
func (c Certificate) has(name string) bool {
	return slices.Contains(c.Names, name) || slices.ContainsFunc(c.dns, func(dns string) bool { return strings.EqualFold(dns, name) })
}
