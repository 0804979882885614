// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"crypto/sha256"
	"fmt"
	"os"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/verifier"
)

// trust is the one verifier behind all routes, with a view for each kind of
// token that a route wants. It survives reloads, and with it what is cached and
// what is known of revocations.
type trust struct {
	base    *verifier.Verifier // nil until there are anchors
	views   map[viewKey]*verifier.Verifier
	anchors anchorSet // of base
}

// viewKey is a verifier.ViewConfig that can be compared.
type viewKey struct {
	audience, typ string
	maxLifetime   time.Duration
}

// anchorSet is a set of anchors with what it was read from.
type anchorSet struct {
	set    *certs.Anchors
	digest [sha256.Size]byte
}

// loadAnchors reads the files.
func loadAnchors(files []certs.AnchorFile) (anchorSet, error) {
	if len(files) == 0 {
		return anchorSet{}, nil
	}
	// The digest first: of a file that changes meanwhile it is the digest of the
	// old content, so that the next reload takes the new one into use.
	h := sha256.New()
	for _, f := range files {
		content, err := os.ReadFile(f.File)
		if err != nil {
			return anchorSet{}, err
		}
		fmt.Fprintf(h, "%q %q %q %x\n", f.File, f.Scope, f.Label, sha256.Sum256(content))
	}
	set, err := certs.LoadAnchorFiles(files...)
	if err != nil {
		return anchorSet{}, err
	}
	return anchorSet{set, [sha256.Size]byte(h.Sum(nil))}, nil
}

// verifier returns a verifier for a route. It may be called before adopt, with
// anchors that nobody trusts yet.
func (t *trust) verifier(cfg Config, anchors anchorSet, now func() time.Time, r Route) (*verifier.Verifier, error) {
	if t.base == nil {
		base, err := verifier.New(verifier.Config{
			Anchors: anchors.set, Audience: r.Audience, MaxStapleAge: cfg.MaxStapleAge, Leeway: cfg.Leeway, Now: now,
		})
		if err != nil {
			return nil, err
		}
		t.base, t.views, t.anchors = base, make(map[viewKey]*verifier.Verifier), anchors
	}
	key := viewKey{r.Audience, r.Type, r.MaxLifetime}
	if v := t.views[key]; v != nil {
		return v, nil
	}
	v, err := t.base.View(verifier.ViewConfig{Audience: r.Audience, Type: r.Type, MaxLifetime: r.MaxLifetime})
	if err != nil {
		return nil, err
	}
	t.views[key] = v
	return v, nil
}

// adopt trusts the anchors of a generation, and forgets views that it does not
// use. Equal anchors stay, and with them what was proven.
func (t *trust) adopt(g *generation) error {
	if t.base == nil || g.anchors.set == nil {
		return nil
	}
	if g.anchors.digest != t.anchors.digest {
		if err := t.base.SetAnchors(g.anchors.set); err != nil {
			return fmt.Errorf("anchors: %w", err)
		}
		t.anchors = g.anchors
	}
	wanted := make(map[viewKey]bool)
	for _, r := range g.cfg.Routes {
		wanted[viewKey{r.Audience, r.Type, r.MaxLifetime}] = true
	}
	for key := range t.views {
		if !wanted[key] {
			delete(t.views, key)
		}
	}
	return nil
}
