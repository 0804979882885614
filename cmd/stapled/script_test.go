// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.step.sm/crypto/pemutil"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"stapled": main})
}

// TestScript runs testdata/script/*.txtar. The commands that testscript does
// not have are:
//
//	status N COMMAND [ARG...]   like exec, for a command that ends with exit status N
//	json FILE PATH [VALUE]      the JSON object has a value there; it is VALUE
//	jsonkeys FILE NAME...       the object has exactly these members
//	lines FILE N                the file has N lines
//	await DIR                   the stack in DIR answers; sets GATEWAY_URL and CA_ADDRESS
//	filled FILE                 wait until a background command has written to the file
//	get STATUS URL TOKEN [OUT]  a request with the token in a file, or with none for -
//	until STATUS URL TOKEN      the same, again and again until it is so
//	busy VAR                    VAR is an address on which something listens
//	free VAR...                 each VAR is an address on which nothing listens, and that no other test takes
//	big FILE N                  make a file of N bytes
//	mode PERM FILE              the file has these permissions
//	encrypt KEY PASSWORD OUT    encrypt a PEM key with the password in a file, as step-ca does
//	vacant DIR                  the directory is empty, or is not there
//	corrupt FILE OLD NEW        replace a part of a file
//	delegates DIR               the CA of a stack that is stopped gets provisioners for delegates
//	terminate [HUP]             send SIGTERM or SIGHUP to the script's background commands
//	authority DIR NAME          make a CA: ca.pem, ca-key.pem, and the certificates one.pem and two.pem, with the CA after them
//	delegate DIR NAME LIFE [CN] make delegate.pem and delegate-key.pem of that CA
//	crl FILE NAME NUMBER CERT... make the CRL of that CA, which revokes these certificates
//	becomes N COMMAND [ARG...]  status, again and again until it is so
//	logged FILE TEXT            wait until a file contains the text
func TestScript(t *testing.T) {
	// What is ignored here, as under nohup, would be ignored by every command.
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": statusCommand, "json": jsonCommand, "jsonkeys": jsonkeysCommand, "lines": linesCommand,
			"await": awaitCommand, "filled": filledCommand, "get": getCommand, "until": untilCommand,
			"busy": busyCommand, "free": freeCommand, "big": bigCommand, "mode": modeCommand, "encrypt": encryptCommand,
			"vacant": vacantCommand, "corrupt": corruptCommand, "delegates": delegatesCommand, "terminate": terminateCommand,
			"authority": authorityCommand, "delegate": delegateCommand, "crl": crlCommand, "becomes": becomesCommand, "logged": loggedCommand,
		},
	})
}

const patience = 20 * time.Second

func arguments(ts *testscript.TestScript, neg bool, args []string, least, most int) {
	if neg || len(args) < least || len(args) > most {
		ts.Fatalf("usage: not negated, %d to %d arguments", least, most)
	}
}

// statusCommand is there because "! exec" takes every failure for the same.
func statusCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 50)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("%s ended with status %d, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}

// jsonCommand reads the first object of a file; "-1:FILE" means the last one,
// and "N:FILE" the one in line N.
func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 && (len(args) != 3 || neg) {
		ts.Fatalf("usage: [!] json FILE PATH, or json FILE PATH VALUE")
	}
	value, ok := lookUp(object(ts, args[0]), args[1])
	switch {
	case ok == neg:
		ts.Fatalf("%s: %s is there: %t", args[0], args[1], ok)
	case len(args) == 3:
		got, isString := value.(string)
		if !isString {
			raw, err := json.Marshal(value)
			ts.Check(err)
			got = string(raw)
		}
		if got != args[2] {
			ts.Fatalf("%s: %s is %s, want %s", args[0], args[1], got, args[2])
		}
	}
}

func object(ts *testscript.TestScript, name string) any {
	number := 0
	if before, after, ok := strings.Cut(name, ":"); ok {
		n, err := strconv.Atoi(before)
		ts.Check(err)
		number, name = n, after
	}
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile(name), "\n"), "\n")
	switch {
	case number < 0:
		number = len(lines) + number
	case number > 0:
		number--
	case len(lines) != 1:
		ts.Fatalf("%s has %d lines where one object belongs", name, len(lines))
	}
	if number < 0 || number >= len(lines) {
		ts.Fatalf("%s has only %d lines", name, len(lines))
	}
	decoder := json.NewDecoder(strings.NewReader(lines[number]))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		ts.Fatalf("%s, line %d: %v", name, number+1, err)
	}
	return value
}

func lookUp(value any, path string) (any, bool) {
	for name := range strings.SplitSeq(path, ".") {
		switch container := value.(type) {
		case map[string]any:
			var ok bool
			if value, ok = container[name]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(container) {
				return nil, false
			}
			value = container[i]
		default:
			return nil, false
		}
	}
	return value, true
}

func jsonkeysCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, 50)
	members, ok := object(ts, args[0]).(map[string]any)
	if !ok {
		ts.Fatalf("%s: no JSON object", args[0])
	}
	var got []string
	for name := range members {
		got = append(got, name)
	}
	slices.Sort(got)
	want := slices.Sorted(slices.Values(args[1:]))
	if !slices.Equal(got, want) {
		ts.Fatalf("%s has the members %v, want %v", args[0], got, want)
	}
}

func linesCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 2)
	text := ts.ReadFile(args[0])
	if got := strings.Count(text, "\n"); strconv.Itoa(got) != args[1] {
		ts.Fatalf("%s has %d lines, want %s:\n%s", args[0], got, args[1], text)
	}
}

func bigCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 2)
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat([]byte("a"), n), 0o600))
}

func modeCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 2, 2)
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

func encryptCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 3, 3)
	key, _ := pem.Decode([]byte(ts.ReadFile(args[0])))
	password := []byte(strings.TrimSpace(ts.ReadFile(args[1])))
	block, err := pemutil.EncryptPKCS8PrivateKey(rand.Reader, key.Bytes, password, x509.PEMCipherAES256)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), pem.EncodeToMemory(block), 0o600))
}

func vacantCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 1, 1)
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		ts.Check(err)
	}
	if len(entries) > 0 {
		ts.Fatalf("%s holds %v", args[0], entries)
	}
}

func corruptCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 3, 3)
	before := ts.ReadFile(args[0])
	after := strings.Replace(before, args[1], args[2], 1)
	if after == before {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(after), 0o600))
}

// terminateCommand is there because testscript's kill knows INT and KILL only.
func terminateCommand(ts *testscript.TestScript, neg bool, args []string) {
	arguments(ts, neg, args, 0, 1)
	kind := syscall.SIGTERM
	if len(args) == 1 {
		if args[0] != "HUP" {
			ts.Fatalf("usage: terminate [HUP]")
		}
		kind = syscall.SIGHUP
	}
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(kind))
	}
}
