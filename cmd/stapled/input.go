// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// maxInput bounds what is read as a token: four times what a verifier looks
// at. Up to here an oversized token is a token, and rejected as too_large. Above
// it the input is not a token but a mistake, such as another file, and is not
// read to its end.
const maxInput = 64 << 10

// readToken takes the token from the argument, or from stdin for "-" and for no
// argument. What stands around it is taken off, as unwrap has it.
func (a *app) readToken(cmd *cobra.Command, args []string) (string, error) {
	raw, argument := "-", false
	if len(args) > 0 {
		raw = args[0]
	}
	if raw != "-" {
		argument = true
		if _, err := os.Stat(raw); err == nil {
			return "", fmt.Errorf("%q is a file, not a token: use `%s … - < %s`", raw, cmd.CommandPath(), raw)
		}
	} else {
		if len(args) == 0 && isTerminal(a.stdin) {
			return "", usagef("no token given: pass it as the argument, or pipe it in")
		}
		data, err := io.ReadAll(io.LimitReader(a.stdin, maxInput+1))
		if err != nil {
			return "", fmt.Errorf("read the token from stdin: %w", err)
		}
		raw = string(data)
	}
	if len(raw) > maxInput {
		return "", fmt.Errorf("the input is larger than %d KiB and so not a token: give one token in compact serialization", maxInput>>10)
	}
	token, err := unwrap(raw)
	switch {
	case err != nil:
		return "", err
	case token == "":
		return "", errors.New("the input is empty: give one token in compact serialization")
	case argument && (strings.Contains(token, "/") || strings.Count(token, ".") == 1): // as no token has it
		return "", fmt.Errorf("%q is no token, and there is no such file: give one token in compact serialization", raw)
	}
	return token, nil
}

// parseTime reads the value of --at; without one it is now. Besides RFC 3339 it
// takes the times that this program prints, whose space RFC 3339 §5.6 permits,
// and a distance from now, which has a sign. Now is when the clock is asked: a
// token that comes through a pipe may be younger than the command that reads it.
func parseTime(at string) (clock func() time.Time, err error) {
	if at == "" {
		return time.Now, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04Z07:00"} {
		if t, err := time.Parse(layout, at); err == nil {
			return func() time.Time { return t }, nil
		}
	}
	if at[0] == '+' || at[0] == '-' {
		if d, err := time.ParseDuration(at); err == nil {
			return func() time.Time { return time.Now().Add(d) }, nil
		}
	}
	return nil, usagef("--at %q is neither a time of RFC 3339, such as 2026-01-31T12:00:00Z, nor a distance from now, such as +11m or -1h", at)
}

// checkDir refuses a file, of which every later step would say less.
func checkDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return usagef("--dir %q is not a directory: name the directory of the stack", dir)
	}
	return nil
}

// oneToken is the rule for the arguments of commands that take a token.
func oneToken(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("%d arguments given where one token belongs", len(args))
	}
	return nil
}

func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	return nil
}
