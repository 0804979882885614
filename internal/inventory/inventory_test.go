// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package inventory

import (
	"errors"
	"iter"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder/stepdb"
)

func sequence(list ...stepdb.Certificate) iter.Seq2[stepdb.Certificate, error] {
	return func(yield func(stepdb.Certificate, error) bool) {
		for _, c := range list {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func leaf(from, to time.Duration, dns ...string) stepdb.Certificate {
	ca := testca.New().Intermediate()
	return stepdb.Certificate{Provisioner: "acme", Certificate: ca.Leaf(testca.Valid(testca.Now.Add(from), testca.Now.Add(to)), func(t *testca.Template) {
		t.DNSNames, t.URIs, t.IPAddresses = dns, []*url.URL{{Scheme: "spiffe", Host: "d", Path: "/x"}}, []net.IP{{127, 0, 0, 1}}
		t.EmailAddresses = []string{"ops@d.example"}
	}).Cert}
}

func TestList(t *testing.T) {
	alive := leaf(-time.Hour, time.Hour, "alive.example", "Other.example")
	ended := leaf(-3*time.Hour, -time.Second, "ended.example")
	lasting := leaf(-2*time.Hour, 0, "lasting.example") // its last moment
	future := leaf(time.Hour, 2*time.Hour, "future.example")
	revoked := leaf(-4*time.Hour, time.Hour, "revoked.example")
	revoked.Revocation = &stepdb.Revocation{At: testca.Now.Add(-time.Minute), Reason: 6}
	for _, row := range []struct {
		name string
		q    Query
		want []string // first DNS names
	}{
		{"all, the oldest first", Query{}, []string{"revoked.example", "ended.example", "lasting.example", "alive.example", "future.example"}},
		{"alive, also what has yet to begin", Query{Alive: true}, []string{"lasting.example", "alive.example", "future.example"}},
		{"a DNS name in any case", Query{Name: "oTHER.example"}, []string{"alive.example"}},
		{"a part of a name", Query{Name: "example"}, nil},
		{"a URI", Query{Name: "spiffe://d/x", Alive: true}, []string{"lasting.example", "alive.example", "future.example"}},
		{"a URI in another case", Query{Name: "SPIFFE://d/x"}, nil},
		{"an address", Query{Name: "127.0.0.1", Alive: true}, []string{"lasting.example", "alive.example", "future.example"}},
		{"a mail address", Query{Name: "ops@d.example", Alive: true}, []string{"lasting.example", "alive.example", "future.example"}},
		{"since", Query{Since: testca.Now.Add(-2 * time.Hour)}, []string{"lasting.example", "alive.example", "future.example"}},
		{"since, and alive", Query{Since: testca.Now.Add(-2*time.Hour + time.Second), Alive: true}, []string{"alive.example", "future.example"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			found, err := List(sequence(alive, future, revoked, ended, lasting), row.q, testca.Now)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, c := range found {
				names = append(names, c.Names[1])
			}
			if !slices.Equal(names, row.want) {
				t.Errorf("got %v, want %v", names, row.want)
			}
		})
	}
	broken := errors.New("the database is down")
	if found, err := List(func(yield func(stepdb.Certificate, error) bool) { yield(stepdb.Certificate{}, broken) }, Query{}, testca.Now); !errors.Is(err, broken) || found != nil {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestTable(t *testing.T) {
	revoked := leaf(-4*time.Hour, time.Hour, "revoked.example")
	revoked.Revocation, revoked.Provisioner = &stepdb.Revocation{At: testca.Now.Add(-time.Minute), Reason: 6}, "evil\x1b[31m"
	list, err := List(sequence(revoked, leaf(-3*time.Hour, -1, "ended.example"), leaf(-1, 1, "alive.example"), leaf(time.Hour, 2*time.Hour, "future.example")), Query{}, testca.Now)
	if err != nil {
		t.Fatal(err)
	}
	plain := Table(terminal.Terminal{Width: 80}, list, testca.Now)
	lines := strings.Split(strings.TrimSuffix(plain, "\n"), "\n")
	if len(lines) != 5 {
		t.Fatalf("%d lines:\n%s", len(lines), plain)
	}
	for i, want := range [][]string{
		{"STATUS ", "ENDS", "SERIAL", "PROVISIONER", "NAMES"},
		{"revoked  2026-03-01 13:00:00Z  0x", `evil\x1b[31m`, "spiffe://d/x, revoked.example, 127.0.0.1, ops@d.example; revoked 2026-03-01 11:59:00Z, certificateHold"},
		{"expired  ", "ended.example"}, {"alive  ", "alive.example"}, {"not yet  ", "future.example"},
	} {
		for _, part := range want {
			if !strings.Contains(lines[i], part) {
				t.Errorf("line %d lacks %q: %s", i, part, lines[i])
			}
		}
		if strings.Index(lines[i], "  spiffe") > 0 && strings.Index(lines[i], "spiffe") != strings.Index(lines[0], "NAMES") {
			t.Errorf("line %d is out of line:\n%s", i, plain)
		}
	}
	if strings.Contains(plain, "\x1b") {
		t.Error("color, or an escape of a stranger, without a terminal")
	}
	if colored := Table(terminal.Terminal{Width: 80, Color: true}, list, testca.Now); !strings.Contains(colored, "\x1b[32malive") || !strings.Contains(colored, "\x1b[31mrevoked") {
		t.Errorf("no color:\n%s", colored)
	}
}
