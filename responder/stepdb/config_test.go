// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
)

func TestConfig(t *testing.T) {
	ca := testca.New().Intermediate()
	for _, row := range []struct {
		name string
		cfg  Config
		err  string // "" accepts it
	}{
		{"a URL of PostgreSQL", Config{DSN: "postgresql://user:pw@127.0.0.1:1/stepca", Issuer: ca.Cert}, ""},
		{"its short form", Config{DSN: "postgres://user:pw@127.0.0.1:1/", Database: "stepca", Issuer: ca.Cert}, ""},
		{"PostgreSQL by name", Config{DSN: "host=127.0.0.1 dbname=stepca", Driver: PostgreSQL, Issuer: ca.Cert}, ""},
		{"MySQL", Config{DSN: "user:pw@tcp(127.0.0.1:1)/stepca", Issuer: ca.Cert}, ""},
		{"MySQL, its database by name", Config{DSN: "user:pw@tcp(127.0.0.1:1)/", Database: "stepca", Driver: MySQL, Issuer: ca.Cert}, ""},
		{"a standby of PostgreSQL", Config{DSN: "postgresql://127.0.0.1/stepca", MaxReplicationLag: time.Second, Issuer: ca.Cert}, ""},

		{"no DSN", Config{Issuer: ca.Cert}, "has no DSN"},
		{"no issuer", Config{DSN: "postgresql://127.0.0.1/stepca"}, "has no issuer"},
		{"a leaf for an issuer", Config{DSN: "postgresql://127.0.0.1/stepca", Issuer: ca.Leaf().Cert}, "not a CA"},
		{"an empty issuer", Config{DSN: "postgresql://127.0.0.1/stepca", Issuer: new(x509.Certificate)}, "not a CA"},
		{"an unknown driver", Config{DSN: "x", Driver: "badger", Issuer: ca.Cert}, `has the driver "badger", which must be "postgresql" or "mysql"`},
		{"MySQL without a database", Config{DSN: "user:hunter2@tcp(127.0.0.1:1)/", Issuer: ca.Cert}, "names no database"},
		{"a URL of MySQL", Config{DSN: "mysql://user:hunter2@127.0.0.1:1/stepca", Issuer: ca.Cert}, "user:password@tcp(host:port)"},
		{"a URL with a % that escapes nothing", Config{DSN: "postgresql://user:hunter2%zz@127.0.0.1:1/stepca", Issuer: ca.Cert}, "% escapes"},
		{"a URL without a port", Config{DSN: "postgresql://user:hunter2@127.0.0.1:x/stepca", Issuer: ca.Cert}, "PostgreSQL cannot read"},
		{"a URL with a control character", Config{DSN: "postgresql://user:hunter2\n@127.0.0.1/stepca", Issuer: ca.Cert}, "PostgreSQL cannot read"},
		{"settings without their driver", Config{DSN: "host=127.0.0.1 password=hunter2", Issuer: ca.Cert}, "MySQL cannot read"},
		{"MySQL with a parameter that nobody knows", Config{DSN: "user:hunter2@tcp(127.0.0.1:1)/stepca?timeout=hunter2", Issuer: ca.Cert}, "MySQL cannot read"},
		{"MySQL with TLS that nobody knows", Config{DSN: "user:hunter2@tcp(127.0.0.1:1)/stepca?tls=hunter2", Issuer: ca.Cert}, "MySQL cannot read"},
		{"a standby of MySQL", Config{DSN: "user@tcp(127.0.0.1:1)/stepca", MaxReplicationLag: time.Second, Issuer: ca.Cert}, "not tell reliably"},
		{"a negative lag", Config{DSN: "postgresql://127.0.0.1/stepca", MaxReplicationLag: -time.Second, Issuer: ca.Cert}, "negative replication lag -1s"},
		{"a negative time-out", Config{DSN: "postgresql://127.0.0.1/stepca", Timeout: -time.Second, Issuer: ca.Cert}, "negative time-out -1s"},
	} {
		t.Run(row.name, func(t *testing.T) {
			source, err := New(row.cfg)
			if row.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				if err := source.Close(); err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || source != nil || !strings.Contains(err.Error(), row.err) {
				t.Fatalf("got %v, %v; want an error with %q", source, err, row.err)
			}
			for cause := err; cause != nil; cause = errors.Unwrap(cause) {
				if strings.Contains(cause.Error(), "hunter2") {
					t.Errorf("the error repeats the password: %v", cause)
				}
			}
		})
	}
}

// TestNobodyListens: the database is away, and what the error says is not the
// password.
func TestNobodyListens(t *testing.T) {
	ca := testca.New().Intermediate()
	for _, dsn := range []string{"postgresql://user:hunter2@127.0.0.1:1/stepca", "user:hunter2@tcp(127.0.0.1:1)/stepca"} {
		source, err := New(Config{DSN: dsn, Issuer: ca.Cert})
		if err != nil {
			t.Fatal(err)
		}
		_, err = source.Status(t.Context(), ca.Leaf().Cert.SerialNumber)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v", err)
		}
		if err := source.Refresh(t.Context()); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v", err)
		}
		for _, err := range Certificates(t.Context(), Config{DSN: dsn}) {
			if err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v", err)
			}
		}
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	}
}
