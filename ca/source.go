// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/smallstep/certificates/db"
	"github.com/smallstep/nosql"

	"github.com/stapledjwt/stapled/internal/issuedby"
	"github.com/stapledjwt/stapled/responder"
)

// revokedTable maps decimal serials to a db.RevokedCertificateInfo in JSON.
// AuthDB.IsRevoked reads the same table but drops time and reason;
// GetRevokedCertificates reads the whole table for each query.
var revokedTable = []byte("revoked_x509_certs")

// certsTable maps decimal serials to the DER of the certificate, as
// AuthDB.GetCertificate reads it.
var certsTable = []byte("x509_certs")

// revocation returns the status revoked, or the zero Status if the CA has not
// revoked the serial.
func (d *database) revocation(serial *big.Int) (responder.Status, error) {
	raw, err := d.tables.Get(revokedTable, []byte(serial.String()))
	if nosql.IsErrNotFound(err) {
		return responder.Status{}, nil
	}
	if err != nil {
		return responder.Status{}, fmt.Errorf("look up the revocation: %w", err)
	}
	var info db.RevokedCertificateInfo
	if err := json.Unmarshal(raw, &info); err != nil {
		return responder.Status{}, fmt.Errorf("read the revocation: %w", err)
	}
	return responder.Status{Code: responder.Revoked, RevokedAt: info.RevokedAt, Reason: info.ReasonCode, NotAfter: info.ExpiresAt}, nil
}

// leaves is the Source for the certificates that the CA issues. Enrolled,
// renewed and rekeyed certificates are all in the table of certificates. The
// certificate of the CA's own TLS server is not, so its status is unknown.
type leaves struct {
	db       *database
	issuer   *x509.Certificate
	verified *issuedby.Verified
}

func newLeaves(d *database, issuer *x509.Certificate) leaves {
	return leaves{d, issuer, issuedby.New(issuer, issuedby.MaxVerified)}
}

// Version implements responder.Versioned.
func (s leaves) Version(serial *big.Int) (uint64, bool) { return s.db.version(serial) }

// Status implements responder.Source.
func (s leaves) Status(ctx context.Context, serial *big.Int) (responder.Status, error) {
	if err := ctx.Err(); err != nil {
		return responder.Status{}, err
	}
	// Check revocation first: step-ca lets its operator revoke a serial whose
	// certificate the database has lost, and that must count.
	st, err := s.db.revocation(serial)
	if err != nil || st.Code == responder.Revoked {
		return st, err
	}
	der, err := s.db.tables.Get(certsTable, []byte(serial.String()))
	if nosql.IsErrNotFound(err) {
		return responder.Status{}, nil
	}
	if err != nil {
		return responder.Status{}, fmt.Errorf("look up the certificate: %w", err)
	}
	sum := s.verified.Digest(serial, der)
	if s.verified.Has(sum) {
		return responder.Status{Code: responder.Good}, nil
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return responder.Status{}, fmt.Errorf("read the certificate: %w", err)
	}
	if cert.SerialNumber.Cmp(serial) != 0 {
		return responder.Status{}, fmt.Errorf("the database has the certificate 0x%x in the place of this one; restore it", cert.SerialNumber)
	}
	// A CA that has replaced its intermediate keeps the old certificates in the
	// same table. They have another issuer, and this query is not about it.
	if !issuedby.Is(cert, s.issuer) {
		return responder.Status{}, nil
	}
	s.verified.Remember(sum)
	return responder.Status{Code: responder.Good}, nil
}

// intermediates is the Source for certificates issued by the root, which is the
// one intermediate. `step ca revoke` with its serial revokes it.
type intermediates struct {
	db   *database
	cert *x509.Certificate
}

// Version implements responder.Versioned.
func (s intermediates) Version(serial *big.Int) (uint64, bool) { return s.db.version(serial) }

// Status implements responder.Source.
func (s intermediates) Status(ctx context.Context, serial *big.Int) (responder.Status, error) {
	if err := ctx.Err(); err != nil {
		return responder.Status{}, err
	}
	if serial.Cmp(s.cert.SerialNumber) != 0 {
		return responder.Status{}, nil
	}
	st, err := s.db.revocation(serial)
	if err != nil || st.Code == responder.Revoked {
		return st, err
	}
	return responder.Status{Code: responder.Good}, nil
}
