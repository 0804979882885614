// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/smallstep/certificates/authority/config"
	"github.com/smallstep/certificates/authority/provisioner"
	"github.com/smallstep/certificates/cas/apiv1"
	"github.com/smallstep/certificates/db"
	"github.com/smallstep/certificates/pki"
	"github.com/smallstep/nosql"
	"github.com/stapledjwt/stapled"
)

// InitConfig configures Init. The zero value is a CA on loopback.
type InitConfig struct {
	// Name begins the names of the CA certificates; default "Stapled".
	Name string
	// CAAddress is where the step-ca API listens; default 127.0.0.1:0. Port 0
	// picks a free port once and keeps it.
	CAAddress string
	// OCSPAddress is where the responder listens; default 127.0.0.1:0, as above.
	OCSPAddress string
	// OCSPURL is the responder's URL in the certificates, for a responder behind a
	// proxy; default http:// followed by OCSPAddress.
	OCSPURL string
	// DNSNames are additional names of the step-ca API; default none. 127.0.0.1,
	// localhost and the host of CAAddress are always included. A list that is
	// empty is an error.
	DNSNames []string
	// Provisioner names the JWK provisioner; default "stapled".
	Provisioner string
}

// minLeafDuration lets tests and demonstrations use certificates that live for
// seconds; step-ca's own minimum is five minutes.
const minLeafDuration = time.Second

// Init makes dir a step-ca directory with a new root, intermediate, JWK
// provisioner, empty database and random password, everything in smallstep's
// own formats. It builds a sibling directory and renames it, so it leaves
// either the whole CA or nothing.
//
// Init leaves a directory that it made before as it is, and replaces an empty
// one. It refuses any other directory.
func Init(dir string, cfg InitConfig) error {
	if cfg.DNSNames != nil && len(cfg.DNSNames) == 0 {
		return stapled.Errorf(stapled.ConfigInvalid, "InitConfig.DNSNames is empty: leave it nil, or list names")
	}
	l, err := newLayout(dir)
	if err != nil {
		return err
	}
	done, err := l.initialized(cfg)
	if err != nil || done {
		return err
	}
	// Replace the target of a symbolic link, not the link.
	place := string(l)
	if target, err := filepath.EvalSymlinks(place); err == nil {
		place = target
	}
	// The random name keeps two processes apart; the rename decides between them.
	if err := os.MkdirAll(filepath.Dir(place), 0o700); err != nil {
		return stapled.Errorf(stapled.Failed, "create the parent of %s: %w", l, err)
	}
	tmp, err := os.MkdirTemp(filepath.Dir(place), "."+filepath.Base(place)+".init-") // mode 0700
	if err != nil {
		return stapled.Errorf(stapled.Failed, "create a directory beside %s: %w", l, err)
	}
	if err := l.build(layout(tmp), cfg); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	// A power cut leaves the whole CA or none: everything is on disk before it gets
	// its name, and the name is on disk when Init returns.
	if err := syncDirectories(tmp); err != nil {
		return errors.Join(stapled.Errorf(stapled.Failed, "force the new CA to disk: %w", err), os.RemoveAll(tmp))
	}
	// os.Rename does not replace a directory, not even an empty one. Remove removes
	// only an empty one; whatever stops Remove also makes the rename fail.
	_ = os.Remove(place)
	if err := os.Rename(tmp, place); err != nil {
		// Another Init may have been faster; then its CA stands.
		if done, doneErr := l.initialized(cfg); done && doneErr == nil {
			return os.RemoveAll(tmp)
		}
		return errors.Join(stapled.Errorf(stapled.Failed, "move the new CA to %s (if that is a mount point, use a directory below it): %w", l, err), os.RemoveAll(tmp))
	}
	if err := syncDirectory(filepath.Dir(place)); err != nil {
		return stapled.Errorf(stapled.Failed, "force the new CA to disk: %w", err)
	}
	return nil
}

// syncDirectories syncs the names of all files below a directory to disk.
func syncDirectories(dir string) error {
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return syncDirectory(name)
	})
}

// build writes the CA into tmp, with paths as they will be in l.
func (l layout) build(tmp layout, cfg InitConfig) error {
	name, provisionerName := cfg.Name, cfg.Provisioner
	if name == "" {
		name = "Stapled"
	}
	if provisionerName == "" {
		provisionerName = "stapled"
	}
	caAddress, held, err := pickAddress(cfg.CAAddress, APIServer)
	if err != nil {
		return err
	}
	defer held.Close()
	ocspAddress, heldToo, err := pickAddress(cfg.OCSPAddress, OCSPServer)
	if err != nil {
		return err
	}
	defer heldToo.Close()

	caHost, caHostPort, err := reachable(caAddress)
	if err != nil {
		return err
	}
	s := settings{OCSPAddress: ocspAddress, OCSPURL: cfg.OCSPURL, CAURL: "https://" + caHostPort, Provisioner: provisionerName}
	if s.OCSPURL == "" {
		_, hostPort, err := reachable(ocspAddress)
		if err != nil {
			return err
		}
		s.OCSPURL = "http://" + hostPort
	}
	// Braces would become part of the template's program.
	if u, err := url.Parse(s.OCSPURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Contains(s.OCSPURL, "{{") {
		return stapled.Errorf(stapled.ConfigInvalid, "OCSP URL %q is not an http URL", s.OCSPURL)
	}
	dnsNames := slices.Concat([]string{loopback, "localhost", caHost}, cfg.DNSNames)
	slices.Sort(dnsNames[2:])
	dnsNames = unique(dnsNames)

	password := []byte(rand.Text() + rand.Text()) // 260 bits
	files, stepCfg, fingerprint, err := generate(name, provisionerName, caAddress, s.CAURL, dnsNames, password)
	if err != nil {
		return stapled.Errorf(stapled.Failed, "create the keys and certificates: %w", err)
	}
	stepCfg.Root = []string{l.root()}
	stepCfg.IntermediateCert = l.file("certs", "intermediate_ca.crt")
	stepCfg.IntermediateKey = l.file("secrets", "intermediate_ca_key")
	stepCfg.DB = &db.Config{Type: nosql.BBoltDriver, DataSource: l.database()}
	if err := configureProvisioner(stepCfg, s.OCSPURL); err != nil {
		return err
	}

	for file, content := range files {
		mode := fs.FileMode(0o600)
		if filepath.Ext(file) == ".crt" {
			mode = 0o644
		}
		err = errors.Join(err, writeFile(tmp.file(file), content, mode))
	}
	err = errors.Join(err,
		writeFile(tmp.password(), password, 0o600),
		writeJSON(tmp.config(), stepCfg),
		writeJSON(tmp.defaults(), map[string]string{
			"ca-url": s.CAURL, "ca-config": l.config(), "fingerprint": fingerprint, "root": l.root(),
		}),
		writeJSON(tmp.settings(), s),
		os.MkdirAll(tmp.file("templates"), 0o700),
		createDatabase(tmp.database()),
	)
	if err != nil {
		return stapled.Errorf(stapled.Failed, "write the new CA: %w", err)
	}
	return nil
}

// generate has smallstep's pki package make keys, certificates and ca.json. It
// returns the files relative to the step-ca directory.
//
// It does not use pki.Save, which writes below a process-wide STEPPATH, can
// leave half-written files, and prints to the terminal. The Helm option makes
// the package use fixed paths and leave the disk alone.
func generate(name, provisionerName, address, caURL string, dnsNames []string, password []byte) (map[string][]byte, *config.Config, string, error) {
	p, err := pki.New(apiv1.Options{Type: apiv1.SoftCAS, IsCreator: true},
		pki.WithHelm(),
		pki.WithAddress(address),
		pki.WithCaURL(caURL),
		pki.WithDNSNames(dnsNames),
		pki.WithProvisioner(provisionerName))
	if err != nil {
		return nil, nil, "", err
	}
	if err := p.GenerateKeyPairs(password); err != nil {
		return nil, nil, "", err
	}
	root, err := p.GenerateRootCertificate(name, name, name, password)
	if err != nil {
		return nil, nil, "", err
	}
	if err := p.GenerateIntermediateCertificate(name, name, name, root, password); err != nil {
		return nil, nil, "", err
	}
	stepCfg, err := p.GenerateConfig()
	if err != nil {
		return nil, nil, "", err
	}
	base := filepath.Dir(filepath.Dir(p.GetCAConfigPath()))
	files := make(map[string][]byte)
	for file, content := range p.Files {
		rel, err := filepath.Rel(base, file)
		if err != nil || !filepath.IsLocal(rel) {
			return nil, nil, "", fmt.Errorf("unexpected file %s in the new PKI", file)
		}
		files[rel] = content
	}
	return files, stepCfg, p.GetRootFingerprint(), nil
}

// leafTemplate makes signing certificates: the requested names, one key usage,
// one extended key usage, and the OCSP URL. toJson quotes, so a name cannot
// break out of its place.
const leafTemplate = `{
	"subject": {{ toJson .Subject }},
	"sans": {{ toJson .SANs }},
	"keyUsage": ["digitalSignature"],
	"extKeyUsage": ["clientAuth"],
	"ocspServer": [%s]
}`

func configureProvisioner(cfg *config.Config, ocspURL string) error {
	if len(cfg.AuthorityConfig.Provisioners) != 1 {
		return stapled.Errorf(stapled.Failed, "the new PKI has %d provisioners instead of 1", len(cfg.AuthorityConfig.Provisioners))
	}
	quoted, err := json.Marshal(ocspURL)
	if err != nil {
		return stapled.Errorf(stapled.ConfigInvalid, "encode the OCSP URL %q: %w", ocspURL, err)
	}
	p, ok := cfg.AuthorityConfig.Provisioners[0].(*provisioner.JWK)
	if !ok {
		return stapled.Errorf(stapled.Failed, "the new PKI has a provisioner of type %T instead of JWK", cfg.AuthorityConfig.Provisioners[0])
	}
	// smallstep's own extension names the provisioner. Every token would carry it,
	// and nobody there needs it; the database has that name anyway.
	withoutExtension := true
	p.Claims = &provisioner.Claims{
		MinTLSDur:                  &provisioner.Duration{Duration: minLeafDuration},
		DisableSmallstepExtensions: &withoutExtension,
	}
	p.Options = &provisioner.Options{X509: &provisioner.X509Options{Template: fmt.Sprintf(leafTemplate, quoted)}}
	return nil
}

// unique drops repeated names and IPv6 brackets, and keeps the order.
func unique(names []string) []string {
	var out []string
	for _, name := range names {
		if ip := net.ParseIP(strings.Trim(name, "[]")); ip != nil {
			name = ip.String()
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
