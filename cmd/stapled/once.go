// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"

	"github.com/spf13/pflag"
)

// once is a flag that can be given once: of two values, nobody could tell which
// one was meant.
type once struct {
	pflag.Value
	given bool
}

// Set implements pflag.Value.
func (o *once) Set(value string) error {
	if o.given {
		return errors.New("it is given twice")
	}
	o.given = true
	return o.Value.Set(value)
}

// refuseTwice holds for all flags but those that may be repeated.
func refuseTwice(flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if _, repeatable := f.Value.(pflag.SliceValue); repeatable {
			return
		}
		if f.DefValue == "0s" { // to pflag, no default only where it knows the type
			f.DefValue = ""
		}
		f.Value = &once{Value: f.Value}
	})
}
