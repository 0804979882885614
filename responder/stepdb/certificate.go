// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"context"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

// Certificate is a certificate that a step-ca has issued, and what else its
// database says about it.
type Certificate struct {
	*x509.Certificate
	// Provisioner is the name of the provisioner that authorized it; empty if the
	// database does not know it.
	Provisioner string
	// Revocation is nil unless the certificate is revoked.
	Revocation *Revocation
}

// Record is what step-ca's tables have about a certificate.
type Record struct {
	// Key is the serial in decimal.
	Key string
	// Certificate is the value in x509_certs, DER.
	Certificate []byte
	// Data is the value in x509_certs_data; nil if there is none.
	Data []byte
	// Revoked reports whether there is a value in revoked_x509_certs.
	Revoked    bool
	Revocation []byte
}

// Read reads the record.
func (r Record) Read() (Certificate, error) {
	c := Certificate{}
	var err error
	if c.Certificate, err = x509.ParseCertificate(r.Certificate); err != nil {
		return Certificate{}, fmt.Errorf("the certificate with the serial number %s is unreadable: %w", r.Key, err)
	}
	if got := c.SerialNumber.String(); got != r.Key {
		return Certificate{}, fmt.Errorf("the database has the certificate %s in the place of %s; restore it", got, r.Key)
	}
	if r.Data != nil {
		var data struct {
			Provisioner struct {
				Name string `json:"name"`
			} `json:"provisioner"`
		}
		if err := json.Unmarshal(r.Data, &data); err != nil {
			return Certificate{}, fmt.Errorf("the provisioner of the certificate with the serial number %s is unreadable: %w", r.Key, err)
		}
		c.Provisioner = data.Provisioner.Name
	}
	if r.Revoked {
		revocation, err := readRevocation(r.Key, r.Revocation)
		if err != nil {
			return Certificate{}, fmt.Errorf("the certificate with the serial number %s: %w", r.Key, err)
		}
		c.Revocation = &revocation
	}
	return c, nil
}

// Certificates returns every certificate in a step-ca's database, in no order,
// as of one moment. It uses DSN, Driver and Database of the configuration. A
// standby or a read-only server is an error, as for a [Source]. The sequence ends
// with the first error.
func Certificates(ctx context.Context, cfg Config) iter.Seq2[Certificate, error] {
	return func(yield func(Certificate, error) bool) {
		if err := list(ctx, cfg, func(c Certificate) bool { return yield(c, nil) }); err != nil {
			yield(Certificate{}, fmt.Errorf("stepdb: %w", err))
		}
	}
}

// list calls yield until it returns false.
func list(ctx context.Context, cfg Config, yield func(Certificate) bool) error {
	cfg.MaxReplicationLag = 0
	if err := cfg.checkRest(); err != nil {
		return fmt.Errorf("the configuration %w", err)
	}
	d, connect, err := open(&cfg)
	if err != nil {
		return fmt.Errorf("the configuration %w", err)
	}
	db := connect(1)
	return errors.Join(listRows(ctx, db.DB, d.list, yield), db.Close())
}

func listRows(ctx context.Context, db *sql.DB, query string, yield func(Certificate) bool) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	answered := false
	for rows.Next() {
		answered = true
		var kind string
		var key []byte
		var r Record
		if err := rows.Scan(&kind, &key, &r.Certificate, &r.Data, &r.Revoked, &r.Revocation); err != nil {
			return err
		}
		if err := checkPrimary(kind); err != nil {
			return err
		}
		if key == nil {
			break // no certificates
		}
		r.Key = string(key)
		c, err := r.Read()
		if err != nil {
			return err
		}
		if !yield(c) {
			return nil
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if !answered {
		return errors.New("the database server does not say whether it is the primary")
	}
	return nil
}
