// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/exhaustive"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// since makes a response say what was known this long ago.
func since(ago time.Duration, status testca.CertStatus) func(*testca.Response) {
	return func(r *testca.Response) {
		r.ProducedAt = testca.Now.Add(-ago)
		r.Singles[0].ThisUpdate = r.ProducedAt
		r.Singles[0].NextUpdate = testca.Now.Add(time.Hour)
		r.Singles[0].Status = status
	}
}

// tokenWith returns a token of a party with this staple.
func tokenWith(p *testca.Party, edit func(*testca.Response)) string {
	return testca.NewToken(p, p.Staple(edit)).Compact()
}

// statement is what a staple says; times are relative to testca.Now.
type statement struct {
	status     testca.CertStatus
	reason     int
	unborn     bool // revoked since 1970
	this, next time.Duration
}

// The policy of the tests of statements.
const (
	oldest    = 10 * time.Minute
	tolerance = time.Minute
)

func (s statement) edit(r *testca.Response) {
	r.ProducedAt = after(s.this)
	single := &r.Singles[0]
	single.ThisUpdate, single.NextUpdate = after(s.this), after(s.next)
	single.Status, single.Reason = s.status, s.reason
	if s.unborn {
		single.RevokedAt = time.Unix(0, 0)
	}
}

func (s statement) fresh(at time.Duration) bool { return s.this-tolerance <= at && at <= s.end() }

func (s statement) end() time.Duration { return min(s.next, s.this+oldest) }

func (s statement) hold() bool {
	return s.status == testca.Revoked && !s.unborn && (s.reason == 6 || s.reason == 8)
}

func (s statement) final() bool { return s.status == testca.Revoked && !s.unborn && !s.hold() }

// authentic returns the staple of a party that says this.
func authentic(t *testing.T, p *testca.Party, says func(*testca.Response)) *ocspstaple.Staple {
	t.Helper()
	s, err := ocspstaple.Authenticate(p.Staple(says), p.Cert, p.Issuer.Cert, testca.Now, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// carrier is a token: a leaf, and what the staples of the leaf and of the
// intermediate say. Without the second, the token has one staple.
type carrier struct {
	leaf    int
	staples []statement
	raw     string
}

// sight is a statement about a certificate, 0 for the intermediate, and when it
// was seen.
type sight struct {
	cert int
	statement
	at time.Duration
}

// certOf returns the certificate of the i-th place of a chain.
func (c *carrier) certOf(i int) int {
	if i == 0 {
		return 1 + c.leaf
	}
	return 0
}

// oracle is rule 6.10, and those after it, as a function of what has been seen,
// the token and the time. It searches the whole set where the verifier keeps
// three facts.
func oracle(seen []sight, c *carrier, at time.Duration) stapled.Reason {
	about := func(i int, is func(sight) bool) (found []sight) {
		for _, s := range seen {
			if s.cert == c.certOf(i) && is(s) {
				found = append(found, s)
			}
		}
		return found
	}
	final := func(s sight) bool {
		return s.final() && at <= max(s.at, min(s.this, s.at+tolerance))+2*oldest
	}
	for i, staple := range c.staples {
		newer := func(s sight) bool {
			return s.hold() && s.fresh(s.at) && staple.this <= s.this && at <= s.this+oldest
		}
		switch {
		case len(about(i, final)) > 0:
			return stapled.CertificateRevoked
		case staple.status == testca.Revoked, staple.status == testca.Good && len(about(i, newer)) > 0:
			return stapled.CertificateRevoked
		case staple.status != testca.Good:
			return stapled.StapleUnknown
		case staple.this-tolerance > at:
			return stapled.StapleNotYetValid
		case at > staple.end():
			return stapled.StapleStale
		}
	}
	for i := len(c.staples); i < 2; i++ {
		if len(about(i, final)) > 0 {
			return stapled.CertificateRevoked
		}
		holds := about(i, func(s sight) bool { return s.hold() && s.fresh(s.at) })
		if len(holds) == 0 {
			continue
		}
		newest := slices.MaxFunc(holds, func(a, b sight) int {
			if a.this != b.this {
				return int(a.this - b.this)
			}
			return int(a.end() - b.end())
		})
		lifted := about(i, func(s sight) bool { return s.status == testca.Good && s.fresh(s.at) && s.this > newest.this })
		if at <= newest.end() && len(lifted) == 0 {
			return stapled.CertificateRevoked
		}
	}
	return ""
}

// statements returns what the staples of the tests say.
func statements() []statement {
	minute := time.Minute
	return []statement{
		{testca.Good, -1, false, -3 * minute, 9 * minute},
		{testca.Good, -1, false, -minute, 9 * minute},
		{testca.Good, -1, false, 5 * minute, 20 * minute},
		{testca.Revoked, 6, false, -2 * minute, 9 * minute},
		{testca.Revoked, 6, false, -minute, 2 * minute},
		{testca.Revoked, 8, false, -4 * minute, 9 * minute},
		{testca.Revoked, 6, false, 4 * minute, 20 * minute},
		{testca.Revoked, 6, true, -2 * minute, 9 * minute},
		{testca.Revoked, -1, false, -2 * minute, 9 * minute},
		{testca.Revoked, 1, false, 8 * minute, 20 * minute},
		{testca.Unknown, -1, false, -2 * minute, 9 * minute},
	}
}

// carriers makes a token for each pair of statements, for two leaves of one
// intermediate.
func carriers() (*testca.Party, []carrier) {
	root := testca.New(wide)
	intermediate := root.Intermediate(wide)
	leaves := []*testca.Party{intermediate.Leaf(wide), intermediate.Leaf(wide)}
	var all []carrier
	add := func(leaf int, list ...statement) {
		p := leaves[leaf]
		staples := [][]byte{p.Staple(list[0].edit)}
		if len(list) > 1 {
			staples = append(staples, intermediate.Staple(list[1].edit))
		}
		token := testca.NewToken(p, staples...)
		token.Claims.Set("iat", unix(-2*time.Hour))
		token.Claims.Set("nbf", unix(-2*time.Hour))
		token.Claims.Set("exp", unix(2*time.Hour))
		all = append(all, carrier{leaf, list, token.Compact()})
	}
	for leaf := range leaves {
		for _, of := range statements() {
			add(leaf, of)
			for _, above := range statements() {
				add(leaf, of, above)
			}
		}
	}
	return root, all
}

// The outcome for a token depends on the set of staples seen, the token and the
// time: not on their order, and not on what the caches hold.
func TestRevocationsInEveryOrder(t *testing.T) {
	root, all := carriers()
	const length = 7
	sizes := map[string]CacheSizes{
		"cached": {Tokens: 1 << 20, Headers: 1 << 20, Certificates: 1 << 20}, "no tokens": {Tokens: -1, Headers: 1 << 20, Certificates: 1 << 20},
		"tiny": {Tokens: 12_000, Headers: 14_000, Certificates: 12_000}, "none": none,
	}
	n := exhaustive.Of(t, 3000, 150)
	reasons := make(map[stapled.Reason]int)
	for seed := range n {
		random := rand.New(rand.NewPCG(uint64(seed), 10))
		at := new(clock)
		verifiers := make(map[string]*Verifier)
		for name, size := range sizes {
			verifiers[name] = newVerifier(t, Config{
				Anchors: anchors(root), Audience: "orders", Now: at.read, Cache: size,
				MaxStapleAge: oldest, Leeway: tolerance, MaxLifetime: 24 * time.Hour,
			})
		}
		// A few tokens in any order, some of them again, most at one time.
		some := make([]*carrier, 4)
		for i := range some {
			// Most leaves are good, so that the intermediate decides.
			for some[i] == nil || some[i].staples[0].status != testca.Good && random.IntN(8) > 0 {
				some[i] = &all[random.IntN(len(all))]
			}
		}
		var seen []sight
		var since time.Duration
		for step := range length {
			if random.IntN(3) == 0 {
				since += time.Duration(random.IntN(9)) * time.Minute
			}
			c := some[random.IntN(len(some))]
			for i, s := range c.staples {
				seen = append(seen, sight{c.certOf(i), s, since})
			}
			want := oracle(seen, c, since)
			reasons[want]++
			at.now = after(since)
			for name, v := range verifiers {
				if _, got := v.outcome(t, c.raw); got != want {
					t.Fatalf("sequence %d, step %d, %s: %q, want %q for %+v, seen %+v at %s", seed, step, name, got, want, c.staples, seen, since)
				}
			}
		}
	}
	t.Logf("%v", reasons)
	for _, reason := range []stapled.Reason{"", stapled.CertificateRevoked, stapled.StapleStale, stapled.StapleNotYetValid, stapled.StapleUnknown} {
		if reasons[reason] == 0 {
			t.Errorf("no outcome is %q: this test has lost its object", reason)
		}
	}
}

// permutations calls visit with every order of every subset of at most this many
// numbers below n.
func permutations(n, most int, visit func([]int)) {
	var extend func(list []int)
	extend = func(list []int) {
		visit(list)
		for next := 0; len(list) < most && next < n; next++ {
			if !slices.Contains(list, next) {
				extend(append(list, next))
			}
		}
	}
	extend(make([]int, 0, most))
}

// Every order of every few staples of a CA gives what the oracle says, for the
// CA without a staple and with each good one.
func TestRevocationsOfEveryPermutation(t *testing.T) {
	w := theWorld()
	list := statements()
	staples := make([]provenStaple, len(list))
	id := certificateIDOf(w.intermediate.Cert, w.root.Cert)
	for i, s := range list {
		staples[i] = provenStaple{authentic(t, w.intermediate, s.edit), id}
	}
	freshness := ocspstaple.Freshness{MaxAge: oldest, Leeway: tolerance}
	good := statement{status: testca.Good, this: -24 * time.Hour, next: 24 * time.Hour}
	n := 0
	permutations(len(list), exhaustive.Of(t, 5, 4), func(order []int) {
		var r revocations
		var seen []sight
		for _, i := range order {
			r.learn(staples[i], true, testca.Now, freshness)
			seen = append(seen, sight{0, list[i], 0})
		}
		for _, at := range []time.Duration{0, 3 * time.Minute, 9*time.Minute + time.Second, 20 * time.Minute, 21*time.Minute + time.Second} {
			n++
			// The oracle is about a token whose leaf has a good staple; so is this.
			leaf := good
			leaf.this = at
			got := reasonOf(r.checkUnstapled(id, after(at)))
			if want := oracle(seen, &carrier{staples: []statement{leaf}}, at); got != want {
				t.Fatalf("%v at %s, without a staple: %q, want %q", order, at, got, want)
			}
			for i, s := range list {
				if s.status != testca.Good || !s.fresh(at) {
					continue
				}
				got := reasonOf(r.checkStapled(staples[i], after(at), freshness))
				if want := oracle(seen, &carrier{staples: []statement{leaf, s}}, at); got != want {
					t.Fatalf("%v at %s, with %+v: %q, want %q", order, at, s, got, want)
				}
			}
		}
	})
	t.Logf("%d outcomes", n)
}

func reasonOf(err error) stapled.Reason {
	var e *stapled.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// Of two holds of one second, the one that is fresh for longer counts.
func TestRevocationsOfTheSameSecond(t *testing.T) {
	w := theWorld()
	id := certificateIDOf(w.intermediate.Cert, w.root.Cert)
	freshness := ocspstaple.Freshness{MaxAge: oldest, Leeway: tolerance}
	short := statement{testca.Revoked, 6, false, -time.Minute, time.Minute}
	long := statement{testca.Revoked, 6, false, -time.Minute, 5 * time.Minute}
	for _, order := range [][]statement{{short, long}, {long, short}} {
		var r revocations
		for _, s := range order {
			r.learn(provenStaple{authentic(t, w.intermediate, s.edit), id}, true, testca.Now, freshness)
		}
		for at, want := range map[time.Duration]stapled.Reason{
			time.Minute: stapled.CertificateRevoked, 5 * time.Minute: stapled.CertificateRevoked, 5*time.Minute + 1: "",
		} {
			if got := reasonOf(r.checkUnstapled(id, after(at))); got != want {
				t.Errorf("%v at %s: %q", order, at, got)
			}
		}
	}
}

// Most staples say good, and are about leaves. Nothing of them is kept, and they
// cost those that come after them nothing.
func TestGoodLeavesAreNotRemembered(t *testing.T) {
	w := theWorld()
	v := newVerifier(t, w.config(&clock{testca.Now}))
	mustAccept(t, v, w.leaf.Token())
	if n, m := v.revocations.presented.count.Load(), v.revocations.lifts.count.Load(); n != 0 || m != 0 {
		t.Errorf("%d revocations and %d good staples are known", n, m)
	}
	mustAccept(t, v, testca.NewToken(w.leaf, w.leaf.Staple(), w.intermediate.Staple()).Compact())
	if n, m := v.revocations.presented.count.Load(), v.revocations.lifts.count.Load(); n != 0 || m != 1 {
		t.Errorf("%d revocations and %d good staples are known, after one of a CA", n, m)
	}
}

// A CA that says that it will revoke next year does not keep its revocations
// longer than others theirs.
func TestRevocationFromTheFutureIsNotTheNewest(t *testing.T) {
	w := theWorld()
	freshness := ocspstaple.Freshness{MaxAge: oldest, Leeway: tolerance}
	staple := authentic(t, w.leaf, func(r *testca.Response) {
		r.Singles[0].Status, r.Singles[0].RevokedAt = testca.Revoked, testca.Now.AddDate(1, 0, 0)
	})
	var r revocations
	r.learn(provenStaple{staple, numbered(0)}, false, testca.Now, freshness)
	for n := 1; n <= maxKnown; n++ {
		r.presented.mention(n, after(time.Second), testca.Now, after(time.Hour))
	}
	if r.presented.knows(0, testca.Now) || !r.presented.knows(maxKnown, testca.Now) {
		t.Error("it has outlived those that came later")
	}
}

// A token seen before still costs no allocation when revocations are known.
func TestRevocationsDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector sync.Pool forgets at random: run without -race")
	}
	w := theWorld()
	v := newVerifier(t, w.config(&clock{testca.Now}))
	mustReject(t, v, tokenWith(w.intermediate.Leaf(), since(time.Minute, testca.Revoked)), stapled.CertificateRevoked)
	raw := w.leaf.Token()
	mustAccept(t, v, raw)
	if n := testing.AllocsPerRun(100, func() { mustAccept(t, v, raw) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
