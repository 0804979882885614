// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/listenaddr"
	"github.com/stapledjwt/stapled/internal/strictfile"
)

// gatewaySettings is config/gateway.json, which keeps what was chosen over a restart.
type gatewaySettings struct {
	Address  string `json:"address" example:"\"127.0.0.1:7843\""`
	Audience string `json:"audience,omitempty" example:"\"echo\""`
}

// Check implements strictfile.Checker.
func (s *gatewaySettings) Check() (string, error) {
	return "address", listenaddr.CheckFixed(s.Address)
}

func (c stackConfig) settingsFile() string {
	return filepath.Join(c.dir, "config", "gateway.json")
}

// keptGateway is what an earlier start has chosen; the zero value if there was none.
func (c stackConfig) keptGateway() (gatewaySettings, error) {
	var kept gatewaySettings
	err := strictfile.Read(c.settingsFile(), &kept)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return gatewaySettings{}, fmt.Errorf("%w: repair it, or delete %s", err, c.settingsFile())
	}
	return kept, nil
}

// fillIn takes what was kept for what was not given.
func (c *stackConfig) fillIn(kept gatewaySettings) {
	if c.gatewayAddress == "" {
		c.gatewayAddress = kept.Address
	}
	if c.audience == "" {
		c.audience = kept.Audience
	}
	if c.audience == "" {
		c.audience = defaultAudience
	}
}

func (s *stack) keepGateway(kept gatewaySettings) error {
	now := gatewaySettings{Address: s.gateway.address(), Audience: s.cfg.audience}
	if now == kept {
		return nil
	}
	raw, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("encode the settings of the gateway: %w", err)
	}
	if err := certs.WriteFile(s.cfg.settingsFile(), append(raw, '\n')); err != nil {
		return fmt.Errorf("keep the settings of the gateway: %w", err)
	}
	return nil
}
