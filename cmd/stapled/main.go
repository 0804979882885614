// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Command stapled makes, shows, verifies and revokes stapled tokens, and runs
// the stack that they need: a step-ca, its OCSP responder and a gateway.
//
// Results go to stdout, logs and errors to stderr. The exit status is 0 on
// success, 1 if a token was rejected, and 2 if the command could not do its
// work: usage, configuration, or a server that does not answer.
package main

import "os"

func main() {
	os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
