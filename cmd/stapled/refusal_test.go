// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
)

// TestExitStatusOfReasons: a verdict of the CA on the certificate is status 1,
// and everything else is status 2.
func TestExitStatusOfReasons(t *testing.T) {
	verdicts := []string{"certificate_revoked", "certificate_expired", "staple_unknown"}
	reasons := everyReason(t)
	if len(reasons) < 30 {
		t.Fatalf("%d reasons found", len(reasons))
	}
	for _, reason := range reasons {
		t.Run(reason, func(t *testing.T) {
			err := stapled.Errorf(stapled.Reason(reason), "because")
			want := exitUnusable
			if slices.Contains(verdicts, reason) {
				want = exitRejected
			}
			a := &app{stdout: io.Discard, stderr: io.Discard}
			if got := a.finish(nil, refusal(tokenFlags{}.advise(err))); got != want {
				t.Errorf("status %d, want %d", got, want)
			}
			// While there has been no staple yet, the cause is wrapped.
			wrapped := stapled.Errorf(stapled.StapleMissing, "no staple yet: %w", err)
			if got := a.finish(nil, refusal(wrapped)); got != want {
				t.Errorf("wrapped: status %d, want %d", got, want)
			}
		})
	}
}

// everyReason reads the constants of package stapled, so that a new one is not
// forgotten here.
func everyReason(t *testing.T) []string {
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "reason.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			values = append(values, strings.Trim(spec.Values[0].(*ast.BasicLit).Value, `"`))
		}
		return true
	})
	return values
}

// TestTokenAndResponders: what `stapled token` makes of the answers of a
// responder.
func TestTokenAndResponders(t *testing.T) {
	now := time.Now()
	leaf := testca.New().Intermediate().Leaf(testca.Valid(now.Add(-time.Hour), now.Add(time.Hour)))
	young := testca.New().Intermediate().Leaf(testca.Valid(now, now.Add(time.Hour)))
	ended := testca.New().Intermediate().Leaf(testca.Valid(now.Add(-time.Hour), now.Add(-time.Minute)))
	says := func(status testca.CertStatus, age time.Duration, hashes ...crypto.Hash) func(*testca.Party, *ocsp.Request) []byte {
		return func(party *testca.Party, query *ocsp.Request) []byte {
			if len(hashes) > 0 && !slices.Contains(hashes, query.HashAlgorithm) {
				return []byte{0x30, 3, 0x0a, 1, 6}
			}
			return party.Staple(func(r *testca.Response) {
				from := time.Now().Add(-age).Truncate(time.Second)
				r.ProducedAt = from
				r.Singles[0] = testca.NewSingle(party.Cert, party.Issuer.Cert, query.HashAlgorithm)
				r.Singles[0].Status, r.Singles[0].ThisUpdate, r.Singles[0].NextUpdate = status, from, from.Add(24*time.Hour)
			})
		}
	}
	failing := func(status byte) func(*testca.Party, *ocsp.Request) []byte {
		return func(*testca.Party, *ocsp.Request) []byte { return []byte{0x30, 3, 0x0a, 1, status} }
	}
	for _, row := range []struct {
		name   string
		party  *testca.Party
		answer func(*testca.Party, *ocsp.Request) []byte
		args   []string
		status int
		says   string // on stderr, or as the reason on stdout for status 1
	}{
		{"good", leaf, says(testca.Good, 0), nil, exitDone, ""},
		{"malformedRequest", leaf, failing(1), nil, exitUnusable, "malformedRequest"},
		{"internalError", leaf, failing(2), nil, exitUnusable, "internalError"},
		{"tryLater", leaf, failing(3), nil, exitUnusable, "tryLater"},
		{"sigRequired", leaf, failing(5), nil, exitUnusable, "sigRequired"},
		{"unauthorized", leaf, failing(6), nil, exitUnusable, "try --ocsp-hash sha1"},
		{"not OCSP", leaf, func(*testca.Party, *ocsp.Request) []byte { return []byte("hello") }, nil, exitUnusable, "staple_malformed"},
		{"SHA-1 only", leaf, says(testca.Good, 0, crypto.SHA1), nil, exitDone, ""},
		{"SHA-1 only, asked so", leaf, says(testca.Good, 0, crypto.SHA1), []string{"--ocsp-hash", "sha1"}, exitDone, ""},
		{"SHA-1 only, asked otherwise", leaf, says(testca.Good, 0, crypto.SHA1), []string{"--ocsp-hash", "sha256"}, exitUnusable, "try --ocsp-hash sha1"},
		{"revoked", leaf, says(testca.Revoked, 0), nil, exitRejected, "certificate_revoked"},
		{"unknown", leaf, says(testca.Unknown, 0), nil, exitRejected, "staple_unknown"},
		{"unknown, and minutes old", young, says(testca.Unknown, 0), nil, exitUnusable, "its database may lag"},
		{"expired", ended, says(testca.Good, 0), nil, exitRejected, "certificate_expired"},
		{"three hours old", leaf, says(testca.Good, 3*time.Hour), nil, exitUnusable, "--max-staple-age permits older staples"},
		{"three hours old, with the flag", leaf, says(testca.Good, 3*time.Hour), []string{"--max-staple-age", "4h"}, exitDone, ""},
		{"a minute old, and no more than that", leaf, says(testca.Good, time.Minute), []string{"--max-staple-age", "50s"}, exitUnusable, "more than 50s"},
		{"from the future", leaf, says(testca.Good, -30*time.Second), nil, exitDone, ""},
		{"from the future, without leeway", leaf, says(testca.Good, -30*time.Second), []string{"--leeway", "0s"}, exitUnusable, "staple_not_yet_valid"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				query, err := io.ReadAll(r.Body)
				if r.Method == http.MethodGet {
					w.WriteHeader(http.StatusMethodNotAllowed)
					return
				}
				if err != nil {
					t.Error(err)
				}
				parsed, err := ocsp.ParseRequest(query)
				if err != nil {
					t.Error(err)
				}
				w.Header().Set("Content-Type", "application/ocsp-response")
				w.Write(row.answer(row.party, parsed))
			}))
			defer server.Close()
			dir := t.TempDir()
			cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
			identity, err := certs.NewIdentity(row.party.Chain(), row.party.Key)
			if err != nil {
				t.Fatal(err)
			}
			if err := identity.Save(cert, key); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			args := []string{"token", "--cert", cert, "--key", key, "--ocsp-url", server.URL, "--audience", "orders", "--json"}
			status := execute(append(args, row.args...), nil, &stdout, &stderr)
			if status != row.status {
				t.Fatalf("status %d, want %d: %s%s", status, row.status, &stdout, &stderr)
			}
			switch status {
			case exitRejected:
				var refused refusedToken
				if err := json.Unmarshal(stdout.Bytes(), &refused); err != nil || refused.Reason != row.says || stderr.Len() > 0 {
					t.Errorf("reason %q, want %q: %s%s", refused.Reason, row.says, &stdout, &stderr)
				}
			case exitUnusable:
				if stdout.Len() > 0 || strings.Count(stderr.String(), "\n") != 1 || !strings.Contains(stderr.String(), row.says) {
					t.Errorf("stdout %q, stderr %q, which is to say %q", &stdout, &stderr, row.says)
				}
			}
		})
	}
}

// TestTokenEndsWithTheAge: exp is no later than the greatest age that verifiers
// permit.
func TestTokenEndsWithTheAge(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	leaf := testca.New().Intermediate().Leaf(testca.Valid(now.Add(-time.Hour), now.Add(time.Hour)))
	der := leaf.Staple(func(r *testca.Response) {
		r.ProducedAt = now.Add(-time.Minute)
		r.Singles[0].ThisUpdate, r.Singles[0].NextUpdate = now.Add(-time.Minute), now.Add(time.Hour)
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/ocsp-response")
		w.Write(der)
	}))
	defer server.Close()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	identity, err := certs.NewIdentity(leaf.Chain(), leaf.Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := identity.Save(cert, key); err != nil {
		t.Fatal(err)
	}
	for age, want := range map[string]time.Duration{"3m": 2 * time.Minute, "5m": 4 * time.Minute, "30m": 5 * time.Minute} {
		var stdout, stderr bytes.Buffer
		status := execute([]string{"token", "--cert", cert, "--key", key, "--ocsp-url", server.URL, "--audience", "orders", "--json",
			"--max-staple-age", age}, nil, &stdout, &stderr)
		if status != exitDone {
			t.Fatalf("status %d: %s", status, &stderr)
		}
		var signed signedToken
		if err := json.Unmarshal(stdout.Bytes(), &signed); err != nil {
			t.Fatal(err)
		}
		// With the default TTL it is counted from when it is signed.
		if late := signed.Expiry.Sub(now.Add(want)); late < 0 || late > 0 && age != "30m" || late > time.Minute {
			t.Errorf("with --max-staple-age %s it expires %s after the beginning, want %s", age, signed.Expiry.Sub(now), want)
		}
	}
}
