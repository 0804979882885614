// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/listenaddr"
	"github.com/stapledjwt/stapled/internal/strictfile"
)

// settings is config/stapled.json: settings that have no place in step-ca's
// files.
type settings struct {
	// OCSPAddress is the address that the responder listens on.
	OCSPAddress string `json:"ocsp_address" example:"\"127.0.0.1:8889\""`
	// OCSPURL is the responder's URL in the certificates.
	OCSPURL string `json:"ocsp_url" example:"\"http://127.0.0.1:8889\""`
	// CAURL is the URL at which clients reach the step-ca API.
	CAURL string `json:"ca_url" example:"\"https://127.0.0.1:9000\""`
	// Provisioner is the name of the provisioner that the Client uses.
	Provisioner string `json:"provisioner" example:"\"admin\""`
}

// Check implements strictfile.Checker.
func (s *settings) Check() (string, error) {
	if err := listenaddr.CheckFixed(s.OCSPAddress); err != nil {
		return "ocsp_address", err
	}
	if u, err := url.Parse(s.OCSPURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "ocsp_url", fmt.Errorf("%q is not a URL that begins with http:// or https://", s.OCSPURL)
	}
	if u, err := url.Parse(s.CAURL); err != nil || u.Scheme != "https" || u.Host == "" {
		return "ca_url", fmt.Errorf("%q is not a URL that begins with https://", s.CAURL)
	}
	return "", nil
}

// readSettings reads stapled.json. Nothing in it has a default: otherwise a
// missing or mistyped address would become one that nobody wrote.
func (l layout) readSettings() (settings, error) {
	var s settings
	err := strictfile.Read(l.settings(), &s)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, statErr := os.Stat(l.config()); statErr == nil {
			return settings{}, l.withoutSettings()
		}
		return settings{}, stapled.Errorf(stapled.NotCADirectory, "%s is not a step-ca directory (%s is missing); create one with `stapled up --dir`", l, l.config())
	case errors.Is(err, fs.ErrPermission):
		return settings{}, l.unreadable("read the configuration of the CA", err)
	case err != nil:
		return settings{}, stapled.Errorf(stapled.ConfigInvalid, "%w", err)
	}
	return s, nil
}

// withoutSettings explains what a step-ca directory lacks.
func (l layout) withoutSettings() error {
	return stapled.Errorf(stapled.NotCADirectory, "%s is a step-ca directory without %s; create that file, for example with %s", l, l.settings(), strictfile.Example(new(settings)))
}
