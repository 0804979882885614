// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/smallstep/certificates/db"

	"github.com/stapledjwt/stapled/internal/testport"
)

// secret is the password of every database user.
const secret = "hunter2"

// sqlServer is a private database server.
type sqlServer interface {
	start(t *testing.T)
	// kill ends the server as a crash does.
	kill(t *testing.T)
	// config is the "db" of ca.json.
	config() *db.Config
	// dsn returns the DSN of a user.
	dsn(user, password string) string
	// reader makes the user that the responder needs.
	reader(t *testing.T)
	// readOnly makes the server read-only, and back.
	readOnly(t *testing.T, on bool)
	// fill adds revocations.
	fill(t *testing.T, n int)
}

// runAs runs a program as another user if this one is root: the servers refuse
// to run as root.
func runAs(t *testing.T, account string, env []string, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Dir = "/"
	if os.Geteuid() != 0 {
		return cmd
	}
	uid, gid := ids(t, account)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return cmd
}

func ids(t *testing.T, account string) (uid, gid int) {
	t.Helper()
	found, err := user.Lookup(account)
	if err != nil {
		t.Fatal(err)
	}
	uid, err = strconv.Atoi(found.Uid)
	must(t, err)
	gid, err = strconv.Atoi(found.Gid)
	must(t, err)
	return uid, gid
}

// ownDirectory makes a directory that the account can reach and write to. Its
// path is short, for sockets.
func ownDirectory(t *testing.T, account string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "stepdb")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	if os.Geteuid() == 0 {
		uid, gid := ids(t, account)
		must(t, os.Chown(dir, uid, gid))
	}
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func output(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
}

func port(t *testing.T) string {
	t.Helper()
	address, release, err := testport.Reserve()
	must(t, err)
	t.Cleanup(func() { must(t, release()) })
	_, port, err := net.SplitHostPort(address)
	must(t, err)
	return port
}

// postgres is PostgreSQL in a directory of its own.
type postgres struct {
	bin, dir, port string
}

func newPostgres(t *testing.T) *postgres {
	p := postgresIn(t)
	pwfile := filepath.Join(p.dir, "password")
	must(t, os.WriteFile(pwfile, []byte(secret), 0o644))
	output(t, runAs(t, "postgres", nil, filepath.Join(p.bin, "initdb"), "-D", p.data(), "-A", "scram-sha-256", "-U", "postgres", "--pwfile", pwfile))
	p.start(t)
	return p
}

func postgresIn(t *testing.T) *postgres {
	p := &postgres{dir: ownDirectory(t, "postgres"), port: port(t)}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	must(t, err)
	if len(found) == 0 {
		t.Fatal("PostgreSQL is missing: install the package postgresql")
	}
	p.bin = found[len(found)-1]
	t.Cleanup(func() { p.kill(t) })
	return p
}

func (p *postgres) data() string { return filepath.Join(p.dir, "data") }

func (p *postgres) control(t *testing.T, args ...string) *exec.Cmd {
	return runAs(t, "postgres", nil, filepath.Join(p.bin, "pg_ctl"), append([]string{"-D", p.data(), "-w"}, args...)...)
}

func (p *postgres) start(t *testing.T) {
	t.Helper()
	options := fmt.Sprintf("-p %s -k %s -c listen_addresses=127.0.0.1", p.port, p.dir)
	output(t, p.control(t, "-l", filepath.Join(p.dir, "log"), "-o", options, "start"))
}

func (p *postgres) kill(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(p.data(), "postmaster.pid")); err == nil {
		output(t, p.control(t, "-m", "immediate", "stop"))
	}
}

func (p *postgres) config() *db.Config {
	return &db.Config{Type: "postgresql", DataSource: "postgresql://postgres:" + secret + "@127.0.0.1:" + p.port + "/", Database: "stepca"}
}

func (p *postgres) dsn(user, password string) string {
	return "postgresql://" + user + ":" + password + "@127.0.0.1:" + p.port + "/stepca"
}

func (p *postgres) exec(t *testing.T, statements ...string) {
	t.Helper()
	execute(t, "pgx", p.dsn("postgres", secret), statements...)
}

func (p *postgres) reader(t *testing.T) {
	t.Helper()
	p.exec(t, "CREATE ROLE reader LOGIN PASSWORD '"+secret+"'", "GRANT SELECT ON x509_certs, x509_certs_data, revoked_x509_certs TO reader")
}

func (p *postgres) readOnly(t *testing.T, on bool) {
	t.Helper()
	// From another database, which it does not make read-only.
	execute(t, "pgx", strings.TrimSuffix(p.dsn("postgres", secret), "stepca")+"postgres", fmt.Sprintf("ALTER DATABASE stepca SET default_transaction_read_only = %t", on))
}

func (p *postgres) fill(t *testing.T, n int) {
	t.Helper()
	p.exec(t, fmt.Sprintf(`INSERT INTO revoked_x509_certs SELECT convert_to(s::text, 'UTF8'), convert_to(replace('%s', 'SERIAL', s::text), 'UTF8')
FROM (SELECT 170141183460469231731687303715884105728 + i::numeric AS s FROM generate_series(1, %d) AS i) AS serials`, filler, n))
}

// filler is a revocation as step-ca stores it.
const filler = `{"Serial":"SERIAL","ProvisionerID":"admin/r4bkJfJUPJ3Pk1Cx8t4Hb1MqgR5ivzpbOpJzUcsP3Ag","ReasonCode":1,"Reason":"key compromise","RevokedAt":"2026-03-01T12:00:00.123456789Z","ExpiresAt":"2026-03-02T12:00:00Z","TokenID":"ad0ad7a5e6ba3bb50be6ea0d4f12a6b2a86dcee4c4f2b44ad8b1f6c0a8d9e2d3","MTLS":false,"ACME":false}`

// standby makes a standby that streams from this server, and starts it.
func (p *postgres) standby(t *testing.T) *postgres {
	t.Helper()
	s := postgresIn(t)
	output(t, runAs(t, "postgres", []string{"PGPASSWORD=" + secret}, filepath.Join(s.bin, "pg_basebackup"), "-D", s.data(), "-h", "127.0.0.1", "-p", p.port, "-U", "postgres", "-R", "-X", "stream", "-c", "fast"))
	s.start(t)
	return s
}

// mariadb is MariaDB in a directory of its own.
type mariadb struct {
	dir, port string
	server    *exec.Cmd
}

func newMariaDB(t *testing.T) *mariadb {
	m := &mariadb{dir: ownDirectory(t, "mysql"), port: port(t)}
	output(t, runAs(t, "mysql", nil, "mariadb-install-db", "--no-defaults", "--datadir="+m.dir+"/data", "--auth-root-authentication-method=normal", "--skip-test-db"))
	t.Cleanup(func() { m.kill(t) })
	m.start(t)
	execute(t, "mysql", "root@tcp(127.0.0.1:"+m.port+")/", "ALTER USER root@localhost IDENTIFIED BY '"+secret+"'")
	return m
}

func (m *mariadb) start(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(m.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	must(t, err)
	defer log.Close()
	m.server = runAs(t, "mysql", nil, "mariadbd", "--no-defaults", "--datadir="+m.dir+"/data", "--port="+m.port, "--bind-address=127.0.0.1", "--socket="+m.dir+"/socket", "--pid-file="+m.dir+"/pid")
	m.server.Stdout, m.server.Stderr = log, log
	must(t, m.server.Start())
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", "127.0.0.1:"+m.port)
		if err == nil {
			must(t, c.Close())
			return
		}
		if time.Now().After(end) {
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("MariaDB does not answer: %v\n%s", err, text)
		}
	}
}

func (m *mariadb) kill(t *testing.T) {
	t.Helper()
	if m.server == nil {
		return
	}
	must(t, m.server.Process.Kill())
	_ = m.server.Wait() // says that it was killed
	m.server = nil
}

func (m *mariadb) config() *db.Config {
	return &db.Config{Type: "mysql", DataSource: "root:" + secret + "@tcp(127.0.0.1:" + m.port + ")/", Database: "stepca"}
}

func (m *mariadb) dsn(user, password string) string {
	return user + ":" + password + "@tcp(127.0.0.1:" + m.port + ")/stepca"
}

func (m *mariadb) exec(t *testing.T, statements ...string) {
	t.Helper()
	execute(t, "mysql", m.dsn("root", secret), statements...)
}

func (m *mariadb) reader(t *testing.T) {
	t.Helper()
	statements := []string{"CREATE USER reader IDENTIFIED BY '" + secret + "'"}
	for _, table := range []string{"x509_certs", "x509_certs_data", "revoked_x509_certs"} {
		statements = append(statements, "GRANT SELECT ON stepca."+table+" TO reader")
	}
	m.exec(t, statements...)
}

func (m *mariadb) readOnly(t *testing.T, on bool) {
	t.Helper()
	m.exec(t, fmt.Sprintf("SET GLOBAL read_only = %t", on))
}

func (m *mariadb) fill(t *testing.T, n int) {
	t.Helper()
	m.exec(t, fmt.Sprintf(`INSERT INTO revoked_x509_certs SELECT s, REPLACE('%s', 'SERIAL', s)
FROM (SELECT CAST(170141183460469231731687303715884105728 + seq AS CHAR) AS s FROM seq_1_to_%d) AS serials`, filler, n))
}

func execute(t *testing.T, driver, dsn string, statements ...string) {
	t.Helper()
	pool, err := sql.Open(driver, dsn)
	must(t, err)
	defer pool.Close()
	for _, statement := range statements {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		_, err := pool.ExecContext(ctx, statement)
		cancel()
		if err != nil {
			t.Fatalf("%s: %v", strings.ReplaceAll(statement, secret, "…"), err)
		}
	}
}
