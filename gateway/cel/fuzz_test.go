// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cel

import (
	"strings"
	"testing"
)

// FuzzCondition: an expression does not compile, or it is evaluated within the
// limit, to a decision or an error.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		`token.issuer == "https://orders.internal" && request.method == "POST"`,
		`"writer" in token.strings("roles")`,
		`["a", "b"].map(r, r + r).exists(r, r == "aa")`,
		`token.names.exists(n, n.endsWith(".internal"))`,
		`token.claims.list.all(n, n > 0)`,
		`[1, 2, 3].map(a, [1, 2, 3].map(b, a * b)).size() > 2`,
		`token.issuer.matches("^(a|b)*$") || has(token.claims.admin)`,
		`duration("1h") > token.expires_at - token.issued_at`,
		`{"a": token.claims}.a.level == 3`,
		`type(dyn(token.claims.huge)) == int`,
	} {
		if _, err := Compile(seed); err != nil {
			f.Fatalf("the seed %s does not compile: %v", seed, err)
		}
		f.Add(seed)
	}
	call := newCall(f, claims)
	f.Fuzz(func(t *testing.T, expression string) {
		rule, err := Compile(expression)
		switch {
		case (rule == nil) != (err != nil):
			t.Fatalf("%v and %v", rule, err)
		case err != nil:
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
			return
		}
		permitted, spent, err := rule.(*condition).evaluate(call)
		if permitted && err != nil {
			t.Errorf("permitted beside %v", err)
		}
		// The last step may go over the limit before it is noticed.
		if spent > CostLimit && err == nil {
			t.Errorf("cost %d", spent)
		}
		if err != nil && strings.Contains(err.Error(), "internal error") {
			t.Errorf("%s: %v", expression, err)
		}
	})
}
