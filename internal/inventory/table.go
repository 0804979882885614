// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stapledjwt/stapled/internal/terminal"
)

// Table lays certificates out for a person, one to a line. The names come last
// and are never cut, because people copy them.
func Table(t terminal.Terminal, list []Certificate, now time.Time) string {
	rows := [][]string{{"STATUS", "ENDS", "SERIAL", "PROVISIONER", "NAMES"}}
	colors := []string{terminal.Dim}
	for _, c := range list {
		status, color := c.status(now)
		names := strings.Join(c.Names, ", ")
		if names == "" {
			names = terminal.Subject(c.Subject)
		}
		if c.RevokedAt != nil {
			names += "; revoked " + terminal.Stamp(*c.RevokedAt) + ", " + *c.Reason
		}
		rows = append(rows, []string{status, terminal.Stamp(c.NotAfter), c.SerialHex, terminal.Printable(c.Provisioner), terminal.Printable(names)})
		colors = append(colors, color)
	}
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)+2)
			if n == 0 || i == 0 {
				cell = t.Paint(colors[n], cell)
			}
			if i == len(row)-1 {
				pad = "\n"
			}
			b.WriteString(cell + pad)
		}
	}
	return b.String()
}

func (c Certificate) status(now time.Time) (word, color string) {
	switch {
	case c.RevokedAt != nil:
		return "revoked", terminal.Red
	case now.After(c.NotAfter):
		return "expired", terminal.Dim
	case now.Before(c.NotBefore):
		return "not yet", terminal.Yellow
	}
	return "alive", terminal.Green
}
