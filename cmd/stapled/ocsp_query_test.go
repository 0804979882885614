// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/testca"
)

// writeCertificates writes a PEM file with the certificates of parties.
func writeCertificates(t *testing.T, parties ...*testca.Party) string {
	t.Helper()
	var content []byte
	for _, p := range parties {
		content = append(content, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Cert.Raw})...)
	}
	file := filepath.Join(t.TempDir(), "cert.pem")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestOCSPQuery: which responders are asked, with which issuer, and how the
// command ends.
func TestOCSPQuery(t *testing.T) {
	ca := testca.New().Intermediate()
	namesake := testca.New(testca.Named("Other")).Intermediate(testca.WithKey(testca.Key(testca.P256, "namesake")))
	var good []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/gone") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", ocspwire.ResponseType)
		if r.URL.Path == "/unauthorized" {
			_, _ = w.Write(ocspwire.ErrorResponse(ocspwire.Unauthorized))
			return
		}
		_, _ = w.Write(good)
	}))
	defer server.Close()
	named := func(paths ...string) testca.Edit {
		return func(t *testca.Template) {
			for _, path := range paths {
				t.OCSPServer = append(t.OCSPServer, server.URL+path)
			}
		}
	}
	nonce := []testca.Extension{{ID: []int{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}, Value: []byte{4, 1, 7}}}
	for _, row := range []struct {
		name   string
		leaf   *testca.Party
		chain  []*testca.Party // after the leaf
		args   []string
		edit   func(*testca.Response)
		status int
		asked  int    // responders, with status 0 and 1
		want   string // on stderr with status 2, otherwise in the JSON
	}{
		{"one responder", ca.Leaf(named("/")), []*testca.Party{ca}, nil, nil, 0, 1, `"status":"good"`},
		{"the second one answers", ca.Leaf(named("/gone", "/ok")), []*testca.Party{ca}, nil, nil, 0, 2, "404 Not Found"},
		{"one twice", ca.Leaf(named("/gone", "/gone", "/ok")), []*testca.Party{ca}, nil, nil, 0, 2, "404 Not Found"},
		{"no more than four", ca.Leaf(named("/gone", "/gone/2", "/unauthorized", "/gone/3", "/ok")), []*testca.Party{ca}, nil, nil, 2, 0, "unauthorized"},
		{"none", ca.Leaf(), []*testca.Party{ca}, nil, nil, 2, 0, "names no OCSP responder (authority information access): give its URL with --url"},
		{"a URL in place of theirs", ca.Leaf(named("/gone")), []*testca.Party{ca}, []string{"--url", server.URL}, nil, 0, 1, `"acceptable":true`},
		{"unauthorized", ca.Leaf(named("/unauthorized")), []*testca.Party{ca}, nil, nil, 2, 0, "/unauthorized: the responder answers unauthorized: it does not serve the CA of this certificate, or knows that CA by SHA-1 only: try --hash sha1, and check the URL\n"},
		{"the issuer anywhere after it", ca.Leaf(named("/")), []*testca.Party{ca.Issuer, namesake, ca}, nil, nil, 0, 1, `"kind":"issuer"`},
		{"no issuer", ca.Leaf(named("/")), nil, nil, nil, 2, 0, `is not in it: give that of "CN=Intermediate" with --issuer`},
		{"a namesake", ca.Leaf(named("/")), []*testca.Party{namesake}, nil, nil, 2, 0, "has the name of the issuer of \"CN=client\", \"CN=Intermediate\", but another key"},
		{"another nonce", ca.Leaf(named("/")), []*testca.Party{ca}, []string{"--nonce"}, func(r *testca.Response) { r.Extensions = nonce }, 1, 1, `"result":"different"`},
		{"no nonce", ca.Leaf(named("/")), []*testca.Party{ca}, []string{"--nonce"}, nil, 0, 1, `"result":"not echoed"`},
		{"revoked", ca.Leaf(named("/")), []*testca.Party{ca}, nil, func(r *testca.Response) { r.Singles[0].Status = testca.Revoked }, 1, 1, `"reason":"certificate_revoked"`},
		{"unknown", ca.Leaf(named("/")), []*testca.Party{ca}, nil, func(r *testca.Response) { r.Singles[0].Status = testca.Unknown }, 1, 1, `"reason":"staple_unknown"`},
		{"unreadable inside", ca.Leaf(named("/")), []*testca.Party{ca}, nil, func(r *testca.Response) {
			r.Inside["BasicOCSPResponse"] = func(der []byte) []byte { return der[:len(der)-1] }
		}, 1, 1, `"status":"unreadable"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.edit == nil {
				row.edit = func(*testca.Response) {}
			}
			good = row.leaf.Staple(row.edit)
			args := append([]string{
				"ocsp", "query", "--json", "--cert", writeCertificates(t, append([]*testca.Party{row.leaf}, row.chain...)...),
				"--at", testca.Now.Format(time.RFC3339),
			}, row.args...)
			var out, errs strings.Builder
			status := execute(args, strings.NewReader(""), &out, &errs)
			if status != row.status || !strings.Contains(out.String()+errs.String(), row.want) {
				t.Fatalf("status %d: %s%s", status, out.String(), errs.String())
			}
			if status == 2 {
				if out.Len() > 0 || strings.Count(errs.String(), "\n") != 1 {
					t.Errorf("stdout %q, stderr %q", out.String(), errs.String())
				}
				return
			}
			var view struct{ Asked []struct{ URL, Error string } }
			if err := json.Unmarshal([]byte(out.String()), &view); err != nil {
				t.Fatal(err)
			}
			if len(view.Asked) != row.asked || view.Asked[row.asked-1].Error != "" || errs.Len() > 0 {
				t.Errorf("asked %s, stderr %s", fmt.Sprint(view.Asked), errs.String())
			}
		})
	}
}
