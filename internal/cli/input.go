// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stapledjwt/stapled/internal/terminal"
)

// maxInput bounds what is read as a token: four times what a verifier accepts.
// Up to here an oversized token is a token, and rejected as too_large. Above it
// the input is a mistake, such as another file, and is not read to its end.
const maxInput = 64 << 10

// ReadToken takes the token from the argument, or from stdin if the argument is
// "-" or missing, and removes what surrounds it (see unwrap).
func (a *Console) ReadToken(cmd *cobra.Command, args []string) (string, error) {
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
		if len(args) == 0 && terminal.IsTerminal(a.Stdin) {
			return "", Usagef("no token given: pass it as the argument, or pipe it in")
		}
		data, err := io.ReadAll(io.LimitReader(a.Stdin, maxInput+1))
		if err != nil {
			return "", fmt.Errorf("read the token from stdin: %w", err)
		}
		raw = string(data)
	}
	if len(raw) > maxInput {
		return "", fmt.Errorf("the input is larger than %d KiB, too large for a token: give one token in compact serialization", maxInput>>10)
	}
	token, err := unwrap(raw)
	switch {
	case err != nil:
		return "", err
	case token == "":
		return "", errors.New("the input is empty: give one token in compact serialization")
	case argument && (strings.Contains(token, "/") || strings.Count(token, ".") == 1): // no token has either
		return "", fmt.Errorf("%q is not a token, and there is no such file: give one token in compact serialization", raw)
	}
	return token, nil
}

// ParseTime reads the value of --at; the default is now. Besides RFC 3339 it
// accepts the times that this program prints, with the space that RFC 3339 §5.6
// permits, and a signed offset from now. Now is when the clock is read: a token
// from a pipe may be newer than the command that reads it.
func ParseTime(at string) (clock func() time.Time, err error) {
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
	return nil, Usagef("--at %q is neither an RFC 3339 time, such as 2026-01-31T12:00:00Z, nor an offset from now, such as +11m or -1h", at)
}

// CheckDir refuses a file in place of a directory. Later steps would only
// report what is missing in it.
func CheckDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return Usagef("--dir %q is not a directory: name the directory of the stack", dir)
	}
	return nil
}

// OneToken checks the arguments of commands that take a token.
func OneToken(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return Usagef("%d arguments given: give one token", len(args))
	}
	return nil
}

// NoArguments checks the arguments of commands that take none.
func NoArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usagef("unexpected argument %q", args[0])
	}
	return nil
}
