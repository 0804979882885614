// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspview_test

import (
	"bytes"
	"crypto"
	"encoding/json"
	"flag"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stapledjwt/stapled/internal/ocspclient"
	"github.com/stapledjwt/stapled/internal/ocspview"
	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/internal/testca"
)

var update = flag.Bool("update", false, "write the golden files")

func numbered(serial int64) testca.Edit {
	return func(t *testca.Template) { t.SerialNumber = big.NewInt(serial) }
}

// fullView has a value in nearly every member: a revocation with a reason, signed
// by a delegate without id-pkix-ocsp-nocheck, after a redirect and a responder
// that failed.
func fullView(t *testing.T) *ocspview.View {
	ca := testca.New(numbered(1)).Intermediate(numbered(2))
	leaf := ca.Leaf(numbered(0x2a))
	delegate := ca.Delegate(numbered(3), func(t *testca.Template) { t.ExtraExtensions = nil })
	der := leaf.Staple(testca.SignedBy(delegate, delegate.Cert), func(r *testca.Response) {
		r.Singles[0].Status, r.Singles[0].Reason = testca.Revoked, 1
		r.Extensions = []testca.Extension{
			{ID: []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}, Value: []byte{4, 3, 1, 2, 3}},
			{ID: []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 9}, Value: []byte{5, 0}},
		}
	})
	q := question(leaf)
	q.Hash, q.Nonce = crypto.SHA256, []byte{1, 2, 3}
	q.Asked = []ocspclient.Attempt{
		{URL: "http://one.example", Method: "POST", HTTPStatus: 404, ContentType: "text/plain", Bytes: 3, Milliseconds: 1.5, Error: "HTTP status 404 Not Found"},
		{
			URL: "http://two.example", Method: "POST", HTTPStatus: 200, ContentType: "application/ocsp-response", Bytes: 700, Milliseconds: 12,
			Redirects: []ocspclient.Redirect{{HTTPStatus: 308, Location: "http://two.example/ocsp", Followed: true}},
		},
	}
	return mustDissect(t, der, q)
}

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is now:\n%s\n(write it with go test ./internal/ocspview -update)", file, got)
	}
}

// TestGolden: the whole result, as scripts and as people see it.
func TestGolden(t *testing.T) {
	v := fullView(t)
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "revoked.json", string(raw)+"\n")
	for name, width := range map[string]int{"revoked-80.txt": terminal.StandardWidth, "revoked-40.txt": terminal.LeastWidth} {
		text := v.Text(terminal.Terminal{Width: width}, "now")
		golden(t, name, text)
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%s: a line of %d columns: %s", name, n, line)
			}
		}
	}
	if text := v.Text(terminal.Terminal{Width: 80, Color: true}, "now"); !strings.Contains(text, "\x1b[31mrevoked\x1b[0m") {
		t.Errorf("no color: %s", text)
	}
}

// TestEveryMemberIsDocumented: the table in docs/ocsp.md has exactly the members
// that the JSON can have.
func TestEveryMemberIsDocumented(t *testing.T) {
	docs, err := os.ReadFile("../../docs/ocsp.md")
	if err != nil {
		t.Fatal(err)
	}
	_, docs, _ = bytes.Cut(docs, []byte("\n## JSON\n"))
	docs, _, _ = bytes.Cut(docs, []byte("\n# ")) // the next chapter
	var documented []string
	for _, match := range regexp.MustCompile("(?m)^\\| `([a-z0-9_.\\[\\]]+)` \\| [^ |]").FindAllSubmatch(docs, -1) {
		documented = append(documented, string(match[1]))
	}
	members := membersOf(reflect.TypeFor[ocspview.View](), "")
	for _, name := range members {
		if !slices.Contains(documented, name) {
			t.Errorf("docs/ocsp.md does not have `%s`", name)
		}
	}
	for i, name := range documented {
		if !slices.Contains(members, name) || slices.Contains(documented[:i], name) {
			t.Errorf("docs/ocsp.md has `%s`, which is no member, or a second time", name)
		}
	}
}

// membersOf returns the paths of all members below a type.
func membersOf(of reflect.Type, prefix string) []string {
	var names []string
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			continue // not exported
		}
		inner, path := field.Type, prefix+name
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			if inner.Kind() == reflect.Slice {
				path += "[]"
			}
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner != reflect.TypeFor[time.Time]() {
			names = append(names, membersOf(inner, path+".")...)
		} else {
			names = append(names, path)
		}
	}
	return names
}

// TestHostileText: control characters of a response do not reach the terminal.
func TestHostileText(t *testing.T) {
	ca := testca.New().Intermediate()
	leaf := ca.Leaf()
	hostile := ca.Delegate(testca.Named("a\x1b[31mb\u009bc"))
	v := mustDissect(t, leaf.Staple(testca.SignedBy(hostile, hostile.Cert)), question(leaf))
	if text := v.Text(terminal.Terminal{Width: 80}, "now"); strings.ContainsAny(text, "\x1b\u009b") || !strings.Contains(text, `a\x1b[31mb\u009bc`) {
		t.Errorf("%q", text)
	}
}

// TestNothingPanics: a response with a bit of any byte changed is shown, or is an
// error.
func TestNothingPanics(t *testing.T) {
	ca := testca.New().Intermediate()
	leaf, delegate := ca.Leaf(), ca.Delegate()
	der := leaf.Staple(testca.SignedBy(delegate, delegate.Cert))
	for i := range der {
		forged := bytes.Clone(der)
		forged[i] ^= 1 << (i % 8)
		if v, err := ocspview.Dissect(forged, question(leaf)); err == nil {
			_ = v.Text(terminal.Terminal{Width: 80}, "now")
		}
	}
}
