// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"regexp"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/certx5c"
	"github.com/stapledjwt/stapled/internal/testca"
)

// forgery is a token that must be rejected. Every field but row, name and want
// may be left out; without any edit the token would be accepted.
type forgery struct {
	row, name string // the row of the catalogue of forgeries, and the variant
	want      stapled.Reason

	// party holds the certificate of the honest token, and of the forged one
	// unless leaf names another; w.leaf by default.
	party, leaf func(*world) *testca.Party
	// base edits the honest and the forged token alike.
	base edit
	// edit makes the forgery.
	edit edit
	// after edits the forged token once it is signed.
	after func(w *world, raw, honest string) string
	// config edits the configuration of the verifier.
	config func(*world, *Config)
	// later is by how much the clock moves between the honest token and the
	// forged one.
	later time.Duration
}

type edit = func(*world, *testca.Token)

// made is a forgery, carried out.
type made struct {
	forged string
	// honest is a valid token of the same party, with the same header if the
	// forgery leaves that alone; another is a second one.
	honest, another string
	cfg             Config
	clock           *clock
	later           time.Duration
}

func (f *forgery) make(w *world) *made {
	m := &made{clock: &clock{testca.Now}, later: f.later}
	m.cfg = w.config(m.clock)
	if f.config != nil {
		f.config(w, &m.cfg)
	}
	party := w.leaf
	if f.party != nil {
		party = f.party(w)
	}
	staples := [][]byte{party.Staple()}
	if m.cfg.StapleChain {
		staples = append(staples, w.intermediate.Staple())
	}
	base := testca.NewToken(party, staples...)
	if f.base != nil {
		f.base(w, base)
	}
	forged, another := copyToken(base), copyToken(base)
	if f.leaf != nil {
		leaf := f.leaf(w)
		present(forged, leaf.Key, leaf.Chain()...)
		forged.Header.Set("ocsp", encodeStaples(leaf.Staple()))
	}
	if f.edit != nil {
		f.edit(w, forged)
	}
	another.Claims.Set("jti", "another")
	m.honest, m.another, m.forged = base.Compact(), another.Compact(), forged.Compact()
	if f.after != nil {
		m.forged = f.after(w, m.forged, m.honest)
	}
	return m
}

// state is what a verifier may have seen when the forgery arrives.
type state struct {
	name string
	// noCaches turns the caches off.
	noCaches bool
	prepare  func(t *testing.T, v *Verifier, m *made)
}

var states = []state{
	{name: "cold"},
	{name: "warm", prepare: func(t *testing.T, v *Verifier, m *made) {
		mustAccept(t, v, m.another)
		if _, ok := v.headers.get(headerOf(m.honest)); !ok {
			t.Fatal("the header is not warm")
		}
	}},
	{name: "hot", prepare: func(t *testing.T, v *Verifier, m *made) {
		first := mustAccept(t, v, m.honest)
		if mustAccept(t, v, m.honest) != first {
			t.Fatal("the token is not hot")
		}
	}},
	{name: "uncached", noCaches: true, prepare: func(t *testing.T, v *Verifier, m *made) {
		mustAccept(t, v, m.honest)
	}},
}

func headerOf(raw string) string {
	t, err := split(raw)
	if err != nil {
		panic(err)
	}
	return t.header
}

// run submits the forgery, twice, to a verifier in the state.
func (m *made) run(t *testing.T, s state, want stapled.Reason) {
	cfg := m.cfg
	if s.noCaches {
		cfg.Cache = CacheSizes{Tokens: -1, Headers: -1, Certificates: -1}
	}
	v := newVerifier(t, cfg)
	m.clock.now = testca.Now
	if s.prepare != nil {
		s.prepare(t, v, m)
	}
	m.clock.now = testca.Now.Add(m.later)
	tokens, headers, _ := v.cached()
	mustReject(t, v, m.forged, want)
	mustReject(t, v, m.forged, want)
	// It leaves no trace.
	if nowTokens, nowHeaders, _ := v.cached(); nowTokens != tokens || nowHeaders != headers {
		t.Error("a rejected token has entered a cache")
	}
	m.clock.now = testca.Now
	if v.revocations.count.Load() == 0 {
		mustAccept(t, v, m.honest)
	}
}

// TestForgeries submits every forgery of the catalogue to verifiers that have
// seen nothing, the honest header, the honest token, and that remember
// nothing. The reason is the same for all.
func TestForgeries(t *testing.T) {
	w := theWorld()
	names := make(map[string]bool)
	for _, table := range everyTable() {
		for _, f := range table {
			name := f.row + "_" + unsafeName.ReplaceAllString(f.name, "_")
			if names[name] {
				t.Errorf("two rows are named %s", name)
			}
			names[name] = true
			t.Run(name, func(t *testing.T) {
				m := f.make(w)
				for _, s := range states {
					t.Run(s.name, func(t *testing.T) { m.run(t, s, f.want) })
				}
			})
		}
	}
	t.Run("T05_system_root", testSystemRoot)
	t.Run("T17_windows", testWindows)
	t.Run("T19_header_variants", testHeaderVariants)
	t.Run("S32_older_good_after_revoked", testStickyRevocation)
}

func everyTable() [][]forgery {
	return [][]forgery{
		algorithmForgeries, signatureForgeries, stapleListForgeries, chainForgeries,
		pathForgeries, keyIDForgeries, memberForgeries, jsonForgeries, shapeForgeries, typeForgeries,
		spliceForgeries, issuerForgeries, audienceForgeries, timeForgeries, stapleForgeries,
	}
}

var unsafeName = regexp.MustCompile(`[^A-Za-z0-9#.+-]+`)

// Edits that many forgeries are made of.

func setHeader(name string, value any) edit {
	return func(_ *world, t *testca.Token) { t.Header.Set(name, value) }
}

func addHeader(name string, value any) edit {
	return func(_ *world, t *testca.Token) { t.Header.Add(name, value) }
}

func dropHeader(name string) edit {
	return func(_ *world, t *testca.Token) { t.Header.Drop(name) }
}

func setClaim(name string, value any) edit {
	return func(_ *world, t *testca.Token) { t.Claims.Set(name, value) }
}

func addClaim(name string, value any) edit {
	return func(_ *world, t *testca.Token) { t.Claims.Add(name, value) }
}

func dropClaim(name string) edit {
	return func(_ *world, t *testca.Token) { t.Claims.Drop(name) }
}

// headerText and claimsText edit the JSON text before it is signed.
func headerText(change func(string) string) edit {
	return func(_ *world, t *testca.Token) { t.RawHeader = []byte(change(string(t.Header.Bytes()))) }
}

func claimsText(change func(string) string) edit {
	return func(_ *world, t *testca.Token) { t.RawPayload = []byte(change(string(t.Claims.Bytes()))) }
}

// leafOf gives a leaf below the intermediate, edited.
func leafOf(edits ...testca.Edit) func(*world) *testca.Party {
	return func(w *world) *testca.Party { return w.intermediate.Leaf(edits...) }
}

// below gives a leaf below an edited intermediate.
func below(edits ...testca.Edit) func(*world) *testca.Party {
	return func(w *world) *testca.Party { return w.root.Intermediate(edits...).Leaf() }
}

func kidOf(p *testca.Party) string { return certx5c.KeyID(p.Cert) }
