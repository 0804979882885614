// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"context"
	"crypto"
	"math/big"
	"testing"
)

// TestEvents: what a request was about and whether its answer was reused. A
// context's observer and the responder's see the same.
func TestEvents(t *testing.T) {
	t.Parallel()
	ca, other := newTestCA(t, "CA", newP256(t)), newTestCA(t, "Other", newP256(t))
	var all []Event
	r, err := New(Config{
		Authorities: []Authority{{Certificate: ca.cert, Signer: ca.key, Source: unchanging{Code: Good}}},
		Now:         at(epoch), Observer: observer(func(e Event) { all = append(all, e) }),
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range []struct {
		name    string
		request []byte
		outcome Outcome
		serial  *big.Int
		reused  bool
	}{
		{"the first", ask(t, ca.cert, goodSerial, crypto.SHA256), OutcomeGood, goodSerial, false},
		{"the second", ask(t, ca.cert, goodSerial, crypto.SHA256), OutcomeGood, goodSerial, true},
		{"another hash", ask(t, ca.cert, goodSerial, crypto.SHA1), OutcomeGood, goodSerial, false},
		{"another CA", ask(t, other.cert, goodSerial, crypto.SHA256), OutcomeUnauthorized, nil, false},
		{"not OCSP", []byte{0x30}, OutcomeMalformed, nil, false},
	} {
		var own []Event
		r.Respond(WithObserver(t.Context(), observer(func(e Event) { own = append(own, e) })), row.request)
		if len(all) != i+1 || len(own) != 1 || own[0] != all[i] {
			t.Fatalf("%s: %d events, and %d in the context", row.name, len(all), len(own))
		}
		e := own[0]
		if e.Outcome != row.outcome || e.Reused != row.reused || (e.CA == nil) != (row.serial == nil) ||
			(e.Serial == nil) != (row.serial == nil) || row.serial != nil && (e.CA != ca.cert || e.Serial.Cmp(row.serial) != 0) {
			t.Errorf("%s: %+v", row.name, e)
		}
	}
	// Without one, nothing happens, and a nil one is none.
	r.Respond(WithObserver(context.Background(), nil), ask(t, ca.cert, goodSerial, crypto.SHA256))
}
