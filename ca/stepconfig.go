// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/smallstep/certificates/authority/config"
	"github.com/smallstep/certificates/authority/provisioner"
	"github.com/smallstep/certificates/db"
	"github.com/smallstep/certificates/templates"
	"github.com/smallstep/nosql"
	kms "go.step.sm/crypto/kms/apiv1"
	"go.step.sm/crypto/kms/softkms"
	"go.step.sm/crypto/kms/uri"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/strictfile"
)

// readStepConfig reads ca.json as step-ca does: leniently, so that it accepts
// every file that step-ca accepts. It returns notices for what step-ca silently
// ignores.
func (l layout) readStepConfig() (*config.Config, []notice, error) {
	raw, err := os.ReadFile(l.config())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, stapled.Errorf(stapled.NotCADirectory, "%s is not a step-ca directory: %s is missing", l, l.config())
	}
	if err != nil {
		return nil, nil, l.unreadable("read the configuration of the CA", err)
	}
	keys, end, err := strictfile.Keys(raw)
	if syntax := new(strictfile.SyntaxError); errors.As(err, &syntax) {
		return nil, nil, stapled.Errorf(stapled.ConfigInvalid, "%s:%d: this is not JSON: %w", l.config(), syntax.Line, syntax.Err)
	}
	if err != nil {
		return nil, nil, stapled.Errorf(stapled.ConfigInvalid, "%s: %w", l.config(), err)
	}
	cfg := new(config.Config)
	if err := json.Unmarshal(raw[:end], cfg); err != nil {
		return nil, nil, stapled.Errorf(stapled.ConfigInvalid, "%s:%d: %w", l.config(), lineOf(raw, err), err)
	}
	cfg.Init()
	l.resolve(cfg)
	found := notices(keys, cfg)
	if rest := raw[end:]; len(bytes.TrimSpace(rest)) > 0 {
		found = append(found, notice{1 + bytes.Count(raw[:end], []byte("\n")), "what follows the closing brace has no effect, nor has it for step-ca"})
	}
	return cfg, found, nil
}

// lineOf returns the line of a value with the wrong type, as far as
// encoding/json knows: inside a type with its own UnmarshalJSON it counts from
// there.
func lineOf(raw []byte, err error) int {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) {
		return 1
	}
	return 1 + bytes.Count(raw[:min(int(wrong.Offset), len(raw))], []byte("\n"))
}

// resolve makes the paths in ca.json absolute. step-ca reads some of them
// relative to its working directory, and templates relative to STEPPATH; for a
// step-ca that runs in its directory, as here, these are the same.
func (l layout) resolve(cfg *config.Config) {
	abs := func(path *string) {
		if *path != "" && !filepath.IsAbs(*path) && !strings.HasPrefix(*path, "~/") {
			*path = l.file(*path)
		}
	}
	for _, list := range [][]string{cfg.Root, cfg.FederatedRoots} {
		for i := range list {
			abs(&list[i])
		}
	}
	abs(&cfg.IntermediateCert)
	keys := []*string{&cfg.IntermediateKey}
	if cfg.SSH != nil {
		keys = append(keys, &cfg.SSH.HostKey, &cfg.SSH.UserKey)
	}
	for _, key := range keys {
		if *key = keyFile(*key); !isKeyURI(*key) {
			abs(key)
		}
	}
	if cfg.DB != nil && inFiles(cfg.DB) {
		abs(&cfg.DB.DataSource)
		abs(&cfg.DB.ValueDir)
	}
	for _, p := range cfg.AuthorityConfig.Provisioners {
		options := optionsOf(p)
		if options != nil && options.X509 != nil {
			abs(&options.X509.TemplateFile)
		}
		if options != nil && options.SSH != nil {
			abs(&options.SSH.TemplateFile)
		}
	}
	if cfg.Templates != nil && cfg.Templates.SSH != nil {
		for _, list := range [][]templates.Template{cfg.Templates.SSH.Host, cfg.Templates.SSH.User} {
			for i := range list {
				abs(&list[i].TemplatePath)
			}
		}
	}
}

// optionsOf returns the options of a provisioner, which every type of
// provisioner keeps in a field named Options.
func optionsOf(p provisioner.Interface) *provisioner.Options {
	field := reflect.Indirect(reflect.ValueOf(p)).FieldByName("Options")
	if !field.IsValid() {
		return nil // SSHPOP has none
	}
	options, _ := field.Interface().(*provisioner.Options)
	return options
}

// keyFile extracts the file from a key URI (softkms:path=FILE).
func keyFile(key string) string {
	u, err := uri.ParseWithScheme(softkms.Scheme, key)
	if err != nil {
		return key
	}
	for _, path := range []string{u.Get("path"), u.Path, u.Opaque} {
		if path != "" {
			return path
		}
	}
	return key
}

// isKeyURI reports whether a key is named by a KMS URI.
func isKeyURI(key string) bool {
	_, err := kms.TypeOf(key)
	return err == nil
}

// inFiles reports whether the database is in files on this machine.
func inFiles(cfg *db.Config) bool {
	switch strings.ToLower(cfg.Type) {
	case nosql.BadgerDriver, nosql.BadgerV1Driver, nosql.BadgerV2Driver, nosql.BBoltDriver:
		return true
	}
	return false
}

// checkStepConfig refuses settings that would mean something else here than in
// the stock step-ca, one key at a time, and settings that step-ca itself
// refuses.
func (l layout) checkStepConfig(cfg *config.Config) error {
	refuse := func(key, format string, args ...any) error {
		return stapled.Errorf(stapled.ConfigInvalid, "%s: key %s %w", l.config(), key, fmt.Errorf(format, args...))
	}
	// 1. It is the issuing CA itself.
	if o := cfg.AuthorityConfig.Options; o != nil && o.Type != "" && !strings.EqualFold(o.Type, "softcas") {
		return refuse("authority.type", "is %q: a registration authority is not served, because the responder needs the issuing CA itself", o.Type)
	}
	if strings.EqualFold(cfg.AuthorityConfig.DeploymentType, "linked") {
		return refuse("authority.deploymentType", `is "linked": a CA that smallstep's service manages is not served`)
	}
	// 2. Its keys are in files.
	if cfg.KMS != nil {
		t, err := cfg.KMS.GetType()
		if err != nil || !strings.EqualFold(string(t), string(kms.SoftKMS)) {
			return refuse("kms", "names a KMS of type %q: only keys in files are served", t)
		}
	}
	if isKeyURI(cfg.IntermediateKey) {
		return refuse("key", "is %q: only keys in files are served", cfg.IntermediateKey)
	}
	// 3. There is a root; without one nobody can verify anything.
	if cfg.Root.HasEmpties() {
		return refuse("root", "names no root certificate; write the path of one")
	}
	// 4. Nothing listens on an address that nobody wrote.
	for _, a := range []struct{ key, address string }{{"address", cfg.Address}, {"insecureAddress", cfg.InsecureAddress}} {
		if a.address == "" && a.key == "insecureAddress" {
			continue // off
		}
		if _, port, err := net.SplitHostPort(a.address); err != nil || port == "" || port == "0" {
			return refuse(a.key, "is %q: write HOST:PORT with a fixed port, such as %q", a.address, "127.0.0.1:9000")
		}
	}
	// 5. step-ca agrees.
	if err := cfg.Validate(); err != nil {
		return stapled.Errorf(stapled.ConfigInvalid, "%s is refused by step-ca: %w", l.config(), err)
	}
	return nil
}
