// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
)

// padded makes a token of exactly this size, with a claim and a header member.
func padded(t *testing.T, token *testca.Token, size int) string {
	t.Helper()
	for _, pad := range []string{"", "x", "xx"} {
		token.Header.Set("pad", pad)
		token.Claims.Set("pad", "")
		about := (size - len(token.Compact())) * 3 / 4
		for n := about - 4; n < about+4; n++ {
			token.Claims.Set("pad", strings.Repeat("x", n))
			if raw := token.Compact(); len(raw) == size {
				return raw
			}
		}
	}
	t.Fatalf("no token of %d bytes", size)
	return ""
}

func TestTokenSize(t *testing.T) {
	w := theWorld()
	for _, c := range []struct {
		size int
		want stapled.Reason
	}{{stapled.MaxTokenBytes, ""}, {stapled.MaxTokenBytes + 1, stapled.TooLarge}, {stapled.MaxTokenBytes + 2, stapled.TooLarge}} {
		t.Run(fmt.Sprint(c.size), func(t *testing.T) {
			raw := padded(t, testca.NewToken(w.leaf, w.leaf.Staple()), c.size)
			v := newVerifier(t, w.config(&clock{testca.Now}))
			if c.want == "" {
				mustAccept(t, v, raw)
				mustAccept(t, v, raw)
			} else {
				mustReject(t, v, raw, c.want)
			}
		})
	}
	t.Run("1 MiB", func(t *testing.T) {
		v := newVerifier(t, w.config(&clock{testca.Now}))
		for _, c := range []string{"a", ".", "=", " "} {
			mustReject(t, v, strings.Repeat(c, 1<<20), stapled.TooLarge)
		}
	})
}

// The limits of certificates and staples count decoded bytes, exactly.
func TestDecodedSizes(t *testing.T) {
	for _, c := range []struct {
		member string
		sizes  []int
		ok     bool
	}{
		{"ocsp", []int{stapled.MaxStapleBytes - 2}, true},
		{"ocsp", []int{stapled.MaxStapleBytes - 1}, true},
		{"ocsp", []int{stapled.MaxStapleBytes}, true},
		{"ocsp", []int{stapled.MaxStapleBytes + 1}, false},
		{"ocsp", []int{stapled.MaxStapleBytes + 2}, false},
		{"ocsp", []int{1, 1, 1, 1, stapled.MaxStapleBytes - 4}, true},
		{"ocsp", []int{1, 1, 1, 1, stapled.MaxStapleBytes - 3}, false},
		{"x5c", []int{stapled.MaxChainBytes - 2}, true},
		{"x5c", []int{stapled.MaxChainBytes - 1}, true},
		{"x5c", []int{stapled.MaxChainBytes}, true},
		{"x5c", []int{stapled.MaxChainBytes + 1}, false},
		{"x5c", []int{2, 2, 2, 2, stapled.MaxChainBytes - 8}, true},
		{"x5c", []int{2, 2, 2, 2, stapled.MaxChainBytes - 7}, false},
	} {
		t.Run(fmt.Sprint(c.member, c.sizes), func(t *testing.T) {
			var values [][]byte
			for _, size := range c.sizes {
				values = append(values, make([]byte, size))
			}
			_, err := parseHeader(string(testca.Members{{Name: c.member, Value: encodeStaples(values...)}}.Bytes()))
			if ok := err == nil; ok != c.ok {
				t.Errorf("accepted is %t: %v", ok, err)
			}
		})
	}
	// Text that is not base64 must not make up for text that is.
	if _, err := parseHeader(fmt.Sprintf(`{"ocsp":[%q,%q]}`, strings.Repeat("=", 4000), strings.Repeat("AAAA", 2731))); err == nil {
		t.Error("padding is counted below zero")
	}
}

// A leaf directly below an anchor has room for the largest staple.
func TestLargestStaple(t *testing.T) {
	w := theWorld()
	leaf := w.root.Leaf()
	at := &clock{testca.Now}
	for _, c := range []struct {
		size int
		want stapled.Reason
	}{{stapled.MaxStapleBytes, ""}, {stapled.MaxStapleBytes + 1, stapled.TooLarge}} {
		t.Run(fmt.Sprint(c.size), func(t *testing.T) {
			fill := c.size - 300
			der := []byte(nil)
			for range 200 {
				der = leaf.Staple(func(r *testca.Response) {
					r.Extensions = []testca.Extension{{ID: []int{1, 3, 6, 1, 4, 1, 55555, 4}, Value: make([]byte, fill)}}
				})
				if len(der) == c.size {
					break
				}
				// The signature is of varying size.
				fill += (c.size - len(der)) / 2
				if d := c.size - len(der); d == 1 || d == -1 {
					fill += d
				}
			}
			if len(der) != c.size {
				t.Fatalf("a staple of %d bytes", len(der))
			}
			token := testca.NewToken(leaf, der)
			token.Claims.Set("exp", unix(5*time.Minute))
			v := newVerifier(t, w.config(at))
			if c.want == "" {
				mustAccept(t, v, token.Compact())
			} else {
				mustReject(t, v, token.Compact(), c.want)
			}
		})
	}
}

// A verifier without a limit on lifetimes still requires the time when a token
// was issued. No published policy can express this: its limit is a number of
// seconds.
func TestForgeriesOfLifetimes(t *testing.T) {
	w := theWorld()
	cfg := w.config(&clock{testca.Now})
	cfg.MaxLifetime = math.MaxInt64
	v := newVerifier(t, cfg)
	mustAccept(t, v, w.leaf.Token())
	for _, claim := range []string{"iat", "nbf", "exp"} {
		t.Run("T14_"+claim+"_absent", func(t *testing.T) {
			mustReject(t, v, w.leaf.Token(func(t *testca.Token) { t.Claims.Drop(claim) }), stapled.ClaimsInvalid)
		})
	}
}
