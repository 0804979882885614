// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package cel makes rules of a gateway from conditions in the Common Expression
// Language (CEL), which Kubernetes and Envoy use as well:
//
//	token.issuer == "https://orders.internal" && request.method == "POST"
//
// [Compile] checks the types and the cost of a condition. What it accepts is a
// [gateway.Rule]: it lets in the calls for which the condition is true. A
// condition that cannot be evaluated lets nobody in, and neither does one that
// costs more than [CostLimit].
//
// # The token
//
//	token.issuer      string            iss, proven to be a name of the certificate
//	token.identity    string            the certificate's first URI, or else its first DNS name
//	token.names       list of strings   its URIs, then its DNS names
//	token.subject     string            sub, or ""
//	token.id          string            jti
//	token.audience    list of strings   aud
//	token.issued_at   timestamp         iat
//	token.expires_at  timestamp         exp
//	token.anchor      string            the label of the anchor, or ""
//	token.claims      map               all claims, decoded
//	token.strings(c)  list of strings   the claim c, which must be an array of strings
//
// The names are those within the scope of the anchor. A claim that the token
// does not have is an error, unless has(token.claims.NAME) asks first. An integer
// in a claim is an int, any other number a double. Reading an integer that not
// every JSON parser can represent, beyond ±(2^53-1), ends the evaluation (RFC
// 8259 §6). token.strings is an error if the claim is missing, is no array, or
// has an element that is no string.
//
// # The request
//
//	request.method          string   as sent, such as "GET"
//	request.scheme          string   "http" or "https"
//	request.host            string   in lower case, without the port
//	request.path            string   decoded, as it chose the route, without the query
//	request.remote_address  string   the IP address of the client, without the port
//
// Neither the query nor any header is there: clients choose them, and two
// programs may read them differently.
//
// # Functions
//
// The macros and functions are those of the standard library of CEL, without
// the ones for time zones, which read files. The pattern of matches (RE2) must be
// a literal, so that no token can bring its own.
package cel

import (
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/stapledjwt/stapled/gateway"
)

const (
	// CostLimit is the most that a condition may cost, in the units of CEL:
	// about one for each step, and one for every ten bytes of a string that is
	// looked at. Compile refuses a condition that could cost more for the largest
	// token. Such a condition would take some 30 ms.
	CostLimit = 250_000
	// MaxExpression is the length of the longest condition, in code points.
	MaxExpression = 4096
)

// Compile returns the rule of a condition. The error is one line with the place
// in the expression.
func Compile(expression string) (gateway.Rule, error) {
	return compile(expression, CostLimit, CostLimit)
}

// compile is Compile with other limits, for what is estimated and for what is
// spent.
func compile(expression string, estimated, spent uint64) (gateway.Rule, error) {
	env, err := environment()
	if err != nil {
		return nil, err
	}
	// 1. Syntax and types.
	if strings.TrimSpace(expression) == "" {
		return nil, errors.New("the condition is empty: write true to let in every accepted token")
	}
	checked, issues := env.Compile(expression)
	if err := explain(issues); err != nil {
		return nil, err
	}
	// 2. The value is a boolean. A claim may have any type, so a claim alone is
	// none.
	switch output := checked.OutputType(); {
	case output.IsExactType(types.DynType):
		return nil, errors.New("line 1, column 1: the condition may have any type: compare the claim with a value, such as token.claims.admin == true")
	case !output.IsExactType(types.BoolType):
		return nil, fmt.Errorf("line 1, column 1: the condition is a %s: compare it with a value, so that it is true or false", output)
	}
	// 3. The cost for the largest token.
	estimate, err := env.EstimateCost(checked, sizes{})
	switch {
	case err != nil:
		return nil, fmt.Errorf("estimate the cost of the condition: %w", err)
	case estimate.Max > estimated:
		return nil, fmt.Errorf("line 1, column 1: the condition could cost %d for a large token, and the limit is %d: do not loop over claims within a loop, and use token.strings for lists", estimate.Max, estimated)
	}
	// 4. The program, with the same limit while it runs.
	program, err := env.Program(checked, cel.CostTracking(sizes{}), cel.CostLimit(spent), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, fmt.Errorf("plan the condition: %w", err)
	}
	return &condition{expression: expression, program: program}, nil
}

// condition is a compiled expression. It is safe for concurrent use.
type condition struct {
	expression string
	program    cel.Program
}

// Permits evaluates the condition.
func (c *condition) Permits(call gateway.Call) (bool, error) {
	permitted, _, err := c.evaluate(call)
	return permitted, err
}

// evaluate returns the value and what it cost.
func (c *condition) evaluate(call gateway.Call) (permitted bool, spent uint64, err error) {
	value, details, err := c.program.Eval(variables(call))
	if details != nil && details.ActualCost() != nil {
		spent = *details.ActualCost()
	}
	if err != nil {
		return false, spent, err
	}
	answer, ok := value.(types.Bool)
	if !ok {
		return false, spent, fmt.Errorf("the value is a %s, not a bool", value.Type())
	}
	return bool(answer), spent, nil
}

// String returns the expression.
func (c *condition) String() string { return c.expression }

// explain returns the first issue in one line.
func explain(issues *cel.Issues) error {
	if issues == nil || len(issues.Errors()) == 0 {
		return nil
	}
	first := issues.Errors()[0]
	message, _, _ := strings.Cut(first.Message, "\n")
	message = strings.ReplaceAll(message, " (in container '')", "")
	return fmt.Errorf("line %d, column %d: %s%s", first.Location.Line(), first.Location.Column()+1, message, advice(message))
}
