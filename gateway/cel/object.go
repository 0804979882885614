// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cel

import (
	"fmt"
	"maps"
	"net"
	"reflect"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/stapledjwt/stapled/gateway"
)

var (
	tokenType   = cel.ObjectType("token")
	requestType = cel.ObjectType("request")
)

// field is a field of an object that a condition can read.
type field struct {
	kind *cel.Type
	read func(*object) (any, error)
}

var tokenFields = map[string]field{
	"issuer":     {cel.StringType, func(o *object) (any, error) { return o.call.Token.Issuer(), nil }},
	"identity":   {cel.StringType, func(o *object) (any, error) { return o.call.Token.Identity(), nil }},
	"names":      {cel.ListType(cel.StringType), func(o *object) (any, error) { return o.call.Token.Names(), nil }},
	"subject":    {cel.StringType, func(o *object) (any, error) { return o.call.Token.Subject(), nil }},
	"id":         {cel.StringType, func(o *object) (any, error) { return o.call.Token.ID(), nil }},
	"audience":   {cel.ListType(cel.StringType), func(o *object) (any, error) { return o.call.Token.Audience(), nil }},
	"issued_at":  {cel.TimestampType, func(o *object) (any, error) { return o.call.Token.IssuedAt(), nil }},
	"expires_at": {cel.TimestampType, func(o *object) (any, error) { return o.call.Token.Expiry(), nil }},
	"anchor":     {cel.StringType, func(o *object) (any, error) { return o.call.Token.Anchor().Label, nil }},
	"claims":     {cel.MapType(cel.StringType, cel.DynType), func(o *object) (any, error) { return o.call.Claims() }},
}

var requestFields = map[string]field{
	"method":         {cel.StringType, func(o *object) (any, error) { return o.call.Request.Method, nil }},
	"scheme":         {cel.StringType, func(o *object) (any, error) { return o.call.Request.Target.Scheme, nil }},
	"host":           {cel.StringType, func(o *object) (any, error) { return o.call.Request.Target.Hostname() }},
	"path":           {cel.StringType, func(o *object) (any, error) { return o.call.Path, nil }},
	"remote_address": {cel.StringType, func(o *object) (any, error) { return address(o.call.Request.RemoteAddr), nil }},
}

// objects are the fields by the name of the type, which is also that of its only
// variable.
var objects = map[string]map[string]field{"token": tokenFields, "request": requestFields}

func fieldNames(fields map[string]field) []string { return slices.Sorted(maps.Keys(fields)) }

// address returns an address without its port. The address of a unix socket
// stays as it is.
func address(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}

// object is the token or the request of one call, as CEL sees it.
type object struct {
	kind *types.Type
	call *gateway.Call
}

// variables returns the values for one evaluation.
func variables(call gateway.Call) map[string]any {
	return map[string]any{
		"token":   &object{kind: tokenType, call: &call},
		"request": &object{kind: requestType, call: &call},
	}
}

// Equal implements ref.Val. There is one token and one request.
func (o *object) Equal(other ref.Val) ref.Val { return types.Bool(ref.Val(o) == other) }

// Type implements ref.Val.
func (o *object) Type() ref.Type { return o.kind }

// Value implements ref.Val.
func (o *object) Value() any { return o }

// ConvertToType implements ref.Val.
func (o *object) ConvertToType(kind ref.Type) ref.Val {
	switch kind {
	case o.kind:
		return o
	case types.TypeType:
		return o.kind
	}
	return types.NewErr("a %s is not a %s", o.kind.TypeName(), kind.TypeName())
}

// ConvertToNative implements ref.Val.
func (o *object) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("a %s is no value of Go", o.kind.TypeName())
}

// provider knows the types of token and request.
type provider struct{ types.Provider }

// FindStructType implements types.Provider. The type has the name of the
// variable, so a condition cannot name the type, and cannot make another token.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := objects[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	if fields, ok := objects[name]; ok {
		return fieldNames(fields), true
	}
	return p.Provider.FindStructFieldNames(name)
}

// FindStructFieldType implements types.Provider.
func (p provider) FindStructFieldType(name, fieldName string) (*types.FieldType, bool) {
	fields, ok := objects[name]
	if !ok {
		return p.Provider.FindStructFieldType(name, fieldName)
	}
	f, ok := fields[fieldName]
	if !ok {
		return nil, false
	}
	return &types.FieldType{
		Type:  f.kind,
		IsSet: func(any) bool { return true },
		GetFrom: func(target any) (any, error) {
			o, ok := target.(*object)
			if !ok {
				return nil, fmt.Errorf("%T is not the %s of a call", target, name)
			}
			return f.read(o)
		},
	}, true
}
