// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder/stepdb"
)

// TestIssuedBy: only what the CA itself has issued is revoked there, though
// another CA has the same database.
func TestIssuedBy(t *testing.T) {
	ours, others := testca.New(), testca.New(testca.Named("Other"))
	mine, foreign := stepdb.Certificate{Certificate: ours.Leaf().Cert}, stepdb.Certificate{Certificate: others.Leaf().Cert}
	revoked := foreign
	revoked.Revocation = new(stepdb.Revocation)
	for _, row := range []struct {
		name string
		list []stepdb.Certificate
		now  time.Time
		want int
		err  string
	}{
		{"ours", []stepdb.Certificate{mine, mine}, testca.Now, 2, ""},
		{"ours and another's", []stepdb.Certificate{foreign, mine, foreign}, testca.Now, 1, ""},
		{"only another's", []stepdb.Certificate{foreign}, testca.Now, 0, "do --db and --ca-url name the same CA?"},
		{"another's, which has expired", []stepdb.Certificate{foreign}, foreign.NotAfter.Add(time.Second), 1, ""},
		{"another's, which is revoked", []stepdb.Certificate{revoked}, testca.Now, 1, ""},
		{"none", nil, testca.Now, 0, ""},
	} {
		all := iter.Seq2[stepdb.Certificate, error](func(yield func(stepdb.Certificate, error) bool) {
			for _, c := range row.list {
				if !yield(c, nil) {
					return
				}
			}
		})
		got, message := 0, ""
		for _, err := range issuedBy(all, []*x509.Certificate{ours.Cert}, row.now) {
			if err != nil {
				message = err.Error()
				continue
			}
			got++
		}
		if got != row.want || (row.err == "") != (message == "") || !strings.Contains(message, row.err) {
			t.Errorf("%s: %d certificates, %q; want %d, %q", row.name, got, message, row.want, row.err)
		}
	}
}
