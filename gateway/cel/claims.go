// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cel

import (
	"encoding/json"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// maxInteger is the largest integer up to which every JSON parser represents
// every integer (RFC 8259 §6).
const maxInteger = 1<<53 - 1

// stringsOf implements token.strings(name).
func stringsOf(token, name ref.Val) ref.Val {
	o, ok := token.(*object)
	if !ok {
		return types.MaybeNoSuchOverloadErr(token)
	}
	key, ok := name.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(name)
	}
	claims, err := o.call.Claims()
	if err != nil {
		return types.WrapErr(err)
	}
	claim, ok := claims[string(key)]
	if !ok {
		return types.NewErr("the token has no claim %q", string(key))
	}
	elements, ok := claim.([]any)
	if !ok {
		return types.NewErr("the claim %q is not an array", string(key))
	}
	list := make([]string, len(elements))
	for i, element := range elements {
		if list[i], ok = element.(string); !ok {
			return types.NewErr("the claim %q has an element that is not a string", string(key))
		}
	}
	return types.NewStringList(types.DefaultTypeAdapter, list)
}

// adapter gives CEL the values of claims.
type adapter struct{ types.Adapter }

// NativeToValue implements types.Adapter.
func (a adapter) NativeToValue(value any) ref.Val {
	switch v := value.(type) {
	case json.Number:
		return number(string(v))
	case map[string]any:
		return types.NewStringInterfaceMap(a, v)
	case []any:
		return types.NewDynamicList(a, v)
	}
	return a.Adapter.NativeToValue(value)
}

// number returns an integer as an int, and any other number as a double.
//
// An integer beyond the limit ends the whole evaluation. An error value would
// not be enough: lists and maps of CEL compare as equal if the comparison of
// two elements is an error.
func number(text string) ref.Val {
	if !strings.ContainsAny(text, ".eE") {
		integer, err := strconv.ParseInt(text, 10, 64)
		if err != nil || integer > maxInteger || integer < -maxInteger {
			abort("an integer in a claim is beyond ±(2^53-1)")
		}
		return types.Int(integer)
	}
	double, err := strconv.ParseFloat(text, 64)
	if err != nil {
		abort("a number in a claim is too large for a double")
	}
	return types.Double(double)
}

// abort ends an evaluation with an error, as cel-go does itself when a limit is
// exceeded: cel.Program.Eval returns it.
func abort(message string) { panic(interpreter.EvalCancelledError{Message: message}) }
