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

	"github.com/stapledjwt/stapled"
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
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals(), literalPatterns{}),
	)
	if err != nil {
		return nil, fmt.Errorf("set up CEL: %w", err)
	}
	return e, nil
})

// literalPatterns refuses regular expressions that are not known when the
// condition is compiled: a caller could bring an expensive one, or .*.
type literalPatterns struct{}

func (literalPatterns) Name() string { return "stapled.validator.literal_patterns" }

func (literalPatterns) Validate(_ *cel.Env, _ cel.ValidatorConfig, tree *ast.AST, issues *cel.Issues) {
	for _, call := range ast.MatchDescendants(ast.NavigateAST(tree), ast.FunctionMatcher(overloads.Matches)) {
		args := call.AsCall().Args()
		if pattern := args[len(args)-1]; pattern.Kind() != ast.LiteralKind {
			issues.ReportErrorAtID(pattern.ID(), "the pattern of matches is not a literal: write it in quotation marks")
		}
	}
}

// sizes knows how large the parts of a token and a request can be.
type sizes struct{}

// maxClaims is the longest JSON that a token can hold: its bytes are base64url.
const maxClaims = stapled.MaxTokenBytes / 4 * 3

// maxTarget is the longest host or path. net/http reads headers of at most 1 MiB,
// and other servers much less.
const maxTarget = 1 << 20

func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	path := node.Path()
	if len(path) == 0 {
		return nil
	}
	most := uint64(maxClaims)
	if path[0] == "request" {
		most = maxTarget
	}
	return &cost.SizeEstimate{Min: 0, Max: most}
}

func (sizes) EstimateCallCost(function, overload string, target *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
	if overload != "token_strings" {
		return nil
	}
	size := cost.SizeEstimate{Min: 0, Max: maxClaims}
	return &cost.CallEstimate{CostEstimate: cost.CostEstimate{Min: 1, Max: maxClaims}, ResultSize: &size}
}

// advice says what to write in place of what does not compile.
func advice(message string) string {
	switch {
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

var _ ref.Val = (*object)(nil)
