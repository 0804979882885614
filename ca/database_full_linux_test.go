// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ca

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/smallstep/certificates/db"
	"github.com/stapledjwt/stapled"
)

const fullDiskEnv = "STAPLED_TEST_FULL_DISK"

// TestFullDisk: a disk that is full for a moment costs nothing that was
// acknowledged, whoever else was writing at that time. A limit of the size of
// files stands for the disk; so the writers are another process.
func TestFullDisk(t *testing.T) {
	if kind := os.Getenv(fullDiskEnv); kind != "" {
		fillDisk(t, kind)
		return
	}
	t.Parallel()
	for _, kind := range []string{"badgerv2", "bbolt"} {
		t.Run(kind, func(t *testing.T) {
			dir := newBadger(t, 20)
			if kind == "bbolt" {
				dir = filepath.Join(t.TempDir(), "db")
				must(t, createDatabase(dir))
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullDisk$")
			cmd.Env = append(os.Environ(), fullDiskEnv+"="+kind+":"+dir)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			opened, err := openDatabase(&db.Config{Type: kind, DataSource: dir}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatalf("it does not start: %v", err)
			}
			acknowledged, refused := 0, false
			for lines := bufio.NewScanner(strings.NewReader(string(out))); lines.Scan(); {
				key, ok := strings.CutPrefix(lines.Text(), "acknowledged ")
				refused = refused || lines.Text() == "refused"
				if !ok {
					continue
				}
				acknowledged++
				if _, err := opened.tables.Get(testTable, []byte(key)); err != nil {
					t.Errorf("lost: %v", err)
				}
			}
			must(t, opened.close())
			if acknowledged == 0 || !refused {
				t.Errorf("%d writes were acknowledged, one was refused: %v", acknowledged, refused)
			}
		})
	}
}

// fillDisk writes from several goroutines until the disk is full, and goes on
// when it is not any more. Then it ends as kill -9 does: without closing.
func fillDisk(t *testing.T, kind string) {
	kind, dir, _ := strings.Cut(kind, ":")
	d, err := openDatabase(&db.Config{Type: kind, DataSource: dir}, slog.New(slog.DiscardHandler))
	must(t, err)
	file := dir
	if kind == "badgerv2" {
		file = newestLog(t, dir)
	}
	info, err := os.Stat(file)
	must(t, err)
	var before syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	small := before
	small.Cur = uint64(info.Size()) + 100_001
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small))

	var writers sync.WaitGroup
	var full sync.Once
	for w := range 8 {
		writers.Go(func() {
			for i, after := 0, 0; after < 20 && i < 2000; i++ {
				key := fmt.Sprintf("%d-%d", w, i)
				err := d.tables.Set(testTable, []byte(key), make([]byte, 700))
				switch {
				case err == nil:
					fmt.Println("acknowledged " + key)
				case errors.Is(err, syscall.EFBIG), errors.Is(err, stapled.DatabaseWriteFailed), strings.Contains(err.Error(), "file too large"):
					after++
					full.Do(func() {
						fmt.Println("refused")
						must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before))
					})
				default:
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
}
