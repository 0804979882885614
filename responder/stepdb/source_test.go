// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepdb

import (
	"context"
	"errors"
	"math/big"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
)

func TestStatus(t *testing.T) {
	ca := testca.New().Intermediate()
	other := testca.New().Intermediate(testca.Named("Another"))
	// A successor of the CA with its name and another key.
	namesake := testca.New().Intermediate(testca.WithKey(testca.Key(testca.P256, "successor")))
	good, revoked, lost := ca.Leaf(), ca.Leaf(), ca.Leaf()
	foreign, old := other.Leaf(), namesake.Leaf()
	key := func(p *testca.Party) string { return p.Cert.SerialNumber.String() }

	for _, row := range []struct {
		name   string
		serial *big.Int
		edit   func(*server)
		want   responder.Code
		err    string // in place of a status
	}{
		{name: "not issued", serial: big.NewInt(4711), want: responder.Unknown},
		{name: "issued", serial: good.Cert.SerialNumber, want: responder.Good},
		{name: "revoked", serial: revoked.Cert.SerialNumber, want: responder.Revoked},
		{name: "revoked, the certificate is lost", serial: lost.Cert.SerialNumber, want: responder.Revoked},
		{name: "revoked, the certificate is damaged", serial: revoked.Cert.SerialNumber, want: responder.Revoked,
			edit: func(s *server) { s.certs[key(revoked)] = []byte("not DER") }},
		{name: "of another CA", serial: foreign.Cert.SerialNumber, want: responder.Unknown},
		{name: "of another CA and revoked", serial: foreign.Cert.SerialNumber, want: responder.Unknown,
			edit: func(s *server) { s.revoked[key(foreign)] = revocationOf(key(foreign), 1) }},
		{name: "of a CA of the same name with another key", serial: old.Cert.SerialNumber, want: responder.Unknown},
		{name: "serial 0", serial: new(big.Int), want: responder.Unknown},
		{name: "negative serial", serial: big.NewInt(-1), want: responder.Unknown},
		{name: "serial of 21 octets", serial: new(big.Int).Lsh(big.NewInt(1), 160), want: responder.Unknown},
		{name: "no serial", err: "the serial number is nil"},

		{name: "the certificate is damaged", serial: good.Cert.SerialNumber, err: "read the certificate",
			edit: func(s *server) { s.certs[key(good)] = []byte("not DER") }},
		{name: "the certificate is NULL", serial: good.Cert.SerialNumber, err: "read the certificate",
			edit: func(s *server) { s.certs[key(good)] = nil }},
		{name: "another certificate in its place", serial: good.Cert.SerialNumber, err: "in the place of this one",
			edit: func(s *server) { s.certs[key(good)] = revoked.Cert.Raw }},
		{name: "the revocation is damaged", serial: good.Cert.SerialNumber, err: "read the revocation",
			edit: func(s *server) { s.revoked[key(good)] = []byte("{") }},
		{name: "the revocation is NULL", serial: good.Cert.SerialNumber, err: "read the revocation",
			edit: func(s *server) { s.revoked[key(good)] = nil }},
		{name: "the revocation is empty", serial: good.Cert.SerialNumber, err: "read the revocation",
			edit: func(s *server) { s.revoked[key(good)] = []byte{} }},
		{name: "the revocation of another serial", serial: good.Cert.SerialNumber, err: "in the place of this one",
			edit: func(s *server) { s.revoked[key(good)] = revocationOf("5", 1) }},
		{name: "the server is in recovery", serial: good.Cert.SerialNumber, err: "in recovery",
			edit: func(s *server) { s.kind = kindStandby }},
		{name: "the server is read-only", serial: good.Cert.SerialNumber, err: "read-only",
			edit: func(s *server) { s.kind = kindReadOnly }},
		{name: "the server is read-only, and the serial is not issued", serial: big.NewInt(4711), err: "read-only",
			edit: func(s *server) { s.kind = kindReadOnly }},
		{name: "the server does not say what it is", serial: good.Cert.SerialNumber, err: "its kind as",
			edit: func(s *server) { s.kind = "" }},
		{name: "the server fails", serial: good.Cert.SerialNumber, err: "out of memory",
			edit: func(s *server) { s.err = errors.New("out of memory") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			db := newServer()
			for _, party := range []*testca.Party{good, revoked, foreign, old} {
				db.issue(party)
			}
			db.revoke(key(revoked), 4)
			db.revoke(key(lost), 4)
			if row.edit != nil {
				db.set(row.edit)
			}
			source := sourceOf(t, db, ca, nil)
			for range 2 { // the second time, the signature on the certificate is known
				st, err := source.Status(t.Context(), row.serial)
				if row.err != "" {
					if err == nil || !strings.Contains(err.Error(), row.err) || st != (responder.Status{}) {
						t.Fatalf("got %v, %v; want an error with %q", st, err, row.err)
					}
					continue
				}
				if err != nil || st.Code != row.want {
					t.Fatalf("got %v, %v; want %v", st, err, row.want)
				}
				if !st.ThisUpdate.IsZero() {
					t.Errorf("thisUpdate is %v, want now", st.ThisUpdate)
				}
				if (st.Code != responder.Unknown) == st.NotAfter.IsZero() {
					t.Errorf("%v, and the end of the certificate is %v", st.Code, st.NotAfter)
				}
				if st.Code == responder.Revoked && (st.Reason != 4 || !st.RevokedAt.Equal(testca.Now)) {
					t.Errorf("revoked at %v for reason %d", st.RevokedAt, st.Reason)
				}
			}
		})
	}
}

// TestSerialThatNoCAIssues: anybody can ask for one, and the database is not
// bothered.
func TestSerialThatNoCAIssues(t *testing.T) {
	db := newServer()
	source := sourceOf(t, db, testca.New().Intermediate(), nil)
	for _, serial := range []*big.Int{new(big.Int), big.NewInt(-1), new(big.Int).Lsh(big.NewInt(1), 160), new(big.Int).Lsh(big.NewInt(1), 100_000)} {
		if st, err := source.Status(t.Context(), serial); err != nil || st != (responder.Status{}) {
			t.Errorf("got %v, %v; want unknown", st, err)
		}
	}
	if db.statuses != 0 {
		t.Errorf("the database was asked %d times", db.statuses)
	}
	if _, err := source.Status(t.Context(), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 160), big.NewInt(1))); err != nil || db.statuses != 1 {
		t.Errorf("the longest serial number: %v, and the database was asked %d times", err, db.statuses)
	}
}

func TestStatusDoesNotWaitForASlowServer(t *testing.T) {
	ca := testca.New().Intermediate()
	db := newServer()
	db.slow = make(chan struct{})
	source := sourceOf(t, db, ca, func(c *Config) { c.Timeout = time.Millisecond })
	st, err := source.Status(t.Context(), big.NewInt(1))
	if !errors.Is(err, errSlow) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, %v; want that the database is slow", st, err)
	}
	// The connection is back, and the database too.
	close(db.slow)
	if st, err := source.Status(t.Context(), big.NewInt(1)); err != nil || st.Code != responder.Unknown {
		t.Fatalf("after that: got %v, %v; want unknown", st, err)
	}
	// A client that has gone is not a slow database.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := source.Status(ctx, big.NewInt(1)); !errors.Is(err, context.Canceled) || errors.Is(err, errSlow) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestReplica(t *testing.T) {
	ca := testca.New().Intermediate()
	leaf := ca.Leaf()
	now := testca.Now.Add(300 * time.Millisecond)
	const lag = 5 * time.Second
	for _, row := range []struct {
		name     string
		kind     string
		replayed any
		want     time.Time
		err      string
		asked    string // the kind of the server asked first, if it is another one
	}{
		{name: "another server than the one asked first", asked: kindPrimary, kind: kindStandby, replayed: now, err: "another server has answered"},
		{name: "the primary", kind: kindPrimary, replayed: nil},
		{name: "current", kind: kindStandby, replayed: now, want: testca.Now.Add(-lag)},
		{name: "just current enough", kind: kindStandby, replayed: testca.Now.Add(-lag), want: testca.Now.Add(-lag)},
		{name: "too far behind", kind: kindStandby, replayed: testca.Now.Add(-lag - 1), err: "is from 2026-03-01T11:59:54Z, so it may be more than 5s behind"},
		{name: "has replayed nothing", kind: kindStandby, replayed: nil, err: "does not say"},
		{name: "the primary's clock is ahead", kind: kindStandby, replayed: now.Add(maxAhead + 1), err: "clock is ahead"},
		{name: "read-only without recovery", kind: kindReadOnly, replayed: now, err: "read-only"},
		{name: "of a kind that nobody knows", kind: "", replayed: now, err: "its kind as"},
	} {
		t.Run(row.name, func(t *testing.T) {
			db := newServer()
			db.issue(leaf)
			db.kind, db.replayed, db.replayedKind = row.kind, row.replayed, row.asked
			source := sourceOf(t, db, ca, func(c *Config) {
				c.MaxReplicationLag, c.Now = lag, func() time.Time { return now }
			})
			st, err := source.Status(t.Context(), leaf.Cert.SerialNumber)
			scanned := source.Refresh(t.Context())
			if row.err != "" {
				if err == nil || !strings.Contains(err.Error(), row.err) {
					t.Fatalf("got %v, %v; want an error with %q", st, err, row.err)
				}
				if scanned == nil || !strings.Contains(scanned.Error(), row.err) {
					t.Errorf("a scan: %v, want the same", scanned)
				}
				if _, ok := source.Version(leaf.Cert.SerialNumber); ok {
					t.Error("the version counts, although the scan has failed")
				}
				return
			}
			if err != nil || scanned != nil || st.Code != responder.Good || !st.ThisUpdate.Equal(row.want) {
				t.Fatalf("got %v, %v and the scan %v; want good as of %v", st, err, scanned, row.want)
			}
		})
	}
}

// TestTwoSourcesAgree: any number of responders on one database are equal.
func TestTwoSourcesAgree(t *testing.T) {
	ca := testca.New().Intermediate()
	good, revoked := ca.Leaf(), ca.Leaf()
	db := newServer()
	db.issue(good)
	db.issue(revoked)
	db.revoke(revoked.Cert.SerialNumber.String(), 1)
	a, b := sourceOf(t, db, ca, nil), sourceOf(t, db, ca, nil)
	for _, serial := range []*big.Int{good.Cert.SerialNumber, revoked.Cert.SerialNumber, big.NewInt(3)} {
		first, err := a.Status(t.Context(), serial)
		second, err2 := b.Status(t.Context(), serial)
		if err != nil || err2 != nil || first != second {
			t.Errorf("%v: %v, %v and %v, %v", serial, first, err, second, err2)
		}
	}
}

// TestFailover: a demoted server keeps its connections, and the next statement
// goes to its successor.
func TestFailover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca := testca.New().Intermediate()
		leaf := ca.Leaf()
		db := newServer()
		db.issue(leaf)
		db.kind, db.lasting = kindReadOnly, true
		source := sourceOf(t, db, ca, nil)
		refused := func() {
			t.Helper()
			if st, err := source.Status(t.Context(), leaf.Cert.SerialNumber); err == nil {
				t.Fatalf("got %v from a read-only server", st)
			}
		}
		refused()
		db.set(func(s *server) { s.kind = kindPrimary })
		if st, err := source.Status(t.Context(), leaf.Cert.SerialNumber); err != nil || st.Code != responder.Good {
			t.Fatalf("after the failover: got %v, %v", st, err)
		}
		// Connections do not end with each refusal.
		db.set(func(s *server) { s.lasting, s.kind, s.connections = false, kindReadOnly, 0 })
		for range 100 {
			refused()
		}
		time.Sleep(time.Second)
		for range 100 {
			refused()
		}
		if db.connections > 3 {
			t.Errorf("200 refusals in 1 s took %d connections", db.connections)
		}
	})
}
