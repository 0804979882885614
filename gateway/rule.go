// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"strings"

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
	// Path is the path that chose the route: decoded, so that it has one
	// spelling only. It is the raw path if that is not canonical, which only a
	// route with UnsafeRawPath lets through.
	Path string

	claims *decodedClaims
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

// permits returns the first rule that lets the call in.
func permits(rules []Rule, call Call) (Rule, error) {
	var failed error
	for _, rule := range rules {
		ok, err := rule.Permits(call)
		switch {
		case err != nil:
			failed = fmt.Errorf("%s: %w", rule, err)
		case ok:
			return rule, nil
		}
	}
	if failed != nil {
		return nil, stapled.Errorf(stapled.PolicyFailed, "%s: no rule lets the caller in, and one failed: %w", caller(call.Token), failed)
	}
	return nil, stapled.Errorf(stapled.PolicyDenied, "%s is not one of the callers: %s", caller(call.Token), listed(rules))
}

// caller names the bearer of an accepted token for the log.
func caller(t verifier.Token) string {
	return fmt.Sprintf("iss %q (certificate %s)", t.Issuer(), t.Identity())
}

// listed returns the first rules as text.
func listed(rules []Rule) string {
	const most = 5
	var all []string
	for _, rule := range rules[:min(len(rules), most)] {
		all = append(all, rule.String())
	}
	if more := len(rules) - most; more > 0 {
		all = append(all, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, ", ")
}
