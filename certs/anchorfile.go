// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certs

import "fmt"

// AnchorFile is a file with CA certificates to trust, and for which names.
type AnchorFile struct {
	// File is a PEM file with one or more certificates of CAs, and nothing else.
	// Required.
	File string
	// Scope and Label are those of all anchors in the file, as in
	// [AnchorConfig].
	Scope []string
	Label string
}

// LoadAnchors reads one or more trusted CA certificates from a PEM file that
// contains nothing else. It refuses what [NewAnchors] refuses.
func LoadAnchors(file string) (*Anchors, error) { return LoadAnchorFiles(AnchorFile{File: file}) }

// LoadAnchorFiles reads the trusted CA certificates of all these files into one
// set. Certificates of the same subject name and public key are one anchor, also
// in different files. It refuses what [NewScopedAnchors] refuses.
func LoadAnchorFiles(files ...AnchorFile) (*Anchors, error) {
	set := newAnchors()
	for _, f := range files {
		cfg, err := f.read()
		if err != nil {
			return nil, err
		}
		if err := set.addAll(cfg); err != nil {
			return nil, fmt.Errorf("%s: %w", f.File, err)
		}
	}
	if len(set.all) == 0 {
		return nil, errNoAnchor
	}
	return set, nil
}

func (f AnchorFile) read() (AnchorConfig, error) {
	blocks, err := readPEM(f.File, certificateKind)
	if err != nil {
		return AnchorConfig{}, err
	}
	list, err := blocks.chain()
	if err != nil {
		return AnchorConfig{}, err
	}
	if len(list) != len(blocks.list) {
		return AnchorConfig{}, fmt.Errorf("%s: holds a private key besides its certificates, which a verifier must not have", f.File)
	}
	return AnchorConfig{Certificates: list, Scope: f.Scope, Label: f.Label}, nil
}
