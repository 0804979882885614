// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/timetext"
)

// openDatabases counts the goroutines that package sql keeps for each pool.
func openDatabases(t *testing.T) int {
	t.Helper()
	var text strings.Builder
	check(t, pprof.Lookup("goroutine").WriteTo(&text, 2))
	return strings.Count(text.String(), "sql.(*DB).connectionOpener(")
}

// TestDatabasesAreClosed: a reload, one that fails, and the end leave no pool of
// connections behind. No database answers.
func TestDatabasesAreClosed(t *testing.T) {
	w := newWorld(t, 24*time.Hour, "Alpha")
	check(t, certs.WriteFile(filepath.Join(w.dir, "dsn"), []byte("postgresql://reader@127.0.0.1:1/stepca?connect_timeout=1")))
	text, err := os.ReadFile(w.file)
	check(t, err)
	configure := func(source string) {
		check(t, certs.WriteFile(w.file, []byte(strings.Replace(string(text), "[crl:", "["+source+", crl:", 1))))
	}
	configure("stepdb: {dsn_file: dsn}")
	w.start()
	running := openDatabases(t)
	if running == 0 {
		t.Fatal("no pool of connections is counted")
	}
	for range 3 {
		check(t, w.Reload(t.Context()))
	}
	configure("stepdb: {dsn_file: dsn, max_replication_lag: " + timetext.Duration(time.Minute) + "}")
	if err := w.Reload(t.Context()); err == nil {
		t.Error("a database that has not answered is taken into use")
	}
	cfg, err := ReadFile(w.file)
	check(t, err)
	check(t, Check(cfg, w.log))
	settled := func(want int) {
		t.Helper()
		for range 100 { // the goroutines end on their own
			if openDatabases(t) == want {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("%d pools are open, want %d", openDatabases(t), want)
	}
	settled(running)
	w.end()
	settled(0)
}
