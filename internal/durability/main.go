// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command durability runs a CA, has it issue and revoke, fills its disk, kills it and
// tears its files. Then it asks the responder whether everything that the CA
// acknowledged still holds. scripts/durability.sh prepares what it needs.
//
//	durability init DIR
//	durability stack --kind bbolt|badgerv2 --dir DIR --stapled FILE --work DIR [--strace]
//	durability step-ca --dir DIR --stapled FILE --step-ca FILE --restart-postgres COMMAND
//	durability badger DIR
//	durability save CERT KEY KIND
//	durability load CERT KEY KIND...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/dgraph-io/badger/v2"

	"github.com/stapledjwt/stapled/ca"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "durability:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("say what to run: init, badger, stack, step-ca, save or load")
	}
	command, args := args[0], args[1:]
	if need := map[string]int{"init": 1, "badger": 1, "save": 3, "load": 3}[command]; len(args) < need {
		return fmt.Errorf("%s needs %d arguments", command, need)
	}
	switch command {
	case "init":
		return ca.Init(args[0], ca.InitConfig{})
	case "badger":
		opened, err := badger.Open(badger.DefaultOptions(args[0]).WithLogger(nil))
		if err != nil {
			return err
		}
		return opened.Close()
	case "save":
		return save(args[0], args[1], args[2])
	case "load":
		return load(args[0], args[1], args[2:])
	}
	var s scenario
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.StringVar(&s.dir, "dir", "", "directory of the CA")
	flags.StringVar(&s.kind, "kind", "", "type of its database")
	flags.StringVar(&s.stapled, "stapled", "", "the stapled command")
	flags.StringVar(&s.stepCA, "step-ca", "", "the step-ca command")
	flags.StringVar(&s.restart, "restart-postgres", "", "command that kills the database and starts it again")
	flags.StringVar(&s.work, "work", "", "directory on a disk that does not get full")
	flags.BoolVar(&s.strace, "strace", false, "inject ENOSPC with strace instead of filling the disk")
	flags.IntVar(&s.rounds, "rounds", 60, "how often to kill")
	if err := flags.Parse(args); err != nil {
		return err
	}
	defer killAll()
	switch command {
	case "stack":
		return s.stack(ctx)
	case "step-ca":
		return s.postgres(ctx)
	}
	return fmt.Errorf("unknown command %q", command)
}
