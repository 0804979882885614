// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// ViewConfig is the part of a [Config] in which views of one verifier may
// differ. Each field is as in Config, with the same default: a view inherits
// nothing.
type ViewConfig struct {
	// Audience must be among the values of aud. Required.
	Audience string
	// Issuers restricts iss to these exact values. Default: no restriction.
	Issuers []string
	// Type is the expected typ header parameter. Default [stapled.Type].
	Type string
	// MaxLifetime limits exp - iat. Default [stapled.DefaultMaxLifetime], one
	// hour.
	MaxLifetime time.Duration
}

// view is a checked ViewConfig and its number.
type view struct {
	ViewConfig
	id uint64
}

// everyView stands for all views in the caches that they share.
const everyView = 0

// own returns a type that shares no memory with a token.
func (v *view) own(typ string) string {
	if typ == v.Type {
		return v.Type
	}
	return strings.Clone(typ)
}

// View returns a verifier for another audience. It shares everything with v: the
// anchors, also those set later, the caches, and what is known of revocations. A
// header that one view has proven costs another only the token's own signature.
func (v *Verifier) View(cfg ViewConfig) (*Verifier, error) {
	if v.core == nil {
		return nil, errZeroVerifier
	}
	return v.newView(cfg)
}

func (c *core) newView(cfg ViewConfig) (*Verifier, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Verifier{core: c, view: view{ViewConfig: cfg, id: c.views.Add(1)}}, nil
}

func (cfg ViewConfig) withDefaults() (ViewConfig, error) {
	if cfg.Audience == "" {
		return ViewConfig{}, errors.New("Config.Audience is required: a token for somebody else must not be accepted")
	}
	if cfg.Issuers != nil && len(cfg.Issuers) == 0 {
		return ViewConfig{}, errors.New("Config.Issuers is empty: leave it nil to accept every issuer that the anchors vouch for")
	}
	if slices.Contains(cfg.Issuers, "") {
		return ViewConfig{}, errors.New("Config.Issuers has an empty value")
	}
	cfg.Issuers = slices.Clone(cfg.Issuers)
	if cfg.Type == "" {
		cfg.Type = stapled.Type
	}
	switch {
	case cfg.MaxLifetime < 0:
		return ViewConfig{}, fmt.Errorf("negative Config.MaxLifetime: %s", timetext.Duration(cfg.MaxLifetime))
	case cfg.MaxLifetime == 0:
		cfg.MaxLifetime = stapled.DefaultMaxLifetime
	}
	return cfg, nil
}
