// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

// Package readme checks that the documents are true: its tests compile the Go
// of the README, follow its links, and look up the tests that the specification
// names. scripts/readme.sh runs the commands.
package readme
