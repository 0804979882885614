// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"crypto/x509"
	"iter"
	"math/big"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
)

// recorder notes what it is given.
type recorder struct {
	given  []string
	during func()
}

func (r *recorder) Has(*big.Int) bool { return false }

func (r *recorder) Record(revocations iter.Seq2[*big.Int, responder.Status]) error {
	r.during()
	for serial, st := range revocations {
		if st.Code == responder.Revoked && !st.RevokedAt.IsZero() && st.NotAfter.IsZero() {
			r.given = append(r.given, serial.String())
		}
	}
	return nil
}

// TestRecordsBeforeEffect: each list gives the recorder its new final revocations,
// before anybody can ask the list.
func TestRecordsBeforeEffect(t *testing.T) {
	ca := testca.New()
	now := time.Now().Truncate(time.Second)
	r := &recorder{}
	name := filepath.Join(t.TempDir(), "ca.crl")
	source, err := New(Config{Issuer: ca.Cert, File: name, Unlisted: UnlistedGood, Recorder: r, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	held := func(serial int64) x509.RevocationListEntry {
		return x509.RevocationListEntry{SerialNumber: big.NewInt(serial), RevocationTime: now, ReasonCode: 6}
	}
	for i, row := range []struct {
		name    string
		serials []int64
		held    []int64
		want    []string
	}{
		{"first", []int64{3, 9, 1}, []int64{7}, []string{"1", "3", "9"}},
		{"the same entries", []int64{3, 9, 1}, []int64{7}, nil},
		{"one left, two came, one of them was on hold", []int64{2, 3, 7, 9}, nil, []string{"2", "7"}},
		{"it comes back", []int64{1, 2, 3, 7, 9}, []int64{10}, []string{"1"}},
		{"none", nil, nil, nil},
	} {
		l := listOf(int64(i+1), row.serials...)
		for _, serial := range row.held {
			l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, held(serial))
		}
		l.ThisUpdate, l.NextUpdate = now.Add(time.Duration(i-10)*time.Second), now.Add(time.Hour)
		writeFile(t, name, sign(t, ca, l))
		before, _ := source.Version(big.NewInt(1))
		r.given, r.during = nil, func() {
			if v, _ := source.Version(big.NewInt(1)); v != before {
				t.Errorf("%s: the list takes effect before it is recorded", row.name)
			}
		}
		if err := source.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.given, row.want) {
			t.Errorf("%s: recorded %v, want %v", row.name, r.given, row.want)
		}
	}
}
