// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stack

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

func (c Config) settingsFile() string {
	return filepath.Join(c.Dir, "config", "gateway.json")
}

// keptGateway is what an earlier start has chosen; the zero value if there was none.
func (c Config) keptGateway() (gatewaySettings, error) {
	var kept gatewaySettings
	err := strictfile.Read(c.settingsFile(), &kept)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return gatewaySettings{}, fmt.Errorf("%w: repair it, or delete %s", err, c.settingsFile())
	}
	return kept, nil
}

// fillIn takes what was kept for what was not given.
func (c *Config) fillIn(kept gatewaySettings) {
	if c.GatewayAddress == "" {
		c.GatewayAddress = kept.Address
	}
	if c.Audience == "" {
		c.Audience = kept.Audience
	}
	if c.Audience == "" {
		c.Audience = defaultAudience
	}
}

func (s *Stack) keepGateway(kept gatewaySettings) error {
	now := gatewaySettings{Address: s.gateway.Address(), Audience: s.cfg.Audience}
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
