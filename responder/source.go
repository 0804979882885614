// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"context"
	"errors"
	"iter"
	"math/big"
	"time"

	"github.com/stapledjwt/stapled/internal/ocspwire"
)

// Code is the certStatus of a certificate (RFC 6960 §2.2).
type Code uint8

const (
	// Unknown means that the source has no record of the serial. It is the
	// zero value, so a forgotten assignment can never become "good".
	Unknown Code = Code(ocspwire.Unknown)
	// Good means that the CA has issued the serial and has not revoked it.
	Good Code = Code(ocspwire.Good)
	// Revoked means that the CA has revoked the serial.
	Revoked Code = Code(ocspwire.Revoked)
)

// String returns the name that RFC 6960 uses.
func (c Code) String() string { return ocspwire.CertStatus(c).String() }

// Status is what a Source knows about one serial number. The zero value means
// "unknown, as of now".
type Status struct {
	// Code is the status itself.
	Code Code
	// RevokedAt is the time of revocation; required if Code is Revoked.
	RevokedAt time.Time
	// Reason is the CRLReason (RFC 5280 §5.3.1); 0 is unspecified.
	Reason int
	// ThisUpdate is when the source last knew the status to be correct, such as
	// the thisUpdate of a CRL. Zero means now: the source is live. A source
	// that consults several others returns the oldest of their times.
	ThisUpdate time.Time
	// NextUpdate is when the source will know more, such as the nextUpdate of a
	// CRL; no answer is valid beyond it. Zero means no limit.
	NextUpdate time.Time
	// NotAfter is the end of the certificate's validity. Zero means that the
	// source does not know it, as a CRL does not. Answers do not depend on it.
	// It says how long a revocation must be remembered, and that a revocation
	// which has left its source has done so for a good reason.
	NotAfter time.Time
}

// ErrRevocationLost is in the chain of a source's error if the source has said
// before that the serial is revoked for good, and now says something else. The
// responder answers tryLater and reports [AlarmRevocationLost]. A database that
// lost its last commits, or a restored backup, is the usual cause.
var ErrRevocationLost = errors.New("the source no longer says that this certificate is revoked, as it did before; restore the revocation in the source, or revoke the certificate again")

// A Source knows which certificates a CA has issued and which it has revoked.
// The responder calls it for each answer that it cannot reuse, from several
// goroutines at once.
//
// An error means that the source cannot tell, and the responder answers
// tryLater. A serial that the source does not know is not an error: it is the
// zero Status.
type Source interface {
	Status(ctx context.Context, serial *big.Int) (Status, error)
}

// A Versioned source can tell when its knowledge has changed. The responder
// then reuses a signed answer without asking for the status, for at most two
// fifths of the answer's life and at most five minutes. Without Version, the
// responder asks the source for every answer, and reuses a signed one for one
// second if the status is still the same.
type Versioned interface {
	Source
	// Version returns a number that grows whenever the status of the serial may
	// have changed. It must not grow before Status returns the change, and must
	// have grown before the caller that makes the change learns of its success:
	// the responder reads the version first, and then the status. ok is false
	// if the source cannot tell, for example because others write to its
	// database.
	Version(serial *big.Int) (version uint64, ok bool)
}

// A Partial source may know less than a responder needs: only what is revoked,
// and not what the CA has issued.
type Partial interface {
	Source
	// IsPartial reports whether the source answers Unknown about serials that
	// the CA has issued. A responder refuses such a source: combine it with one
	// that knows them.
	IsPartial() bool
}

// A Recorder remembers final revocations for good (every reason but
// certificateHold and removeFromCRL, RFC 5280 §5.3.1). Sources that learn many
// revocations at once give them to it, so that one that is lost before somebody
// asks about it is remembered too. Package responder/ledger has one.
type Recorder interface {
	// Has reports whether the Recorder has this serial.
	Has(serial *big.Int) bool
	// Record records the final ones among these revocations, and ignores the
	// others. It may be given what it has already. The sequence may use one
	// *big.Int for all serials. An error means that they are not on disk; they
	// are remembered while the process runs.
	Record(revocations iter.Seq2[*big.Int, Status]) error
}

// SourceFunc is a function that implements Source.
type SourceFunc func(ctx context.Context, serial *big.Int) (Status, error)

// Status calls f.
func (f SourceFunc) Status(ctx context.Context, serial *big.Int) (Status, error) {
	if f == nil {
		return Status{}, errors.New("responder: the SourceFunc is nil")
	}
	return f(ctx, serial)
}
