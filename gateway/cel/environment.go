// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cel

import (
	"fmt"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/strictjson"
)

// withoutTimeZones are the functions that look at a timestamp in a time zone.
// They read the tables of the machine, and no condition can ask for the time.
var withoutTimeZones = []string{
	overloads.TimeGetFullYear, overloads.TimeGetMonth, overloads.TimeGetDayOfYear, overloads.TimeGetDate,
	overloads.TimeGetDayOfMonth, overloads.TimeGetDayOfWeek, overloads.TimeGetHours, overloads.TimeGetMinutes,
	overloads.TimeGetSeconds, overloads.TimeGetMilliseconds,
}

// environment is what a condition can name. All conditions share it.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	var excluded []*env.Function
	for _, name := range withoutTimeZones {
		excluded = append(excluded, env.NewFunction(name))
	}
	e, err := cel.NewCustomEnv(
		cel.CustomTypeProvider(provider{registry}),
		cel.CustomTypeAdapter(adapter{registry}),
		cel.StdLib(cel.StdLibSubset(&env.LibrarySubset{ExcludeFunctions: excluded})),
		cel.Variable("token", tokenType),
		cel.Variable("request", requestType),
		cel.Function("strings", cel.MemberOverload("token_strings", []*cel.Type{tokenType, cel.StringType},
			cel.ListType(cel.StringType), cel.BinaryBinding(stringsOf))),
		cel.EagerlyValidateDeclarations(true),
		cel.ParserExpressionSizeLimit(MaxExpression),
		cel.ParserRecursionLimit(64),
		cel.ExpressionNodeLimit(4*MaxExpression),
		cel.RegexProgramSizeLimit(1000),
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals(), restrictions{}),
	)
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	return e, nil
})

// restrictions refuses two things that CEL permits. A regular expression must be
// known when the condition is compiled: a caller could bring an expensive one,
// or .*. And there is one token and one request: a condition cannot make its
// own.
type restrictions struct{}

func (restrictions) Name() string { return "stapled.validator.restrictions" }

func (restrictions) Validate(_ *cel.Env, _ cel.ValidatorConfig, tree *ast.AST, issues *cel.Issues) {
	root := ast.NavigateAST(tree)
	for _, call := range ast.MatchDescendants(root, ast.FunctionMatcher(overloads.Matches)) {
		args := call.AsCall().Args()
		if pattern := args[len(args)-1]; pattern.Kind() != ast.LiteralKind {
			issues.ReportErrorAtID(pattern.ID(), "the pattern of matches is not a literal: write it in quotation marks")
		}
	}
	for _, made := range ast.MatchDescendants(root, ast.KindMatcher(ast.StructKind)) {
		issues.ReportErrorAtID(made.ID(), "a condition cannot make a %s: compare its fields", made.AsStruct().TypeName())
	}
}

// sizes knows how large the parts of the largest token and request can be, in
// the unit of their type: bytes, elements or members.
type sizes struct{}

const (
	// maxClaims is the longest JSON that a token can hold: its bytes are base64url.
	maxClaims = stapled.MaxTokenBytes / 4 * 3
	// maxElements is the maximum number of elements of all arrays in the claims
	// together (rule 1.4).
	maxElements = strictjson.MaxElements
	// maxPath is longer than any path that most servers read. A longer one can
	// exceed the limit while the condition is evaluated, which is an error.
	maxPath = 8 << 10
)

// EstimateSize implements cost.Estimator.
func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	path := node.Path()
	switch {
	case len(path) == 0:
		return nil
	case len(path) == 1: // token or request, which are compared by identity
		return upTo(1)
	case path[0] == "request":
		return upTo(maxPath)
	case path[1] == "names" && len(path) == 2:
		return upTo(stapled.MaxNames)
	case path[1] == "names":
		return upTo(stapled.MaxNameBytes)
	case path[1] == "audience" && len(path) == 2:
		return upTo(maxElements)
	}
	return upTo(maxClaims) // a claim may be a long string as well as a list
}

// EstimateCallCost implements cost.Estimator.
func (sizes) EstimateCallCost(_, overload string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	if overload != "token_strings" {
		return nil
	}
	return &cost.CallEstimate{CostEstimate: cost.Estimate{Min: 1, Max: maxElements}, ResultSize: upTo(maxElements)}
}

// CallCost implements cost.ActualCostEstimator: token.strings looks at every
// element.
func (sizes) CallCost(_, overload string, _ []ref.Val, result ref.Val) *uint64 {
	list, ok := result.(traits.Sizer)
	if overload != "token_strings" || !ok {
		return nil
	}
	elements, ok := list.Size().(types.Int)
	if !ok {
		return nil
	}
	spent := max(uint64(elements), 1)
	return &spent
}

func upTo(most uint64) *cost.SizeEstimate { return &cost.SizeEstimate{Max: most} }

// advice says what to write in place of what does not compile.
func advice(message string) string {
	switch {
	case strings.HasPrefix(message, "Syntax error: token recognition error at: '="):
		return "; write == to compare"
	case strings.HasPrefix(message, "undefined field"), strings.HasPrefix(message, "undeclared reference"):
		return "; a condition can read token (" + strings.Join(fieldNames(tokenFields), ", ") + ", strings(name)) and request (" +
			strings.Join(fieldNames(requestFields), ", ") + ")"
	case strings.HasPrefix(message, "found no matching overload"):
		if strings.Contains(message, operators.LogicalAnd) || strings.Contains(message, operators.LogicalOr) {
			return "; both sides must be true or false"
		}
		return "; both sides must have the same type"
	}
	return ""
}
