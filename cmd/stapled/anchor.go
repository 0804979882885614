// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/cli"
)

// What may follow the file in the value of --anchor.
const (
	scopeOption = "scope="
	labelOption = "label="
)

// parseAnchor reads FILE[,scope=NAME]...[,label=NAME]. Options are taken off the
// end, so a file may have commas in its name, but not end like an option.
func parseAnchor(value string) (certs.AnchorFile, error) {
	f := certs.AnchorFile{File: value}
	for {
		at := strings.LastIndexByte(f.File, ',')
		if at < 0 {
			break
		}
		option := f.File[at+1:]
		if name, ok := strings.CutPrefix(option, scopeOption); ok {
			f.Scope = append(f.Scope, name)
		} else if name, ok := strings.CutPrefix(option, labelOption); !ok {
			break
		} else if name == "" {
			return certs.AnchorFile{}, cli.Usagef("--anchor %s: the label is empty: write label=NAME, or leave it out", value)
		} else if f.Label != "" {
			return certs.AnchorFile{}, cli.Usagef("--anchor %s: two labels: leave one out", value)
		} else {
			f.Label = name
		}
		f.File = f.File[:at]
	}
	slices.Reverse(f.Scope) // as written
	// A mistake after an option must not make the option a part of a file's name.
	for _, part := range strings.Split(f.File, ",")[1:] {
		if strings.HasPrefix(part, scopeOption) || strings.HasPrefix(part, labelOption) {
			after := f.File[strings.LastIndexByte(f.File, ',')+1:]
			return certs.AnchorFile{}, cli.Usagef("--anchor %s: %q is neither scope=NAME nor label=NAME: write each name of a scope as its own scope=NAME", value, after)
		}
	}
	if f.File == "" {
		return certs.AnchorFile{}, cli.Usagef("--anchor %q names no file: write FILE, or FILE,scope=NAME,label=NAME", value)
	}
	if err := certs.CheckScope(f.Scope); err != nil {
		return certs.AnchorFile{}, cli.Usagef("--anchor %s: %w", value, err)
	}
	return f, nil
}

// parseAnchors reads the values of --anchor.
func parseAnchors(values []string) ([]certs.AnchorFile, error) {
	files := make([]certs.AnchorFile, len(values))
	for i, value := range values {
		var err error
		if files[i], err = parseAnchor(value); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// loadAnchors reads the files into one set, and prints what the operator should
// know about it.
func (a *app) loadAnchors(files []certs.AnchorFile) (*certs.Anchors, error) {
	var list []certs.AnchorConfig
	for _, f := range files {
		own, err := certs.LoadAnchors(f.File)
		if err != nil {
			hint := "give --anchor a PEM file with CA certificates"
			if errors.Is(err, fs.ErrNotExist) && strings.Contains(f.File, ",") {
				hint = "after the file, write only ,scope=NAME and ,label=NAME"
			}
			return nil, fmt.Errorf("%w: %s", err, hint)
		}
		list = append(list, certs.AnchorConfig{Certificates: own.Certificates(), Scope: f.Scope, Label: f.Label})
	}
	set, err := certs.NewScopedAnchors(list...)
	if err != nil {
		return nil, fmt.Errorf("--anchor: %w", err)
	}
	for _, warning := range set.Warnings() {
		a.Warn(errors.New(warning))
	}
	return set, nil
}

// completeAnchor offers files, and after a comma the options.
func completeAnchor(_ *cobra.Command, _ []string, value string) ([]string, cobra.ShellCompDirective) {
	at := strings.LastIndexByte(value, ',')
	if at < 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var offers []string
	for _, option := range []string{scopeOption, labelOption} {
		if strings.HasPrefix(option, value[at+1:]) && (option == scopeOption || !strings.Contains(value, ","+labelOption)) {
			offers = append(offers, value[:at+1]+option)
		}
	}
	return offers, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}
