// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package zerotest tests that the zero value of an exported type never panics.
package zerotest

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// Methods calls every exported method of each value, which is a pointer to a
// zero value, and fails for each that panics. An argument is the first of args
// that fits its type, otherwise a canceled context, a request, a recorder, a
// string, or its zero value.
// A handler that a method returns serves a request.
//
// A type that is not listed is not tested; so each package lists the types that
// have exported methods.
func Methods(t *testing.T, values []any, args ...any) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	args = append(args, ctx, httptest.NewRequest(http.MethodGet, "http://test.example/", strings.NewReader("")), httptest.NewRecorder(),
		"a.b.c", time.Now())
	for _, value := range values {
		v := reflect.ValueOf(value)
		if v.Kind() != reflect.Pointer || !v.Elem().IsZero() {
			t.Fatalf("%T is not a pointer to a zero value", value)
		}
		if v.NumMethod() == 0 {
			t.Errorf("%T has no exported method", value)
		}
		for i := range v.NumMethod() {
			name := fmt.Sprintf("%T.%s", value, v.Type().Method(i).Name)
			t.Run(strings.TrimPrefix(name, "*"), func(t *testing.T) {
				defer func() {
					if p := recover(); p != nil {
						t.Errorf("panics: %v\n%s", p, debug.Stack())
					}
				}()
				method := reflect.New(v.Type().Elem()).MethodByName(v.Type().Method(i).Name)
				for _, result := range method.Call(arguments(method.Type(), args)) {
					if h, ok := result.Interface().(http.Handler); ok && h != nil {
						h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://test.example/", nil))
					}
				}
			})
		}
	}
}

func arguments(method reflect.Type, args []any) []reflect.Value {
	var in []reflect.Value
	for i := range method.NumIn() {
		if method.IsVariadic() && i == method.NumIn()-1 {
			break
		}
		value := reflect.Zero(method.In(i))
		for _, arg := range args {
			if reflect.TypeOf(arg).AssignableTo(method.In(i)) {
				value = reflect.ValueOf(arg)
				break
			}
		}
		in = append(in, value)
	}
	return in
}
