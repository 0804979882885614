// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/cli"
)

// slowInput is a pipe at whose other end a token is still being made.
type slowInput struct {
	io.Reader
	made time.Time
}

func (s *slowInput) Read(p []byte) (int, error) {
	s.made = time.Now()
	return s.Reader.Read(p)
}

// TestNowIsAfterTheToken: a token that was made while the command waited for it is not
// from the future.
func TestNowIsAfterTheToken(t *testing.T) {
	input := &slowInput{Reader: strings.NewReader(base64.RawURLEncoding.EncodeToString([]byte(`{}`)) + ".e30.AA")}
	var out, errs strings.Builder
	if status := execute([]string{"inspect", "--json"}, input, &out, &errs); status != cli.ExitDone {
		t.Fatalf("status %d: %s", status, errs.String())
	}
	var shown struct{ At time.Time }
	if err := json.Unmarshal([]byte(out.String()), &shown); err != nil {
		t.Fatal(err)
	}
	if input.made.IsZero() || shown.At.Before(input.made) {
		t.Errorf("as of %s, and the token was made at %s", shown.At, input.made)
	}
}
