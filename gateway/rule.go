// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/verifier"
)

// Rule decides whether an accepted token may make a request. A rule can only
// let in: what no rule lets in is refused.
type Rule interface {
	// Permits reports whether the rule lets the call in. A rule that returns an
	// error does not.
	Permits(Call) (bool, error)
	// String is the rule as it stands in a policy file, for logs and
	// explanations.
	String() string
}

// Call is what a rule decides about.
type Call struct {
	// Token is the accepted token.
	Token verifier.Token
	// Request is the request that carries it.
	Request Request
}

// Anyone lets in everybody whose token is accepted.
var Anyone Rule = anyone{}

type anyone struct{}

func (anyone) Permits(Call) (bool, error) { return true, nil }
func (anyone) String() string             { return "any" }

// Issuer lets in tokens whose iss is this exact value.
func Issuer(iss string) Rule { return issuer(iss) }

type issuer string

func (i issuer) Permits(c Call) (bool, error) { return i != "" && c.Token.Issuer() == string(i), nil }
func (i issuer) String() string               { return string(i) }

// permits does what a route asks beyond an accepted token.
func (r *Route) permits(call Call) error {
	var failed error
	for _, rule := range r.Allow {
		ok, err := rule.Permits(call)
		switch {
		case err != nil:
			failed = fmt.Errorf("%s: %w", rule, err)
		case ok:
			return nil
		}
	}
	if failed != nil {
		return stapled.Errorf(stapled.PolicyFailed, "no rule lets the caller in, and one failed: %w", failed)
	}
	return stapled.Errorf(stapled.PolicyDenied, "no rule lets the caller in")
}
