// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"slices"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
)

// The zero Token is empty, and nothing panics.
func TestZeroToken(t *testing.T) {
	var token Token
	for name, text := range map[string]string{
		"Issuer": token.Issuer(), "Identity": token.Identity(), "Subject": token.Subject(), "ID": token.ID(),
	} {
		if text != "" {
			t.Errorf("%s is %q", name, text)
		}
	}
	for name, at := range map[string]time.Time{
		"IssuedAt": token.IssuedAt(), "NotBefore": token.NotBefore(), "Expiry": token.Expiry(), "FreshUntil": token.FreshUntil(),
	} {
		if !at.IsZero() {
			t.Errorf("%s is %s", name, at)
		}
	}
	if values := token.Audience(); len(values) != 0 {
		t.Errorf("Audience is %q", values)
	}
	if leaf, err := token.Leaf(); err == nil || leaf != nil {
		t.Errorf("Leaf is %v, %v", leaf, err)
	}
	claims := map[string]any{}
	if err := token.Decode(&claims); err == nil || len(claims) != 0 {
		t.Errorf("Decode gives %v, %v", claims, err)
	}
	if token.Staple().Status() != ocspstaple.Unknown || token.Staple().Check(testca.Now, ocspstaple.Freshness{}) == nil {
		t.Error("the staple proves something")
	}
}

// A caller cannot change what other callers see of the same token, nor when it
// is rejected.
func TestTokenIsSharedUnchanged(t *testing.T) {
	w := theWorld()
	clock := &clock{testca.Now}
	v := newVerifier(t, w.config(clock))
	delegate := w.intermediate.Delegate()
	raw := w.leaf.Token(func(t *testca.Token) {
		t.Claims.Set("aud", []string{"orders", "invoices"})
		t.Header.Set("ocsp", encodeStaples(w.leaf.Staple(testca.SignedBy(delegate, delegate.Cert))))
	})
	first := mustAccept(t, v, raw)

	audience := first.Audience()
	if !slices.Equal(audience, []string{"orders", "invoices"}) {
		t.Errorf("Audience is %q", audience)
	}
	audience[0] = "payroll"
	leaf, err := first.Leaf()
	if err != nil {
		t.Fatal(err)
	}
	clear(leaf.Raw)
	clear(first.Staple().DER())
	clear(first.Staple().Delegate().Raw)
	first.Staple().Delegate().NotAfter = time.Time{}
	copied := first
	copied.accepted = nil

	again := mustAccept(t, v, raw)
	if again != first {
		t.Error("the same token, seen again, is another value")
	}
	if got := again.Audience(); !slices.Equal(got, []string{"orders", "invoices"}) {
		t.Errorf("Audience is %q", got)
	}
	if leaf, err := again.Leaf(); err != nil || !leaf.Equal(w.leaf.Cert) {
		t.Errorf("Leaf is another: %v", err)
	}
	staple := again.Staple()
	if authentic, err := ocspstaple.Authenticate(staple.DER(), w.leaf.Cert, w.intermediate.Cert, testca.Now, 0); err != nil || authentic.Status() != ocspstaple.Good {
		t.Errorf("the staple is another: %v", err)
	}
	if !staple.Delegate().Equal(delegate.Cert) || !staple.Delegate().NotAfter.Equal(delegate.Cert.NotAfter) {
		t.Error("the delegate is another")
	}
}

func TestAudienceIsOneStringOrSeveral(t *testing.T) {
	w := theWorld()
	v := newVerifier(t, w.config(&clock{testca.Now}))
	for _, row := range []struct {
		name string
		aud  any
		want []string
	}{
		{"a string", "orders", []string{"orders"}},
		{"an array of one", []string{"orders"}, []string{"orders"}},
		{"several, with escapes", []string{"a\"\u00e9", "", "orders"}, []string{"a\"\u00e9", "", "orders"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			token := mustAccept(t, v, w.leaf.Token(func(t *testca.Token) { t.Claims.Set("aud", row.aud) }))
			if got := token.Audience(); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// Reading a cached token allocates nothing either.
func TestAccessorsDoNotAllocate(t *testing.T) {
	w := theWorld()
	v := newVerifier(t, w.config(&clock{testca.Now}))
	raw := w.leaf.Token()
	mustAccept(t, v, raw)
	var token Token
	n := testing.AllocsPerRun(100, func() {
		token, _ = v.Verify(raw)
		if token.Issuer() == "" || token.Identity() == "" || token.ID() == "" || token.FreshUntil().IsZero() {
			t.Error("a token without a value")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Zero leeway means the default, and [stapled.NoLeeway] none: the first instant
// of a token is within its window, and the one before is not.
func TestNoLeeway(t *testing.T) {
	w := theWorld()
	for _, row := range []struct {
		name   string
		leeway time.Duration
		early  time.Duration // by how much a token may begin later
	}{
		{"default", 0, time.Minute},
		{"none", -1, 0},
		{"a second", time.Second, time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			begins := testca.Now.Add(5 * time.Minute)
			raw := w.leaf.Token(func(t *testca.Token) {
				t.Claims.Set("nbf", begins.Unix())
				t.Claims.Set("iat", begins.Unix())
				t.Claims.Set("exp", begins.Add(time.Minute).Unix())
			})
			clock := &clock{begins.Add(-row.early)}
			cfg := w.config(clock)
			cfg.Leeway = row.leeway
			v := newVerifier(t, cfg)
			mustAccept(t, v, raw)
			clock.now = clock.now.Add(-1)
			mustReject(t, v, raw, "token_not_yet_valid")
		})
	}
}
