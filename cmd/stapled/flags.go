// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groupTitle is the annotation of a flag that help shows below a title of its own.
const groupTitle = "group"

func inGroup(cmd *cobra.Command, title string, flags ...string) {
	for _, name := range flags {
		if err := cmd.Flags().SetAnnotation(name, groupTitle, []string{title}); err != nil {
			panic(err) // there is no such flag
		}
	}
}

// valueName is the annotation of a flag with the name of its value.
const valueName = "value"

// nameValues takes the name of a value out of the usage of its flag, where pflag
// wants it in marks: help shows it beside the flag, and completion shows no marks.
func nameValues(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.VisitAll(func(f *pflag.Flag) {
		var name string
		if name, f.Usage = pflag.UnquoteUsage(f); name != "" {
			if f.Annotations == nil {
				f.Annotations = make(map[string][]string)
			}
			f.Annotations[valueName] = []string{name}
		}
	})
}

// once is the value of a flag that may be given once: a second value would hide
// the first, as if nobody had given it.
type once struct {
	pflag.Value
	given bool
}

var errTwice = errors.New("given twice")

// Set implements pflag.Value.
func (o *once) Set(value string) error {
	if o.given {
		return errTwice
	}
	o.given = true
	return o.Value.Set(value)
}

// permitOnce is for every flag that takes no list.
func permitOnce(root *cobra.Command) {
	wrap := func(f *pflag.Flag) {
		if _, list := f.Value.(pflag.SliceValue); !list {
			f.Value = &once{Value: f.Value}
		}
	}
	root.Flags().VisitAll(wrap)
	root.PersistentFlags().VisitAll(wrap)
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(wrap)
	}
}

// flagError words what pflag has found.
func flagError(err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) && errors.Is(err, errTwice) {
		return usagef("--%s is given twice: give it once", invalid.GetFlag().Name)
	}
	if invalid != nil && isDuration(invalid.GetFlag()) {
		return usagef("--%s %q is not a duration: write it like 90s, 5m or 1h30m", invalid.GetFlag().Name, invalid.GetValue())
	}
	return usagef("%w", err)
}

func isDuration(f *pflag.Flag) bool { return f.Value.Type() == "duration" }
