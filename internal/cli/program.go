// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"os/exec"
	"strings"
)

// Program returns how to call this program again: by its name, if that finds
// this very file, and otherwise as it was called.
func Program() string {
	const name = "stapled"
	self, selfErr := os.Executable()
	found, err := exec.LookPath(name)
	if selfErr != nil || err != nil {
		return os.Args[0]
	}
	this, thisErr := os.Stat(self)
	that, err := os.Stat(found)
	if thisErr != nil || err != nil || !os.SameFile(this, that) {
		return os.Args[0]
	}
	return name
}

// ShellQuote quotes a word for the shell, if it needs it.
func ShellQuote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-:@", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
