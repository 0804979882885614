// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"errors"
	"sync"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/stranger"
	"github.com/stapledjwt/stapled/internal/testca"
)

// Nothing proven with other anchors counts: every signature is verified again.
func TestSwappedAnchorsProveAnew(t *testing.T) {
	signatures, end := stranger.CountVerifications()
	t.Cleanup(end)
	w := theWorld()
	v := newVerifier(t, w.config(&clock{testca.Now}))
	raw := w.leaf.Token()
	for i, want := range []int{4, 0, 4, 0} { // intermediate, leaf, token, staple
		if i == 2 {
			if err := v.SetAnchors(anchors(w.root)); err != nil {
				t.Fatal(err)
			}
		}
		if n := signatures(func() { mustAccept(t, v, raw) }); n != want {
			t.Errorf("verification %d costs %d signatures, want %d", i+1, n, want)
		}
	}
}

// A set that trusts nothing is refused, and the anchors in use stay.
func TestSetAnchorsOfNothing(t *testing.T) {
	w := theWorld()
	v := newVerifier(t, w.config(&clock{testca.Now}))
	for _, nothing := range []*certs.Anchors{nil, new(certs.Anchors)} {
		if err := v.SetAnchors(nothing); err == nil {
			t.Error("accepted")
		}
	}
	mustAccept(t, v, w.leaf.Token())
}

// While the anchors change, every token is judged by one set or the other.
func TestSwapWhileVerifying(t *testing.T) {
	w := theWorld()
	v := newVerifier(t, w.config(&clock{testca.Now}))
	stranger := w.stranger.Leaf()
	mine, other := w.leaf.Token(), stranger.Token()
	sets := []*certs.Anchors{anchors(w.root), anchors(w.stranger), anchors(w.root, w.stranger)}
	var group sync.WaitGroup
	for _, raw := range []string{mine, other, mine, other} {
		group.Go(func() {
			for range 200 {
				if _, err := v.Verify(raw); err != nil && !errors.Is(err, stapled.ChainUntrusted) {
					t.Error(err)
				}
			}
		})
	}
	for i := range 200 {
		if err := v.SetAnchors(sets[i%len(sets)]); err != nil {
			t.Fatal(err)
		}
	}
	group.Wait()
	if err := v.SetAnchors(sets[1]); err != nil {
		t.Fatal(err)
	}
	mustReject(t, v, mine, stapled.ChainUntrusted)
	mustAccept(t, v, other)
}

// A header that one view has proven costs another view only the token's own
// signature, and a token that it has accepted none.
func TestViewsShareProofs(t *testing.T) {
	signatures, end := stranger.CountVerifications()
	t.Cleanup(end)
	w := theWorld()
	v := newVerifier(t, w.config(&clock{testca.Now}))
	view, err := v.View(ViewConfig{Audience: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	raw := w.leaf.Token()
	for i, step := range []struct {
		view *Verifier
		want int
	}{{v, 4}, {view, 1}, {view, 0}, {v, 0}} {
		if n := signatures(func() { mustAccept(t, step.view, raw) }); n != step.want {
			t.Errorf("verification %d costs %d signatures, want %d", i+1, n, step.want)
		}
	}
}

// A view is configured whole: it inherits nothing, and refuses what New refuses.
func TestViewConfig(t *testing.T) {
	cfg := theWorld().config(&clock{testca.Now})
	cfg.Issuers, cfg.Type = []string{"https://somebody.example"}, "other+jwt"
	v := newVerifier(t, cfg)
	view, err := v.View(ViewConfig{Audience: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	mustAccept(t, view, theWorld().leaf.Token())
	for name, refused := range map[string]ViewConfig{
		"no audience":       {},
		"no issuer":         {Audience: "orders", Issuers: []string{}},
		"an empty issuer":   {Audience: "orders", Issuers: []string{""}},
		"negative lifetime": {Audience: "orders", MaxLifetime: -1},
	} {
		if view, err := v.View(refused); err == nil || view != nil {
			t.Errorf("%s: %v, %v", name, view, err)
		}
	}
}
