// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/strictfile"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/responder"
)

// validitySettings is config/staples.json: from it, whoever revokes knows when
// the last good staple ends.
type validitySettings struct {
	// Validity is that of the staples that are given now, as of --staple-validity.
	Validity string `json:"validity" example:"\"10m\""`
	// EarlierUntil is when those that were given before have ended, whose
	// validity may have been longer.
	EarlierUntil time.Time `json:"earlier_until,omitzero" example:"\"2026-12-01T12:00:00Z\""`
}

func validityFile(dir string) string { return filepath.Join(dir, "config", "staples.json") }

// Check implements strictfile.Checker.
func (s *validitySettings) Check() (string, error) {
	d, err := time.ParseDuration(s.Validity)
	if err == nil && (d < time.Second || d%time.Second != 0) {
		err = fmt.Errorf("%q is not a whole number of seconds from 1s on", s.Validity)
	}
	return "validity", err
}

func readValidity(dir string) (validity time.Duration, earlierUntil time.Time, err error) {
	var kept validitySettings
	if err := strictfile.Read(validityFile(dir), &kept); err != nil {
		return 0, time.Time{}, err
	}
	validity, err = time.ParseDuration(kept.Validity)
	return validity, kept.EarlierUntil, err
}

// keptValidity is that of an earlier start, or else the default: whoever has set a
// bound once has not set it for one start.
func keptValidity(dir string) (time.Duration, error) {
	kept, _, err := readValidity(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return responder.DefaultValidity, nil
	case err != nil:
		return 0, unreadableValidity(dir, err)
	}
	return kept, nil
}

func unreadableValidity(dir string, err error) error {
	return fmt.Errorf("%w: repair it, or delete %s", err, validityFile(dir))
}

// keepValidity writes down how long staples are valid from now on, before the
// first of them is given.
func keepValidity(dir string, validity time.Duration, now time.Time) error {
	before, earlierUntil, err := readValidity(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unreadableValidity(dir, err)
	}
	if end := now.Add(before); before > 0 && end.After(earlierUntil) {
		earlierUntil = end
	}
	raw, err := json.Marshal(validitySettings{Validity: timetext.Duration(validity), EarlierUntil: earlierUntil.UTC()})
	if err != nil {
		return fmt.Errorf("encode the validity of staples: %w", err)
	}
	if err := certs.WriteFile(validityFile(dir), append(raw, '\n')); err != nil {
		return fmt.Errorf("keep the validity of staples: %w", err)
	}
	return nil
}

// goodUntil is when the last staple ends that says good about a certificate
// that was revoked at a time; nil if the stack does not tell.
func goodUntil(dir string, revokedAt time.Time) *time.Time {
	validity, end, err := readValidity(dir)
	if err != nil {
		return nil
	}
	if last := revokedAt.Add(validity); last.After(end) {
		end = last
	}
	end = end.UTC().Truncate(time.Second) // as OCSP counts
	return &end
}
