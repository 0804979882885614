// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command mutation removes the checks of stapled one at a time, and reports
// whether a test notices. It does not change the tree: it compiles each mutant
// through an overlay (go help build). See scripts/mutate.sh.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// workers is the number of mutants tested at a time.
const workers = 2

var errNotNoticed = errors.New("a check can be removed without a test noticing")

func main() {
	list := flag.Bool("list", false, "print the table and run nothing")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: mutate.sh [--list] [NAME...]")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *list, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, list bool, names []string) error {
	table := mutations()
	for _, name := range names {
		if !slices.ContainsFunc(table, func(m mutation) bool { return m.name == name }) {
			return fmt.Errorf("no mutation is named %q; see --list", name)
		}
	}
	if len(names) > 0 {
		table = slices.DeleteFunc(table, func(m mutation) bool { return !slices.Contains(names, m.name) })
	}
	if list {
		for _, m := range table {
			fmt.Printf("%-4s %-36s %s, noticed by %s: %s\n", m.rule, m.name, m.pkg, m.tests(), m.selection())
			if m.redundant != "" {
				fmt.Printf("     redundant: %s\n", m.redundant)
			}
		}
		return nil
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return err
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	r := &runner{root: root, dir: dir}
	if err := r.baseline(ctx, table); err != nil {
		return err
	}
	return r.removeAll(ctx, table, len(names) == 0)
}

// verdict is the result of a mutation.
type verdict struct {
	noticedBy []string
	err       error
}

// removeAll removes the checks and prints, in table order, which tests noticed.
// Over the whole table, every row of the catalogue must have noticed something.
func (r *runner) removeAll(ctx context.Context, table []mutation, whole bool) error {
	verdicts := make([]chan verdict, len(table))
	for i := range verdicts {
		verdicts[i] = make(chan verdict, 1)
	}
	work := make(chan int, len(table))
	for i := range table {
		work <- i
	}
	close(work)
	var workersDone sync.WaitGroup
	for range workers {
		workersDone.Go(func() {
			for i := range work {
				by, err := r.remove(ctx, &table[i])
				verdicts[i] <- verdict{by, err}
			}
		})
	}
	defer workersDone.Wait()

	var removed, noticed, redundant int
	var problems []error
	rows := make(map[string]int)
	for i, m := range table {
		v := <-verdicts[i]
		noticing := v.noticedBy
		if m.redundant != "" {
			// The rows named there stay green; the table says why.
			noticing = strings.Fields(m.rows)
		}
		for _, row := range rowsOf(noticing) {
			rows[row]++
		}
		switch {
		case v.err != nil:
			fmt.Printf("%-4s %-36s ERROR\n", m.rule, m.name)
			problems = append(problems, v.err)
		case m.redundant != "":
			redundant++
			if len(v.noticedBy) > 0 {
				problems = append(problems, fmt.Errorf("%s is listed as redundant, but %s turns red", m.name, v.noticedBy[0]))
			}
			fmt.Printf("%-4s %-36s redundant: %s\n", m.rule, m.name, m.redundant)
			continue
		case len(v.noticedBy) == 0:
			fmt.Printf("%-4s %-36s NOT NOTICED by %s: %s\n", m.rule, m.name, m.tests(), m.selection())
		default:
			noticed++
			fmt.Printf("%-4s %-36s noticed by %s\n", m.rule, m.name, v.noticedBy[0])
		}
		removed++
	}
	for _, row := range catalogueRows() {
		if whole && rows[row] == 0 {
			problems = append(problems, fmt.Errorf("no check that is removed turns a case of row %s red", row))
		}
	}
	fmt.Printf("%d checks stand behind another one and are redundant on purpose\n", redundant)
	fmt.Printf("%d checks removed one at a time, %d noticed\n", removed, noticed)
	if noticed != removed {
		problems = append(problems, errNotNoticed)
	}
	return errors.Join(problems...)
}

// rowsOf returns the rows of the catalogue among the tests, each once.
func rowsOf(tests []string) []string {
	var rows []string
	for _, test := range tests {
		for _, element := range strings.Split(test, "/") {
			if name := catalogueRow.FindStringSubmatch(element); name != nil {
				rows = append(rows, name[1])
			}
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

var catalogueRow = regexp.MustCompile(`^([ST][0-9]{2})_`)

// catalogueRows returns S01 and so on.
func catalogueRows() []string {
	rows := []string{"T19"} // the verifier's own
	for _, c := range forgeries() {
		rows = append(rows, c.Row())
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}
