// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/stapledjwt/stapled/internal/testca"
)

// openssl runs `openssl verify`.
type openssl struct {
	dir, version string
}

func newOpenSSL() (*openssl, error) {
	version, err := exec.Command("openssl", "version").Output()
	if err != nil {
		return nil, fmt.Errorf("openssl version: %w", err)
	}
	dir, err := os.MkdirTemp("", "pathdiff-work-")
	if err != nil {
		return nil, err
	}
	return &openssl{dir: dir, version: strings.TrimSpace(string(version))}, nil
}

func (o *openssl) close() { _ = os.RemoveAll(o.dir) }

// arguments asks for what rules 3.5 to 5.2 ask for: every signature, client
// authentication, policies (any will do), the time. It does not ask for -x509_strict, which is about
// what a CA should have written (such as key identifiers), and not about what a
// certificate permits.
func (o *openssl) arguments(parties []*testca.Party, anchor, untrusted, leaf string) []string {
	list := []string{
		"verify", "-no-CAfile", "-no-CApath", "-no-CAstore", "-purpose", "sslclient", "-policy_check", "-policy", "2.5.29.32.0",
		"-attime", strconv.FormatInt(now.Unix(), 10), "-trusted", anchor,
	}
	if root := parties[len(parties)-1].Cert; !bytes.Equal(root.RawSubject, root.RawIssuer) {
		list = append(list, "-partial_chain")
	}
	if len(parties) > 2 {
		list = append(list, "-untrusted", untrusted)
	}
	return append(list, leaf)
}

// verify returns what openssl has against a path as refused, nil if nothing; the
// second error is about openssl itself.
func (o *openssl) verify(parties []*testca.Party) (refused, err error) {
	anchor, untrusted, leaf := filepath.Join(o.dir, "anchor.pem"), filepath.Join(o.dir, "untrusted.pem"), filepath.Join(o.dir, "leaf.pem")
	if err := writeFiles(parties, anchor, untrusted, leaf); err != nil {
		return nil, err
	}
	command := exec.Command("openssl", o.arguments(parties, anchor, untrusted, leaf)...)
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil, nil
	case !errors.As(err, &exit):
		return nil, fmt.Errorf("openssl verify: %w", err)
	}
	for line := range strings.SplitSeq(string(output), "\n") {
		if strings.HasPrefix(line, "error ") && strings.Contains(line, " depth lookup: ") {
			return errors.New(line), nil
		}
	}
	return nil, fmt.Errorf("openssl verify says nothing about the path: %s", output)
}

func writeFiles(parties []*testca.Party, anchor, untrusted, leaf string) error {
	certs := certificates(parties)
	last := len(certs) - 1
	return errors.Join(
		os.WriteFile(anchor, encode(certs[last]), 0o600),
		os.WriteFile(untrusted, encode(certs[1:last]...), 0o600),
		os.WriteFile(leaf, encode(certs[0]), 0o600))
}

func certificates(parties []*testca.Party) []*x509.Certificate {
	certs := make([]*x509.Certificate, len(parties))
	for i, p := range parties {
		certs[i] = p.Cert
	}
	return certs
}

func encode(certs ...*x509.Certificate) []byte {
	var all [][]byte
	for _, c := range certs {
		all = append(all, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return slices.Concat(all...)
}
