// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"encoding/json"
	"fmt"
	"time"
)

// Revocation is what step-ca recorded when it revoked a certificate.
type Revocation struct {
	At time.Time
	// Reason is the CRLReason (RFC 5280 §5.3.1); 0 is unspecified.
	Reason  int
	expires time.Time
}

// readRevocation reads a record of revoked_x509_certs. The key is the serial in
// decimal.
func readRevocation(key string, record []byte) (Revocation, error) {
	var stored struct {
		Serial               string
		ReasonCode           int
		RevokedAt, ExpiresAt time.Time
	}
	if err := json.Unmarshal(record, &stored); err != nil {
		return Revocation{}, fmt.Errorf("read the revocation: %w", err)
	}
	if stored.Serial != key {
		return Revocation{}, fmt.Errorf("the database has the revocation of %q in the place of this one; restore it", stored.Serial)
	}
	return Revocation{At: stored.RevokedAt, Reason: stored.ReasonCode, expires: stored.ExpiresAt}, nil
}
