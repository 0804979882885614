// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/strictfile"
	"github.com/stapledjwt/stapled/stepca"
)

// directory is what the directory of a step-ca says.
type directory struct {
	dir    string
	config caConfig
	// ownAddress is where the responder of `stapled up` listens, according to
	// config/stapled.json; "" without that file. The file proves nothing: it may be a
	// leftover.
	ownAddress string
}

// caConfig holds the keys of ca.json that matter here, which it reads as
// leniently as step-ca itself.
type caConfig struct {
	Root list   `json:"root"`
	Crt  string `json:"crt"`
	// Address is where the CA listens, and DNSNames are its names.
	Address  string   `json:"address"`
	DNSNames []string `json:"dnsNames"`
	DB       *struct {
		Type string `json:"type"`
	} `json:"db"`
	CRL       crlConfig `json:"crl"`
	Authority struct {
		Provisioners []stepca.Provisioner     `json:"provisioners"`
		Claims       stepca.ProvisionerClaims `json:"claims"`
		EnableAdmin  bool                     `json:"enableAdmin"`
	} `json:"authority"`
}

type crlConfig struct {
	Enabled          bool      `json:"enabled"`
	GenerateOnRevoke bool      `json:"generateOnRevoke"`
	CacheDuration    *duration `json:"cacheDuration"`
	RenewPeriod      *duration `json:"renewPeriod"`
	IDPURL           string    `json:"idpURL"`
}

// defaultCacheDuration is step-ca's.
const defaultCacheDuration = 24 * time.Hour

// cache returns the time from one list's thisUpdate to its nextUpdate.
func (c crlConfig) cache() time.Duration {
	if c.CacheDuration == nil {
		return defaultCacheDuration
	}
	return time.Duration(*c.CacheDuration)
}

// period returns how often step-ca makes a list if nothing is revoked.
func (c crlConfig) period() time.Duration {
	if c.RenewPeriod != nil && *c.RenewPeriod > 0 {
		return time.Duration(*c.RenewPeriod)
	}
	return c.cache() / 3 * 2
}

// list is one string, or several.
type list []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *list) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(l))
}

// duration is written as in 24h.
type duration time.Duration

// UnmarshalJSON implements json.Unmarshaler.
func (d *duration) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return err
	}
	parsed, err := time.ParseDuration(text)
	*d = duration(parsed)
	return err
}

// database returns the type of the database in lower case, or "".
func (c caConfig) database() string {
	if c.DB == nil {
		return ""
	}
	return strings.ToLower(c.DB.Type)
}

// readDirectory reads ca.json, and the roots that it names if no others are
// given.
func (e *examination) readDirectory() error {
	if e.cfg.Dir == "" {
		return nil
	}
	dir, err := filepath.Abs(e.cfg.Dir) // as ca.json should name it
	if err != nil {
		return stapled.Errorf(stapled.Failed, "find the absolute path of %s: %w", e.cfg.Dir, err)
	}
	d := &directory{dir: dir}
	name := filepath.Join(d.dir, "config", "ca.json")
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return stapled.Errorf(stapled.NotCADirectory, "%s is not the directory of a step-ca: %s is missing; `step path` prints the directory on the CA's machine", d.dir, name)
	}
	if err != nil {
		return stapled.Errorf(stapled.Failed, "read the configuration of the CA: %w", err)
	}
	e.examineDirectory(d, name, raw)
	return nil
}

// examineDirectory examines what ca.json says.
func (e *examination) examineDirectory(d *directory, name string, raw []byte) {
	if err := d.decode(raw); err != nil {
		e.report.add("directory.config", Missing, name+": "+err.Error(), advise("correct ca.json: step-ca does not start with it either"))
		return
	}
	e.directory = d
	d.readOwnAddress()
	e.report.add("directory.config", OK, name+" is readable")
	e.readCertificates(d)
}

// readOwnAddress reads config/stapled.json. What `stapled up` would refuse is no
// address.
func (d *directory) readOwnAddress() {
	raw, err := os.ReadFile(filepath.Join(d.dir, "config", "stapled.json"))
	if err != nil {
		return
	}
	var settings struct {
		OCSPAddress string `json:"ocsp_address"`
	}
	if json.Unmarshal(raw, &settings) == nil {
		d.ownAddress = settings.OCSPAddress
	}
}

func (d *directory) decode(raw []byte) error {
	_, end, err := strictfile.Keys(raw)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw[:end], &d.config)
}

// maxTemplate limits a template, in bytes.
const maxTemplate = 1 << 20

// readTemplate reads a template, whose name may come from the running CA: a
// regular file of at most maxTemplate bytes.
func (d *directory) readTemplate(name string) (string, error) {
	name = d.path(name)
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular() || info.Size() > maxTemplate:
		return "", fmt.Errorf("%s is no file with a template", name)
	}
	raw, err := os.ReadFile(name)
	return string(raw), err
}

// path returns the absolute path of a file that ca.json names.
func (d *directory) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(d.dir, name)
}

// port returns the port on which the CA listens, or "".
func (c caConfig) port() string {
	_, port, err := net.SplitHostPort(c.Address)
	if err != nil {
		return ""
	}
	return port
}

// serverDatabase reports whether others can read the database while the CA runs.
func (c caConfig) serverDatabase() bool {
	return c.database() == "mysql" || c.database() == "postgresql"
}

// examineDatabase finds which sources of a responder the database permits.
func (e *examination) examineDatabase() {
	d := e.directory
	if d == nil {
		return
	}
	switch kind := d.config.database(); {
	case kind == "":
		e.report.add("directory.database", Missing, "ca.json has no database: the CA keeps no revocations, and lets revoked certificates renew",
			advise("add to ca.json, and restart the CA:", member("db", map[string]string{"type": "badgerv2", "dataSource": filepath.Join(d.dir, "db")})+","))
	case d.config.serverDatabase():
		e.report.add("directory.database", OK, kind+": responders can read it while the CA runs")
	case e.own:
		e.report.add("directory.database", OK, kind+": `stapled up` answers from it")
	case d.ownAddress != "":
		e.report.add("directory.database", OK, kind+": the CA locks it, so a responder beside the CA follows the CRL; that of `stapled up` could read it, but does not answer at "+d.ownAddress)
	default:
		e.report.add("directory.database", OK, kind+": the CA locks it, so a responder beside the CA follows the CRL")
	}
}

// readCertificates reads the roots and the issuing certificate.
func (e *examination) readCertificates(d *directory) {
	given := len(e.cfg.Roots) > 0
	rootLine := advise("name the PEM file of the root in ca.json:", member("root", filepath.Join(d.dir, "certs", "root_ca.crt"))+",")
	if len(d.config.Root) == 0 {
		e.report.add("directory.root", Missing, "ca.json names no root", rootLine)
	}
	for _, name := range d.config.Root {
		roots, err := certs.LoadChain(d.path(name))
		if err != nil {
			e.report.add("directory.root", Missing, err.Error(), rootLine)
			continue
		}
		if !given {
			e.cfg.Roots = append(e.cfg.Roots, roots...)
		}
	}
	bundle, err := certs.LoadChain(d.path(d.config.Crt))
	if err != nil {
		e.report.add("directory.issuer", Missing, err.Error(), advise(`name the PEM file of the issuing certificate in ca.json:`, member("crt", filepath.Join(d.dir, "certs", "intermediate_ca.crt"))+","))
		return
	}
	e.issuing = bundle[0]
	e.examineCACertificate("directory.issuer", bundle[0])
}
