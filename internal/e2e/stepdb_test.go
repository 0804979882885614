// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/certificates/authority/provisioner"
	"github.com/smallstep/certificates/db"
	"golang.org/x/crypto/ocsp"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
	"github.com/stapledjwt/stapled/responder/stepdb"
)

// The tests of stepdb run on real servers, which scripts/interop-stepdb.sh
// installs. step-ca's own code writes the certificates and revocations.

func TestStepDBOnPostgreSQL(t *testing.T) {
	server := newPostgres(t)
	testStepDB(t, server)
	t.Run("standby", func(t *testing.T) { testStandby(t, server) })
}

func TestStepDBOnMariaDB(t *testing.T) { testStepDB(t, newMariaDB(t)) }

// site is a CA whose database is on a server.
type site struct {
	server sqlServer
	ca     *testca.Party
	db     *db.DB
}

func valid() testca.Edit {
	return testca.Valid(time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour))
}

// issue stores a new certificate as step-ca does.
func (s *site) issue(t *testing.T, ca *testca.Party) *big.Int {
	t.Helper()
	leaf := ca.Leaf(valid())
	must(t, s.db.StoreCertificateChain(&provisioner.ACME{Type: "ACME", Name: "acme"}, leaf.Cert, ca.Cert))
	return leaf.Cert.SerialNumber
}

func (s *site) revoke(t *testing.T, serial *big.Int) time.Time {
	t.Helper()
	at := time.Now().UTC()
	must(t, s.db.Revoke(&db.RevokedCertificateInfo{Serial: serial.String(), ReasonCode: ocsp.KeyCompromise, RevokedAt: at, ExpiresAt: at.Add(time.Hour)}))
	return at
}

// source returns a source that may only read.
func (s *site) source(t *testing.T, server sqlServer, edit func(*stepdb.Config)) *stepdb.Source {
	t.Helper()
	cfg := stepdb.Config{DSN: server.dsn("reader", secret), Issuer: s.ca.Cert}
	if edit != nil {
		edit(&cfg)
	}
	source, err := stepdb.New(cfg)
	must(t, err)
	t.Cleanup(func() { must(t, source.Close()) })
	return source
}

// run scans until the test ends.
func run(t *testing.T, source *stepdb.Source) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- source.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	})
}

// asker asks a responder with this source; -1 is tryLater.
func (s *site) asker(t *testing.T, source responder.Source) func(serial *big.Int) int {
	t.Helper()
	r, err := responder.New(responder.Config{Authorities: []responder.Authority{{Certificate: s.ca.Cert, Signer: s.ca.Key, Source: source}}})
	must(t, err)
	return func(serial *big.Int) int {
		t.Helper()
		leaf := *s.ca.Cert
		leaf.SerialNumber = serial
		request, err := ocsp.CreateRequest(&leaf, s.ca.Cert, nil)
		must(t, err)
		got, err := ocsp.ParseResponse(r.Respond(t.Context(), request), s.ca.Cert)
		if failure := (ocsp.ResponseError{}); errors.As(err, &failure) && failure.Status == ocsp.TryLater {
			return -1
		}
		must(t, err)
		return got.Status
	}
}

// until waits for a condition that another process brings about.
func until(t *testing.T, what string, patience time.Duration, done func() bool) time.Duration {
	t.Helper()
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if done() {
			return time.Since(began)
		}
		if time.Since(began) > patience {
			t.Fatalf("not within %s: %s", patience, what)
		}
	}
}

func want(t *testing.T, source responder.Source, serial *big.Int, code responder.Code) responder.Status {
	t.Helper()
	st, err := source.Status(t.Context(), serial)
	if err != nil || st.Code != code {
		t.Fatalf("%v: got %v, %v; want %v", serial, st, err, code)
	}
	return st
}

func refused(t *testing.T, source *stepdb.Source, serial *big.Int, text string) {
	t.Helper()
	st, err := source.Status(t.Context(), serial)
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, %v; want an error with %q", st, err, text)
	}
	if err := source.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("a scan: %v; want an error with %q", err, text)
	}
	if _, ok := source.Version(serial); ok {
		t.Error("the version counts")
	}
}

func testStepDB(t *testing.T, server sqlServer) {
	opened, err := db.New(server.config())
	must(t, err)
	s := &site{server: server, ca: testca.New(valid()).Intermediate(valid()), db: opened.(*db.DB)}
	t.Cleanup(func() { must(t, s.db.Shutdown()) })
	server.reader(t)
	source := s.source(t, server, nil)

	t.Run("an empty database", func(t *testing.T) {
		must(t, source.Refresh(t.Context()))
		for _, err := range stepdb.Certificates(t.Context(), stepdb.Config{DSN: server.dsn("reader", secret)}) {
			t.Errorf("a certificate, %v", err)
		}
	})
	good := s.issue(t, s.ca)
	t.Run("issued and not", func(t *testing.T) {
		if st := want(t, source, good, responder.Good); st.NotAfter.Before(time.Now()) {
			t.Errorf("ends at %v", st.NotAfter)
		}
		want(t, source, big.NewInt(987654321), responder.Unknown)
	})
	t.Run("revoked", func(t *testing.T) {
		serial := s.issue(t, s.ca)
		at := s.revoke(t, serial)
		st := want(t, source, serial, responder.Revoked)
		if st.Reason != ocsp.KeyCompromise || !st.RevokedAt.Equal(at) || st.NotAfter.IsZero() {
			t.Errorf("got %+v, want revoked at %v", st, at)
		}
		never := big.NewInt(123456789) // step-ca accepts any serial
		s.revoke(t, never)
		want(t, source, never, responder.Revoked)
	})
	t.Run("another CA in the same database", func(t *testing.T) {
		for _, other := range []*testca.Party{
			testca.New(valid()).Intermediate(valid(), testca.Named("Another")),
			testca.New(valid()).Intermediate(valid(), testca.WithKey(testca.Key(testca.P256, "successor"))),
		} {
			serial := s.issue(t, other)
			want(t, source, serial, responder.Unknown)
			s.revoke(t, serial)
			want(t, source, serial, responder.Unknown)
		}
	})
	t.Run("certificates", func(t *testing.T) {
		n, revoked := 0, 0
		for c, err := range stepdb.Certificates(t.Context(), stepdb.Config{DSN: server.dsn("reader", secret)}) {
			must(t, err)
			n++
			if c.Provisioner != "acme" {
				t.Errorf("provisioner %q", c.Provisioner)
			}
			if c.Revocation != nil {
				revoked++
			}
		}
		if n != 4 || revoked != 3 {
			t.Errorf("%d certificates, %d revoked; want 4, 3 revoked", n, revoked)
		}
	})
	t.Run("stapled certs", func(t *testing.T) { testCertsCommand(t, server) })
	t.Run("a wrong password", func(t *testing.T) {
		const wrong = "wrongpassword"
		stranger := s.source(t, server, func(c *stepdb.Config) { c.DSN = server.dsn("reader", wrong) })
		if _, err := stranger.Status(t.Context(), good); err == nil || strings.Contains(err.Error(), wrong) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("read-only", func(t *testing.T) {
		server.readOnly(t, true)
		refused(t, s.source(t, server, nil), good, "read-only")
		for _, err := range stepdb.Certificates(t.Context(), stepdb.Config{DSN: server.dsn("reader", secret)}) {
			if err == nil || !strings.Contains(err.Error(), "read-only") {
				t.Errorf("certificates: %v", err)
			}
		}
		server.readOnly(t, false)
		want(t, s.source(t, server, nil), good, responder.Good)
	})
	t.Run("two responders, one revocation, a crash", func(t *testing.T) { testTwoResponders(t, s) })
	t.Run("one responder killed under load, then the database", func(t *testing.T) { testUnderLoad(t, s) })
	t.Run("many revocations", func(t *testing.T) {
		const n = 100_000
		server.fill(t, n)
		fresh := s.source(t, server, nil)
		must(t, fresh.Refresh(t.Context()))
		first := fresh.Snapshot()
		must(t, fresh.Refresh(t.Context()))
		snap := fresh.Snapshot()
		if snap.Revoked < n {
			t.Errorf("%d revoked", snap.Revoked)
		}
		want(t, fresh, new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 127), big.NewInt(5)), responder.Revoked)
		began, asked := time.Now(), 500
		for range asked {
			want(t, fresh, good, responder.Good)
		}
		t.Logf("figures: %d revocations: the first scan took %s, the next %s, so one every %s; a status %s",
			snap.Revoked, first.Took.Round(time.Millisecond), snap.Took.Round(time.Millisecond), snap.Interval.Round(time.Millisecond), (time.Since(began) / time.Duration(asked)).Round(time.Microsecond))
	})
}

// testTwoResponders: equal answers; a revocation ends the reuse of an answer in
// both; nothing is good while the database is down, beyond answers that are still
// right; both recover.
func testTwoResponders(t *testing.T, s *site) {
	serial, other := s.issue(t, s.ca), s.issue(t, s.ca)
	var ask []func(*big.Int) int
	for range 2 {
		source := s.source(t, s.server, nil)
		run(t, source)
		until(t, "the first scan", 10*time.Second, func() bool { return source.Snapshot().Usable == nil })
		ask = append(ask, s.asker(t, source))
	}
	for _, each := range ask {
		if a, b, c := each(serial), each(other), each(big.NewInt(5)); a != ocsp.Good || b != ocsp.Good || c != ocsp.Unknown {
			t.Fatalf("got %d, %d, %d", a, b, c)
		}
	}
	s.revoke(t, serial)
	took := until(t, "both say revoked", 20*time.Second, func() bool { return ask[0](serial) == ocsp.Revoked && ask[1](serial) == ocsp.Revoked })
	t.Logf("figures: after %s, both responders said revoked", took.Round(time.Millisecond))

	s.server.kill(t)
	until(t, "both say tryLater", 10*time.Second, func() bool {
		for _, each := range ask {
			if status := each(serial); status != ocsp.Revoked && status != -1 {
				t.Fatalf("without the database: %d", status)
			}
		}
		return ask[0](serial) == -1 && ask[1](serial) == -1 && ask[0](other) == -1 && ask[1](big.NewInt(5)) == -1
	})
	s.server.start(t)
	until(t, "both recover", 10*time.Second, func() bool {
		return ask[0](serial) == ocsp.Revoked && ask[1](serial) == ocsp.Revoked && ask[0](other) == ocsp.Good && ask[1](other) == ocsp.Good && ask[0](big.NewInt(5)) == ocsp.Unknown
	})
}

// testStandby: a standby is refused, or as current as it is configured to be, or
// refused.
func testStandby(t *testing.T, primary *postgres) {
	opened, err := db.New(primary.config())
	must(t, err)
	s := &site{server: primary, ca: testca.New(valid()).Intermediate(valid()), db: opened.(*db.DB)}
	t.Cleanup(func() { must(t, s.db.Shutdown()) })
	standby := primary.standby(t)
	good := s.issue(t, s.ca)
	refused(t, s.source(t, standby, nil), good, "in recovery")

	const lag = 4 * time.Second
	source := s.source(t, standby, func(c *stepdb.Config) { c.MaxReplicationLag = lag })
	until(t, "the standby has the certificate", 10*time.Second, func() bool {
		st, err := source.Status(t.Context(), good)
		return err == nil && st.Code == responder.Good
	})
	// Idle for longer than the lag, nothing says that the standby is current, until
	// the next commit.
	time.Sleep(lag + time.Second)
	refused(t, source, good, "the last commit that the standby has replayed is from")
	s.issue(t, s.ca)
	until(t, "the standby has the next commit", 10*time.Second, func() bool {
		_, err := source.Status(t.Context(), good)
		return err == nil
	})
	before := time.Now()
	st := want(t, source, good, responder.Good)
	if age := before.Sub(st.ThisUpdate); age < lag-time.Second || age > lag+2*time.Second {
		t.Errorf("thisUpdate is %s ago, want %s", age, lag)
	}
	must(t, source.Refresh(t.Context()))

	// The standby no longer replays, and says good about a revoked certificate:
	// never as of a time after the revocation.
	standby.exec(t, "SELECT pg_wal_replay_pause()")
	revokedAt := s.revoke(t, good)
	until(t, "the standby is refused", 3*lag, func() bool {
		st, err := source.Status(t.Context(), good)
		if err == nil && st.Code == responder.Good && st.ThisUpdate.After(revokedAt) {
			t.Fatalf("good as of %v, revoked at %v", st.ThisUpdate, revokedAt)
		}
		return err != nil
	})
	refused(t, source, good, "the last commit that the standby has replayed is from")
	standby.exec(t, "SELECT pg_wal_replay_resume()")
	// The revocation may be older than the lag by now, and then it says no more that
	// the standby is current: the next commit does.
	s.issue(t, s.ca)
	until(t, "the standby has the revocation", 10*time.Second, func() bool {
		st, err := source.Status(t.Context(), good)
		return err == nil && st.Code == responder.Revoked
	})
	// Nobody says any longer how far it is behind.
	primary.kill(t)
	until(t, "a standby without its primary is refused", 3*lag, func() bool {
		_, err := source.Status(t.Context(), good)
		return err != nil
	})
}

// testCertsCommand: the command lists the same by the DSN and by ca.json.
func testCertsCommand(t *testing.T, server sqlServer) {
	command, dir := os.Getenv("STAPLED"), t.TempDir()
	if command == "" {
		command = filepath.Join(dir, "stapled")
		output(t, exec.Command("go", "build", "-o", command, "github.com/stapledjwt/stapled/cmd/stapled"))
	}
	dsn := filepath.Join(dir, "dsn")
	must(t, os.WriteFile(dsn, []byte(server.dsn("reader", secret)+"\n"), 0o600))
	must(t, os.Mkdir(filepath.Join(dir, "config"), 0o700))
	stored, err := json.Marshal(map[string]any{"db": server.config()})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "config", "ca.json"), stored, 0o600))
	for _, args := range [][]string{{"--db-file", dsn}, {"--dir", dir}} {
		out, err := exec.Command(command, append([]string{"certs", "--json"}, args...)...).Output()
		must(t, err)
		if n := bytes.Count(out, []byte(`"reason":"keyCompromise"`)); n != 3 || bytes.Count(out, []byte("\n")) != 4 {
			t.Errorf("%v: %d revoked, want 3 of 4:\n%s", args, n, out)
		}
	}
}
