// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package delegate

import (
	"crypto/x509"
	"time"
)

// A Snapshot is the state of a Keeper, for health checks and metrics.
type Snapshot struct {
	// Certificate is the delegate in use; nil for the zero Keeper.
	Certificate *x509.Certificate
	// NotAfter is its end. From then on clients refuse the responses.
	NotAfter time.Time
	// RenewAt is when Run obtains the next one; zero without Config.Obtain.
	RenewAt time.Time
	// Late reports that less than a sixth of its life is left. With a working CA
	// that does not happen.
	Late bool
	// Revoked reports that Config.Source says it is revoked, so that Run does not
	// renew it.
	Revoked bool
	// Unsaved reports that it is not in the files, so that a restart would find
	// the previous one.
	Unsaved bool
	// Failure is the last failure, until a success clears it.
	Failure Failure
}

// A Failure is a failed attempt at renewing or reloading a delegate.
type Failure struct {
	// Err is nil if there is none.
	Err error
	// At is when it happened. Since is when the first of the failures in a row did.
	At, Since time.Time
}

// Snapshot returns the current state.
func (k *Keeper) Snapshot() Snapshot {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current == nil {
		return Snapshot{}
	}
	leaf := k.current.Leaf()
	return Snapshot{
		Certificate: leaf, NotAfter: leaf.NotAfter, RenewAt: k.renewAt, Late: isLate(leaf, time.Now()),
		Revoked: k.revoked, Unsaved: k.unsaved, Failure: k.failed,
	}
}
