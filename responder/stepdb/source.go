// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stapledjwt/stapled/internal/issuedby"
	"github.com/stapledjwt/stapled/responder"
)

// Source is a [responder.Versioned] source that reads step-ca's database. It is
// safe for concurrent use. [Source.Run] keeps it able to tell what has changed.
type Source struct {
	cfg      Config
	dialect  *dialect
	statuses *pool
	scans    *pool
	verified *issuedby.Verified
	running  atomic.Bool

	scanning sync.Mutex // one scan at a time
	known    *revocations
	found    []string             // keys that scans have found, and the recorder does not have
	last     atomic.Pointer[scan] // the last scan, successful or not; nil before the first
}

var errNotMade = errors.New("stepdb: this Source was not made by stepdb.New")

// New returns a Source, or an error if the configuration is invalid. It does not
// connect: a database that does not answer is an error of Status.
func New(cfg Config) (*Source, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("stepdb: the configuration %w", err)
	}
	d, connect, err := open(&cfg)
	if err != nil {
		return nil, fmt.Errorf("stepdb: the configuration %w", err)
	}
	return newSource(cfg, d, connect), nil
}

func newSource(cfg Config, d *dialect, connect func(int) *pool) *Source {
	return &Source{
		cfg: cfg, dialect: d, statuses: connect(maxConnections), scans: connect(1),
		verified: issuedby.New(cfg.Issuer, issuedby.MaxVerified), known: newRevocations(),
	}
}

// Close closes the connections. Status then returns errors.
func (s *Source) Close() error {
	if s.dialect == nil {
		return errNotMade
	}
	return errors.Join(s.statuses.Close(), s.scans.Close())
}

// record is what the database has about one serial, as of one moment.
type record struct {
	kind        string
	issued      bool
	certificate []byte
	revoked     bool
	revocation  []byte
	thisUpdate  time.Time // zero: now
}

// Status implements [responder.Source]. It decides in this order:
//
//  1. The database does not answer, or the server may be behind: an error.
//  2. There is a certificate, and the issuer has not signed it: unknown. The
//     serial is that of another CA with the same database.
//  3. There is a revocation: revoked, also if the certificate is lost.
//  4. There is a certificate: good. There is none: unknown.
//
// A record that cannot be read is an error, unless it is a certificate that is
// revoked.
func (s *Source) Status(ctx context.Context, serial *big.Int) (responder.Status, error) {
	if s.dialect == nil {
		return responder.Status{}, errNotMade
	}
	if serial == nil {
		return responder.Status{}, errors.New("stepdb: the serial number is nil")
	}
	if serial.Sign() <= 0 || serial.BitLen() > 8*20 {
		return responder.Status{}, nil // no CA issues it (RFC 5280 §4.1.2.2): unknown
	}
	r, err := s.read(ctx, serial)
	if err != nil {
		return responder.Status{}, fmt.Errorf("stepdb: %w", err)
	}
	st, err := s.decide(serial, r)
	if err != nil {
		return responder.Status{}, fmt.Errorf("stepdb: %w", err)
	}
	st.ThisUpdate = r.thisUpdate
	return st, nil
}

func (s *Source) decide(serial *big.Int, r record) (responder.Status, error) {
	var st responder.Status
	if r.issued {
		cert, err := s.certificate(serial, r.certificate)
		switch {
		case err != nil && !r.revoked:
			return responder.Status{}, err
		case err == nil && cert == nil:
			return responder.Status{}, nil
		case err == nil:
			st.Code, st.NotAfter = responder.Good, cert.NotAfter
		}
	}
	if r.revoked {
		found, err := readRevocation(serial.String(), r.revocation)
		if err != nil {
			return responder.Status{}, err
		}
		st.Code, st.RevokedAt, st.Reason = responder.Revoked, found.At, found.Reason
		if st.NotAfter.IsZero() {
			st.NotAfter = found.expires
		}
	}
	return st, nil
}

// certificate reads a certificate; nil if another CA has issued it.
func (s *Source) certificate(serial *big.Int, der []byte) (*x509.Certificate, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	if cert.SerialNumber.Cmp(serial) != 0 {
		return nil, fmt.Errorf("the database has the certificate 0x%x in the place of this one; restore it", cert.SerialNumber)
	}
	sum := s.verified.Digest(serial, der)
	if s.verified.Has(sum) {
		return cert, nil
	}
	if !issuedby.Is(cert, s.cfg.Issuer) {
		return nil, nil
	}
	s.verified.Remember(sum)
	return cert, nil
}

// read reads the record of a serial.
func (s *Source) read(ctx context.Context, serial *big.Int) (record, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.cfg.Timeout, errSlow)
	defer cancel()
	key := []byte(serial.String()) // as step-ca writes it
	args := make([]any, s.dialect.placeholders)
	for i := range args {
		args[i] = key
	}
	var r record
	asOf, err := s.consistent(ctx, s.statuses, func(q queryer) (string, error) {
		err := q.QueryRowContext(ctx, s.dialect.status, args...).Scan(&r.kind, &r.issued, &r.certificate, &r.revoked, &r.revocation)
		return r.kind, err
	})
	if err != nil {
		return record{}, failed(ctx, err)
	}
	r.thisUpdate = asOf
	return r, nil
}
