// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// groupTitle is the annotation of a flag that help shows under its own title.
const groupTitle = "group"

// InGroup shows flags under their own title in the help of a command.
func InGroup(cmd *cobra.Command, title string, flags ...string) {
	for _, name := range flags {
		if err := cmd.Flags().SetAnnotation(name, groupTitle, []string{title}); err != nil {
			panic(err) // there is no such flag
		}
	}
}

// valueName is the annotation of a flag with the name of its value.
const valueName = "value"

// NameValues moves the name of a value, marked in the usage of its flag, to an
// annotation: help shows it beside the flag, and completion shows no marks. A
// usage that starts with "`NAME`: " does not repeat it.
func NameValues(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.VisitAll(func(f *pflag.Flag) {
		name, usage := pflag.UnquoteUsage(f)
		if name == "" {
			return
		}
		f.Usage = strings.TrimPrefix(usage, name+": ")
		if f.Annotations == nil {
			f.Annotations = make(map[string][]string)
		}
		f.Annotations[valueName] = []string{name}
	})
}

// once is the value of a flag that may be given once: otherwise a second value
// would silently replace the first.
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

// PermitOnce makes it an error to repeat a flag that does not take a list.
func PermitOnce(root *cobra.Command) {
	wrap := func(f *pflag.Flag) {
		if _, list := f.Value.(pflag.SliceValue); !list {
			f.Value = &once{Value: f.Value}
		}
	}
	root.Flags().VisitAll(wrap)
	root.PersistentFlags().VisitAll(wrap)
	for _, cmd := range Commands(root) {
		cmd.Flags().VisitAll(wrap)
	}
}

// Commands returns every command below one, at any depth.
func Commands(parent *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, cmd := range parent.Commands() {
		all = append(append(all, cmd), Commands(cmd)...)
	}
	return all
}

// FlagError rewords an error of pflag.
func FlagError(err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) && errors.Is(err, errTwice) {
		return Usagef("--%s is given twice: give it once", invalid.GetFlag().Name)
	}
	if invalid != nil && isDuration(invalid.GetFlag()) {
		return Usagef("--%s %q is not a duration: write it like 90s, 5m or 1h30m", invalid.GetFlag().Name, invalid.GetValue())
	}
	return Usagef("%w", err)
}

func isDuration(f *pflag.Flag) bool { return f.Value.Type() == "duration" }

// Complete offers the values of a flag to shell completion.
func Complete(cmd *cobra.Command, flag string, values ...string) {
	CompleteBy(cmd, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// CompleteBy has a function complete the value of a flag.
func CompleteBy(cmd *cobra.Command, flag string, by cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, by); err != nil {
		panic(err) // the flag does not exist, or already has its completion
	}
}
