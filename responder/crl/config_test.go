// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
)

func TestConfig(t *testing.T) {
	ca := testca.New()
	file := func(c *Config) { c.URL, c.File = "", "ca.crl" }
	for _, row := range []struct {
		name string
		edit func(*Config)
		says string
	}{
		{"URL", func(*Config) {}, ""},
		{"file", file, ""},
		{"no key usage", func(c *Config) { c.Issuer = testca.New(func(t *testca.Template) { t.KeyUsage = 0 }).Cert }, ""},
		{"no issuer", func(c *Config) { c.Issuer = nil }, "no issuer"},
		{"no CA", func(c *Config) { c.Issuer = ca.Leaf().Cert }, "not a CA"},
		{"no cRLSign", func(c *Config) {
			c.Issuer = testca.New(func(t *testca.Template) { t.KeyUsage = x509.KeyUsageCertSign }).Cert
		}, "lacks cRLSign"},
		{"weak key", func(c *Config) { c.Issuer = testca.New(testca.Keyed(testca.RSA1024)).Cert }, "weak key"},
		{"neither URL nor file", func(c *Config) { c.URL = "" }, "either a URL or a file"},
		{"URL and file", func(c *Config) { c.File = "ca.crl" }, "either a URL or a file"},
		{"malformed URL", func(c *Config) { c.URL = "http://ca.example:x" }, "malformed URL"},
		{"LDAP", func(c *Config) { c.URL = "ldap://ca.example/cn=ca" }, "must begin with http"},
		{"no host", func(c *Config) { c.URL = "http:///ca.crl" }, "names no host"},
		{"roots for a file", func(c *Config) { file(c); c.Roots = x509.NewCertPool() }, "roots, but no URL"},
		{"poll in nanoseconds", func(c *Config) { c.Poll = 60 }, "polls every 60ns, which must be at least 1s"},
		{"negative time-out", func(c *Config) { c.Timeout = -time.Second }, "negative time-out"},
		{"negative size", func(c *Config) { c.MaxSize = -1 }, "negative size"},
		{"unlisted", func(c *Config) { c.Unlisted = 2 }, "Unlisted"},
		{"no directory for the state", func(c *Config) { c.StateFile = t.TempDir() + "/none/crl.json" }, "directory that does not exist"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := Config{Issuer: ca.Cert, URL: "https://ca.example/ca.crl"}
			row.edit(&cfg)
			s, err := New(cfg)
			wantError(t, err, row.says)
			if (s == nil) != (err != nil) {
				t.Error("a source beside an error")
			}
		})
	}
}
