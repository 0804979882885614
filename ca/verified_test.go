// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"context"
	"math/big"
	"testing"

	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/stepca"
)

// TestVerifiedOnce: the signature on a certificate is verified once, and what was
// verified is the record, whole.
func TestVerifiedOnce(t *testing.T) {
	t.Parallel()
	c, _ := run(t, newCA(t), Config{})
	client := clientOf(t, c.Dir())
	var serials []*big.Int
	var records [][]byte
	for _, name := range []string{"a.internal", "b.internal"} {
		identity, err := client.Enroll(t.Context(), stepca.EnrollRequest{Name: name})
		must(t, err)
		serials, records = append(serials, identity.Leaf().SerialNumber), append(records, identity.Leaf().Raw)
	}
	source := newLeaves(c.database, c.intermediate)
	ctx := context.Background()
	for range 2 {
		if st, err := source.Status(ctx, serials[0]); err != nil || st.Code != responder.Good {
			t.Fatalf("got %v, %v; want good", st, err)
		}
	}
	if n := source.verified.Len(); n != 1 || !source.verified.Has(source.verified.Digest(serials[0], records[0])) {
		t.Fatalf("%d certificates are remembered, want the one", n)
	}
	// Good only because it is remembered: under this issuer nothing verifies.
	broken := source
	stranger := *c.intermediate
	stranger.PublicKey = c.root.PublicKey
	broken.issuer = &stranger
	if st, err := broken.Status(ctx, serials[0]); err != nil || st.Code != responder.Good {
		t.Errorf("remembered: got %v, %v; want good", st, err)
	}
	if st, err := broken.Status(ctx, serials[1]); err != nil || st.Code != responder.Unknown || source.verified.Len() != 1 {
		t.Errorf("not remembered: got %v, %v with %d remembered; want unknown", st, err, source.verified.Len())
	}

	must(t, c.database.tables.Set(certsTable, []byte(serials[1].String()), records[0]))
	if st, err := source.Status(ctx, serials[1]); err == nil {
		t.Errorf("a verified certificate under another serial: got %v, want an error", st)
	}
	changed := append([]byte(nil), records[0]...)
	changed[len(changed)-1] ^= 1
	must(t, c.database.tables.Set(certsTable, []byte(serials[0].String()), changed))
	if st, err := source.Status(ctx, serials[0]); err == nil && st.Code == responder.Good {
		t.Error("good for a record that is not what was verified")
	}
}
