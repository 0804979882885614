// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/listenaddr"
	"github.com/stapledjwt/stapled/internal/strictfile"
	"github.com/stapledjwt/stapled/internal/timetext"
	"github.com/stapledjwt/stapled/responder"
)

// kept is config/stack.json: what a stack keeps from one start to the next.
// `stapled revoke` uses it to find when the last good staple ends.
type kept struct {
	GatewayAddress string `json:"gateway_address" example:"\"127.0.0.1:7843\""`
	Audience       string `json:"audience" example:"\"echo\""`
	// StapleValidity is the validity of the staples issued now.
	StapleValidity string `json:"staple_validity" example:"\"10m\""`
	// EarlierUntil is when the staples of earlier starts have ended. Their validity
	// may have been longer.
	EarlierUntil time.Time `json:"earlier_staples_until,omitzero" example:"\"2026-12-01T12:00:00Z\""`
}

func keptFile(dir string) string { return filepath.Join(dir, "config", "stack.json") }

// Check implements strictfile.Checker.
func (k *kept) Check() (string, error) {
	if err := listenaddr.CheckFixed(k.GatewayAddress); err != nil {
		return "gateway_address", err
	}
	if k.Audience == "" {
		return "audience", errors.New("the audience is empty")
	}
	d, err := time.ParseDuration(k.StapleValidity)
	if err == nil && (d < time.Second || d%time.Second != 0) {
		err = fmt.Errorf("%q must be a whole number of seconds, 1s or more", k.StapleValidity)
	}
	return "staple_validity", err
}

// validity returns 0 only for the zero value: Check has checked every other.
func (k kept) validity() time.Duration {
	d, err := time.ParseDuration(k.StapleValidity)
	if err != nil {
		return 0
	}
	return d
}

// readKept returns what earlier starts kept; the zero value if there were none.
func readKept(dir string) (kept, error) {
	var k kept
	switch err := strictfile.Read(keptFile(dir), &k); {
	case errors.Is(err, fs.ErrNotExist):
		return kept{}, nil
	case err != nil:
		return kept{}, fmt.Errorf("%w: repair it, or delete %s", err, keptFile(dir))
	}
	return k, nil
}

// fillIn uses the kept value, or else the default, for each option not given.
func (c *Config) fillIn(k kept) {
	c.GatewayAddress = cmp.Or(c.GatewayAddress, k.GatewayAddress)
	c.Audience = cmp.Or(c.Audience, k.Audience, defaultAudience)
	if !c.ValidityGiven {
		c.StapleValidity = cmp.Or(k.validity(), responder.DefaultValidity)
	}
}

// next returns what to keep for a start with this gateway, audience and
// validity.
func (k kept) next(gateway, audience string, validity time.Duration, now time.Time) kept {
	n := kept{GatewayAddress: gateway, Audience: audience, StapleValidity: timetext.Duration(validity), EarlierUntil: k.EarlierUntil}
	if end := now.Add(k.validity()); k.validity() > 0 && end.After(n.EarlierUntil) {
		n.EarlierUntil = end.UTC()
	}
	return n
}

func (k kept) write(dir string) error {
	raw, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("encode the settings of the stack: %w", err)
	}
	if err := certs.WriteFile(keptFile(dir), append(raw, '\n')); err != nil {
		return fmt.Errorf("keep the settings of the stack: %w", err)
	}
	return nil
}

// GoodUntil returns when the last staple ends that says good about a
// certificate revoked at a time; nil if the stack does not say.
func GoodUntil(dir string, revokedAt time.Time) *time.Time {
	k, err := readKept(dir)
	if err != nil || k.validity() == 0 {
		return nil
	}
	end := k.EarlierUntil
	if last := revokedAt.Add(k.validity()); last.After(end) {
		end = last
	}
	end = end.UTC().Truncate(time.Second) // as OCSP counts
	return &end
}
