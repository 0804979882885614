// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"net/url"
	"time"

	"github.com/stapledjwt/stapled/internal/delegation"
)

// Config is what a Server does. [ReadFile] reads it from YAML; the flags of the
// command fill it in for the simplest case.
type Config struct {
	// Address is HOST:PORT of the responder. Required.
	Address string
	// MetricsAddress is HOST:PORT of /metrics, /healthz and /readyz. Empty means
	// none.
	MetricsAddress string
	// StateDir keeps final revocations and the number of the newest CRL. Required.
	StateDir string
	// Validity is the time from signing to nextUpdate. 0 means
	// responder.DefaultValidity.
	Validity time.Duration
	// AccessLog writes a line for requests, as many as package loglimit permits.
	AccessLog bool
	// Authorities are the CAs to answer for. At least one is required.
	Authorities []Authority
}

// Authority is a CA to answer for.
type Authority struct {
	// Certificate is the file with the certificate of the CA. Required.
	Certificate string
	// Sources know its certificates: it issues those of the first, and any of them
	// can revoke. At least one is required.
	Sources []Source
	Signer  Signer

	at string // FILE:LINE: KEY, or a flag, for errors
}

// Source is the configuration of one source. Exactly one of its members is set.
// Two equal ones are the same source, which survives a reload.
type Source struct {
	CRL    CRL
	Index  Index
	StepDB StepDB
}

// CRL is a certificate revocation list: see package responder/crl.
type CRL struct {
	// URL or File is where the list is. One of them is required.
	URL, File string
	// Root is a file with the CAs of the server of an https URL. Empty means those
	// of the system.
	Root string
	// Poll is the longest time from one look to the next. 0 means crl.DefaultPoll.
	Poll time.Duration
	// UnlistedUnknown leaves the answer about serials that the list does not have
	// to the first source.
	UnlistedUnknown bool
}

// Index is OpenSSL's index.txt: see package responder/index.
type Index struct {
	File string
}

// StepDB is the database of a step-ca: see package responder/stepdb.
type StepDB struct {
	// DSNFile is the file with the address of the database, as in db.dataSource of
	// ca.json.
	DSNFile string
	// Database is its name, as in db.database; empty means the one in the address.
	Database string
	// MaxReplicationLag permits a standby of PostgreSQL that is at most this far
	// behind. 0 permits none.
	MaxReplicationLag time.Duration
}

// name names the source in logs, metrics and reasons.
func (s Source) name() string {
	switch {
	case s.CRL.URL != "":
		if u, err := url.Parse(s.CRL.URL); err == nil {
			return "crl " + u.Redacted()
		}
		return "crl"
	case s.CRL.File != "":
		return "crl " + s.CRL.File
	}
	if s.StepDB != (StepDB{}) {
		return "stepdb " + s.StepDB.DSNFile
	}
	return "index " + s.Index.File
}

// knowsIssued reports whether the source knows what the CA has issued.
func (s Source) knowsIssued() bool { return s.CRL == CRL{} }

// Signer is the key that signs for a CA.
type Signer struct {
	// Certificate is the file with the certificate of a delegate (RFC 6960
	// §4.2.2.2). Empty means that the CA's own key signs.
	Certificate string
	// Key is the file with the private key, or its URI: see package kmskey.
	// Required.
	Key string
	// PasswordFile has the password of an encrypted key, or the PIN of a device.
	// Empty means none.
	PasswordFile string
	// Renew says how to obtain and renew a delegate; the zero CA leaves that to
	// something else.
	Renew delegation.CA

	at string
}
