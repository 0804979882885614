// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/testca"
)

func TestCertificates(t *testing.T) {
	ca := testca.New().Intermediate()
	first, second := ca.Leaf(), ca.Leaf()
	key := func(p *testca.Party) string { return p.Cert.SerialNumber.String() }
	filled := func() *server {
		db := newServer()
		db.issue(first)
		db.issue(second)
		db.data[key(first)] = []byte(`{"provisioner":{"id":"x","name":"acme","type":"ACME"}}`)
		db.revoke(key(second), 4)
		return db
	}
	list := func(db *server) (found map[string]Certificate, err error) {
		found = make(map[string]Certificate)
		pool := sql.OpenDB(db)
		defer pool.Close()
		err = listRows(t.Context(), pool, postgres.list, func(c Certificate) bool {
			found[c.SerialNumber.String()] = c
			return true
		})
		return found, err
	}
	found, err := list(filled())
	if err != nil || len(found) != 2 {
		t.Fatalf("got %v, %v", found, err)
	}
	if c := found[key(first)]; c.Provisioner != "acme" || c.Revocation != nil || !c.Equal(first.Cert) {
		t.Errorf("the first: %+v", c)
	}
	if c := found[key(second)]; c.Provisioner != "" || c.Revocation == nil || c.Revocation.Reason != 4 || !c.Revocation.At.Equal(testca.Now) {
		t.Errorf("the second: %+v", c)
	}
	if found, err := list(newServer()); err != nil || len(found) != 0 {
		t.Errorf("an empty database: %v, %v", found, err)
	}
	for _, row := range []struct {
		name string
		edit func(*server)
		err  string
	}{
		{"a standby", func(s *server) { s.kind = kindStandby }, "in recovery"},
		{"an empty standby", func(s *server) { s.kind = kindStandby; clear(s.certs) }, "in recovery"},
		{"a damaged certificate", func(s *server) { s.certs[key(first)] = []byte("x") }, "is unreadable"},
		{"another certificate in its place", func(s *server) { s.certs[key(first)] = second.Cert.Raw }, "in the place of"},
		{"a damaged provisioner", func(s *server) { s.data[key(first)] = []byte("{") }, "the provisioner of"},
		{"a damaged revocation", func(s *server) { s.revoked[key(first)] = []byte("{") }, "read the revocation"},
		{"a revocation that is NULL", func(s *server) { s.revoked[key(first)] = nil }, "read the revocation"},
	} {
		t.Run(row.name, func(t *testing.T) {
			db := filled()
			db.set(row.edit)
			if _, err := list(db); err == nil || !strings.Contains(err.Error(), row.err) {
				t.Errorf("got %v, want an error with %q", err, row.err)
			}
		})
	}
}
