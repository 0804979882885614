// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stapledjwt/stapled/internal/timetext"
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

// localFlags is how cobra's template shows the flags of a command.
const localFlags = "Flags:\n{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}"

// usageTemplate is cobra's, in 80 columns.
func usageTemplate(own string) string {
	template := strings.Replace(new(cobra.Command).UsageTemplate(), localFlags, own, 1)
	return strings.ReplaceAll(template, "Flags.FlagUsages ", fmt.Sprintf("Flags.FlagUsagesWrapped %d ", standardWidth))
}

// layOut shows the flags of a command in the order in which they were defined,
// and those in a group below its title.
func layOut(cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag() // which comes last
	titles, groups := []string{"Flags"}, map[string]*pflag.FlagSet{}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.VisitAll(func(f *pflag.Flag) {
		if cmd.InheritedFlags().Lookup(f.Name) != nil {
			return // these have a title of their own
		}
		title := titles[0]
		if own := f.Annotations[groupTitle]; len(own) > 0 {
			title = own[0]
		}
		if groups[title] == nil {
			groups[title] = pflag.NewFlagSet("", pflag.ContinueOnError)
			groups[title].SortFlags = false
		}
		if !slices.Contains(titles, title) {
			titles = append(titles, title)
		}
		groups[title].AddFlag(f)
	})
	var parts []string
	for _, title := range titles {
		parts = append(parts, title+":\n"+strings.TrimRight(groups[title].FlagUsagesWrapped(standardWidth), "\n"))
	}
	cmd.SetUsageTemplate(usageTemplate(strings.Join(parts, "\n\n")))
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
func permitOnce(f *pflag.Flag) {
	if _, list := f.Value.(pflag.SliceValue); list {
		return
	}
	if d, err := time.ParseDuration(f.DefValue); err == nil && f.Value.Type() == "duration" {
		f.DefValue = timetext.Duration(d)
		if d == 0 { // to pflag, no default only where it knows the type
			f.DefValue = ""
		}
	}
	f.Value = &once{Value: f.Value}
}

// flagError words what pflag has found.
func flagError(err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) && errors.Is(err, errTwice) {
		return usagef("--%s is given twice: give it once", invalid.GetFlag().Name)
	}
	return usagef("%w", err)
}
