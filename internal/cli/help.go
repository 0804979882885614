// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// WidestText is the maximum width of text, however wide the terminal is.
const WidestText = 100

// Help describes a command, as wide as the terminal. It does not wrap text that
// people copy.
func (a *Console) Help(cmd *cobra.Command) string {
	h := manual{Terminal: terminal.Of(a.Stdout)}
	h.Width = min(h.Width, WidestText)
	h.text(cmd.Long)
	h.title("Usage")
	usage := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		usage += " COMMAND"
	}
	h.item("  ", "", usage)
	if cmd.Example != "" {
		h.title("Examples")
		h.WriteString(cmd.Example + "\n")
	}
	if cmd.HasAvailableSubCommands() {
		h.title("Commands")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() || sub.Name() == "help" {
				h.item("  "+strings.Repeat(" ", sub.NamePadding()+1), "  "+sub.Name(), sub.Short)
			}
		}
	}
	h.flags(cmd)
	if cmd.HasAvailableSubCommands() {
		h.WriteString("\n")
		h.text(fmt.Sprintf("%s COMMAND --help says more about a command.", cmd.CommandPath()))
	}
	return h.String()
}

// manual is a help text under construction.
type manual struct {
	terminal.Terminal
	strings.Builder
}

func (h *manual) title(name string) {
	h.WriteString("\n" + h.Paint(terminal.Bold, name+":") + "\n")
}

// text writes paragraphs separated by empty lines. An indented line stays as it
// is.
func (h *manual) text(text string) {
	var paragraph []string
	end := func() {
		for _, line := range terminal.Fill(strings.Join(paragraph, " "), h.Width) {
			h.WriteString(line + "\n")
		}
		paragraph = nil
	}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		switch {
		case line == "":
			end()
			h.WriteString("\n")
		case line[0] == ' ':
			end()
			h.WriteString(line + "\n")
		default:
			paragraph = append(paragraph, line)
		}
	}
	end()
}

// item writes a label, and text beside it in a column as wide as the indent. A
// wider label gets its own line.
func (h *manual) item(indent, label, text string) {
	lines := terminal.Fill(text, h.Width-len(indent))
	if utf8.RuneCountInString(label) >= len(indent) && label != "" {
		h.WriteString(label + "\n")
		label = ""
	}
	for _, line := range lines {
		h.WriteString(label + indent[min(len(label), len(indent)):] + line + "\n")
		label = ""
	}
}

// flags lists the flags in the order of their definition, and grouped flags
// under their title.
func (h *manual) flags(cmd *cobra.Command) {
	const ownTitle, inheritedTitle = "Flags", "Global flags"
	titles, groups := []string{ownTitle}, make(map[string][]*pflag.Flag)
	// Labels get at most two fifths of a line, and texts at least 30 columns.
	column, widest := len("      --"), min(h.Width*2/5, h.Width-30)
	add := func(title string, f *pflag.Flag) {
		if f.Hidden {
			return
		}
		if groups[title] == nil && title != ownTitle {
			titles = append(titles, title)
		}
		groups[title] = append(groups[title], f)
		if n := len(label(f)); n <= widest {
			column = max(column, n)
		}
	}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if group := f.Annotations[groupTitle]; len(group) > 0 {
			add(group[0], f)
		} else {
			add(ownTitle, f)
		}
	})
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) { add(inheritedTitle, f) })
	for _, title := range titles {
		if len(groups[title]) == 0 {
			continue
		}
		h.title(title)
		for _, f := range groups[title] {
			h.item(strings.Repeat(" ", column+2), label(f), f.Usage+defaultOf(f))
		}
	}
}

// label returns a flag with the name of its value.
func label(f *pflag.Flag) string {
	text := "      --" + f.Name
	if f.Shorthand != "" {
		text = "  -" + f.Shorthand + ", --" + f.Name
	}
	if value := f.Annotations[valueName]; len(value) > 0 {
		text += " " + value[0]
	}
	return text
}

// defaultOf returns the default of a flag; empty if its usage says it, or if it
// has none.
func defaultOf(f *pflag.Flag) string {
	value := f.DefValue
	if d, err := time.ParseDuration(value); err == nil && isDuration(f) {
		value = timetext.Duration(d)
	}
	switch value {
	case "", "false", "0", "0s", "[]":
		return ""
	}
	return " (default " + value + ")"
}

// NewHelpCommand replaces cobra's own, which reports an unknown command on
// stdout and with status 0.
func NewHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		Long:  "Print the help of a command, as --help does.",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil {
				return Usagef("%w", err)
			}
			if len(rest) > 0 {
				return UnknownCommand(found, rest[0])
			}
			found.InitDefaultHelpFlag() // otherwise only running the command would add it
			return found.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			if found, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				for _, sub := range found.Commands() {
					if sub.IsAvailableCommand() {
						names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// UnknownCommand returns an error that suggests similar commands.
func UnknownCommand(parent *cobra.Command, name string) error {
	const typos = 2
	parent.SuggestionsMinimumDistance = typos
	text := fmt.Sprintf("there is no command %q", name)
	if near := parent.SuggestionsFor(name); name != "" && len(near) > 0 {
		text += fmt.Sprintf(" (did you mean %s?)", strings.Join(near, " or "))
	}
	return &usageError{err: fmt.Errorf("%s", text), of: parent}
}
