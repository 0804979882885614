// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/stapledjwt/stapled/internal/delegation"
	"github.com/stapledjwt/stapled/internal/kmskey"
	"github.com/stapledjwt/stapled/internal/listenaddr"
	"github.com/stapledjwt/stapled/internal/strictyaml"
)

// The keys of each mapping.
var (
	topKeys       = []string{"address", "metrics_address", "state_dir", "validity", "access_log", "authorities"}
	authorityKeys = []string{"certificate", "sources", "signer"}
	crlKeys       = []string{"url", "file", "root", "poll", "unlisted"}
	indexKeys     = []string{"file"}
	stepdbKeys    = []string{"dsn_file", "database", "max_replication_lag"}
	signerKeys    = []string{"certificate", "key", "password_file", "renew"}
	renewKeys     = []string{"ca_url", "root", "provisioner", "password_file", "x5c_certificate", "x5c_key"}
	// sourceKeys has stack, which is refused with what to do instead.
	sourceKeys = []string{"crl", "index", "stepdb", "stack"}
)

// file is a configuration file that is being read.
type file struct{ dir string }

// ReadFile reads a configuration from a YAML file. Errors have the file, the
// line and what to write instead. Relative paths in the file are relative to its
// directory.
func ReadFile(name string) (Config, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return Config{}, err
	}
	return parse(name, data)
}

func parse(name string, data []byte) (Config, error) {
	doc, m := strictyaml.Read(name, data, topKeys...)
	f := file{filepath.Dir(name)}
	cfg := Config{
		Address:        address(m, "address", true),
		MetricsAddress: address(m, "metrics_address", false),
		StateDir:       f.required(m, "state_dir", "/var/lib/stapled-ocsp"),
		Validity:       m.Duration("validity", time.Second),
		AccessLog:      m.Bool("access_log", false),
	}
	if cfg.Validity%time.Second != 0 {
		m.Fail("validity", "must be a whole number of seconds: OCSP counts in seconds")
	}
	if cfg.MetricsAddress == cfg.Address && cfg.Address != "" && listenaddr.CheckFixed(cfg.Address) == nil {
		m.Fail("metrics_address", "is the address of the responder: choose another port")
	}
	if !m.Has("authorities") {
		m.Fail("authorities", "is missing: list at least one CA with its certificate, sources and signer")
	}
	for _, a := range m.List("authorities", authorityKeys...) {
		cfg.Authorities = append(cfg.Authorities, f.authority(a))
	}
	if err := doc.Err(); err != nil {
		return Config{}, err
	}
	return cfg, nil
}

func address(m *strictyaml.Mapping, key string, required bool) string {
	value := m.Text(key)
	if required {
		value = m.Required(key, "127.0.0.1:8889")
	}
	if value == "" {
		return ""
	}
	if err := listenaddr.Check(value); err != nil {
		m.Fail(key, "%w", err)
	}
	return value
}

func (f file) authority(m *strictyaml.Mapping) Authority {
	a := Authority{Certificate: f.required(m, "certificate", "ca.pem"), at: m.At("certificate")}
	if !m.Has("sources") {
		m.Fail("sources", "is missing: list what knows the certificates of this CA, such as - crl: {url: https://ca.example/1.0/crl, root: root.pem}")
	}
	for i, element := range m.List("sources", sourceKeys...) {
		a.Sources = append(a.Sources, f.source(element))
		// What a list does not have is left to the first source, which must then
		// know what was issued.
		if a.Sources[i].CRL.UnlistedUnknown && (i == 0 || !a.Sources[0].knowsIssued()) {
			element.Fail("crl", "unlisted: unknown needs a source that knows what was issued: list that one first, such as an index, or write unlisted: good")
		}
	}
	if !m.Has("signer") {
		m.Fail("signer", "is missing: name the files of the key that signs, such as signer: {certificate: delegate.pem, key: delegate-key.pem}")
	}
	s := m.Mapping("signer", signerKeys...)
	a.Signer = Signer{
		Certificate: f.path(s, "certificate"), PasswordFile: f.path(s, "password_file"), at: m.At("signer"),
	}
	if m.Has("signer") {
		a.Signer.Key, a.Signer.at = s.Required("key", "delegate-key.pem"), s.At("key")
		if !kmskey.IsURI(a.Signer.Key) {
			a.Signer.Key = f.absolute(a.Signer.Key)
		}
	}
	if s.Has("renew") {
		a.Signer.Renew = f.renewal(s.Mapping("renew", renewKeys...))
		switch {
		case a.Signer.Certificate == "":
			s.Fail("renew", "is for a delegate: write certificate, too, with the file in which to keep it")
		case a.Signer.PasswordFile != "" && !kmskey.IsURI(a.Signer.Key):
			s.Fail("password_file", "a key that is renewed is written without encryption: remove it, or remove renew")
		}
	}
	return a
}

func (f file) renewal(m *strictyaml.Mapping) delegation.CA {
	r := delegation.CA{
		URL:          m.Required("ca_url", "https://ca.internal:9000"),
		Root:         f.required(m, "root", "root_ca.crt"),
		Provisioner:  m.Required("provisioner", "ocsp"),
		PasswordFile: f.path(m, "password_file"),
		X5CCert:      f.path(m, "x5c_certificate"),
		X5CKey:       f.path(m, "x5c_key"),
	}
	if u, err := url.Parse(r.URL); r.URL != "" && (err != nil || u.Host == "" || u.Scheme != "https") {
		m.Fail("ca_url", "%q must be the https URL of step-ca's API, such as https://ca.internal:9000", r.URL)
	}
	switch {
	case r.X5CCert == "" && r.X5CKey != "":
		m.Fail("x5c_key", "has no certificate: write x5c_certificate, too")
	case r.X5CCert == "" && r.PasswordFile == "":
		m.Fail("password_file", "is missing: write it for a JWK provisioner, or x5c_certificate and x5c_key for an X5C provisioner")
	}
	return r
}

// source reads one element of sources. A further kind of source is a case here,
// a member of Source, and a case in feedOf.
func (f file) source(m *strictyaml.Mapping) Source {
	var s Source
	switch kinds := m.Keys(); {
	case len(kinds) > 1:
		m.Fail(kinds[1], "belongs to an element of its own: begin its line with \"- \"")
	case m.Has("crl"):
		s.CRL = f.crl(m.Mapping("crl", crlKeys...))
	case m.Has("index"):
		s.Index.File = f.required(m.Mapping("index", indexKeys...), "file", "/srv/ca/index.txt")
	case m.Has("stepdb"):
		db := m.Mapping("stepdb", stepdbKeys...)
		s.StepDB = StepDB{
			DSNFile:           f.required(db, "dsn_file", "/etc/stapled/dsn"),
			Database:          db.Text("database"),
			MaxReplicationLag: db.Duration("max_replication_lag", time.Second),
		}
	case m.Has("stack"):
		m.Fail("stack", "the database of a stack is locked while it runs, and `stapled up` answers OCSP itself: "+
			"enable the CRL in its ca.json and write crl: {url: …} here")
	}
	return s
}

func (f file) crl(m *strictyaml.Mapping) CRL {
	c := CRL{URL: m.Text("url"), File: f.path(m, "file"), Root: f.path(m, "root"), Poll: m.Duration("poll", time.Second)}
	switch unlisted := m.Text("unlisted"); unlisted {
	case "", "good":
	case "unknown":
		c.UnlistedUnknown = true
	default:
		m.Fail("unlisted", "%q must be good or unknown", unlisted)
	}
	switch {
	case c.URL != "" && c.File != "":
		m.Fail("file", "there is a url, too: remove one of them")
	case c.URL == "" && c.File == "":
		m.Fail("url", "is missing: write url: https://ca.example/1.0/crl, or file: /srv/ca/ca.crl")
	case c.File != "" && c.Root != "":
		m.Fail("root", "is for an https url, not for a file: remove it")
	}
	if c.URL == "" {
		return c
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		m.Fail("url", "%q must be an http or https URL, such as https://ca.example/1.0/crl", c.URL)
	case c.Root != "" && u.Scheme != "https":
		m.Fail("root", "is for an https url: the list is signed, so plain http needs none; remove it")
	}
	return c
}

// path returns a path, relative to the file.
func (f file) path(m *strictyaml.Mapping, key string) string { return f.absolute(m.Text(key)) }

func (f file) required(m *strictyaml.Mapping, key, example string) string {
	return f.absolute(m.Required(key, example))
}

func (f file) absolute(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(f.dir, path)
}

// ForFlags gives errors about an authority the names of the flags that it came
// from.
func ForFlags(a Authority) Authority {
	a.at, a.Signer.at = "--ca", "--key"
	return a
}
