// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
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
	if status := execute([]string{"inspect", "--json"}, input, &out, &errs); status != exitDone {
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

// TestUnwrap: what is around a token is taken off, and in the token nothing changes.
func TestUnwrap(t *testing.T) {
	const token = "eyJhbGciOiJFUzI1NiJ9.e30.AA"
	for _, row := range []struct{ name, input, want string }{
		{"alone", token, token},
		{"leading space", " " + token, token},
		{"two line ends", token + "\n\n", token},
		{"CRLF", token + "\r\n", token},
		{"tab", "\t" + token, token},
		{"scheme", "Bearer " + token, token},
		{"scheme in lower case", "bearer  " + token + "\n", token},
		{"header field", "Authorization: Bearer " + token, token},
		{"JSON", `{"token":"` + token + `","issuer":"https://a.internal/x y"}` + "\n", token},
		{"JSON over several lines", "{\n  \"issuer\": {\"token\":\"x\"},\n  \"token\": \"" + token + "\"\n}", token},
		{"JSON string", `"` + token + `"`, token},
		{"nothing", " \n", ""},
		{"padding stays", token + "==", token + "=="},
		{"no token at all", "nonsense", "nonsense"},
	} {
		if got, err := unwrap(row.input); got != row.want || err != nil {
			t.Errorf("%s: %q, %v", row.name, got, err)
		}
	}
	for _, row := range []struct{ name, input, want string }{
		{"two tokens", token + "\n" + token, "the input has 2 lines"},
		{"line break inside", token[:9] + "\r\n" + token[9:], "the input has 2 lines"},
		{"space inside", token[:9] + " " + token[9:], "the input has 2 words"},
		{"scheme twice", "Bearer Bearer " + token, "the input has 2 words"},
		{"another scheme", "DPoP " + token, "the input has 2 words"},
		{"scheme alone", "Bearer\n", "only the word Bearer"},
		{"no-break space", "\u00a0" + token, "U+00A0 behind 0 others"},
		{"byte order mark", "\ufeff" + token, "U+FEFF"},
		{"control character", token + "\x1b", "U+001B behind 27 others"},
		{"space within JSON", `{"token":" ` + token + `"}`, "U+0020"},
		{"line break within JSON", `{"token":"` + token + `\n"}`, "U+000A"},
		{"scheme within JSON", `{"token":"Bearer ` + token + `"}`, "the input has 2 words"},
		{"two members", `{"token":"` + token + `","token":"x"}`, `two members "token"`},
		{"two members, one escaped", `{"token":"` + token + `","\u0074oken":"x"}`, `two members "token"`},
		{"other case", `{"Token":"` + token + `"}`, `without a member "token"`},
		{"number", `{"token":5}`, `is not a string with a token`},
		{"null", `{"token":null}`, `is not a string with a token`},
		{"two objects", `{"token":"` + token + `"}{}`, "more behind its first JSON value"},
		{"two strings", `"` + token + `" "x"`, "more behind its first JSON value"},
		{"refusal", `{"reason":"certificate_revoked","detail":"x"}`, `a refusal, "certificate_revoked"`},
		{"JSON serialization", `{"payload":"e30","signatures":[]}`, "JSON serialization"},
		{"empty object", "{}", `without a member "token"`},
		{"no JSON", "{" + token, "begins like JSON and is none"},
		{"cut off", `{"token":"` + token + `"`, "begins like JSON and is none"},
	} {
		var other *notToken
		if got, err := unwrap(row.input); got != "" || !errors.As(err, &other) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %q, %v", row.name, got, err)
		}
	}
}

// FuzzUnwrap: what comes out is a part of what went in, or its member "token".
func FuzzUnwrap(f *testing.F) {
	for _, seed := range []string{" Bearer a.b.c\n", `{"token":"a.b.c"}`, "a b", `"a.b.c"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		token, err := unwrap(input)
		if err != nil && token != "" || strings.ContainsAny(token, " \t\r\n") {
			t.Errorf("%q, %v", token, err)
		}
		var object struct{ Token string }
		if token != "" && !strings.Contains(input, token) && json.Unmarshal([]byte(input), &object) != nil && json.Unmarshal([]byte(input), &token) != nil {
			t.Errorf("%q from %q", token, input)
		}
	})
}
