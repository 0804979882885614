// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bufio"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const writerEnv = "STAPLED_TEST_LEDGER"

// TestKill: after kill -9 at any time, and after a disk that was full, the next
// process remembers what a client may have seen and the Snapshot called written.
// A limit of the size of files stands for the disk; so the writers are another
// process.
func TestKill(t *testing.T) {
	if kind := os.Getenv(writerEnv); kind != "" {
		write(t, kind)
		return
	}
	t.Parallel()
	for _, kind := range []string{"killed", "full"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, system{})
			check(t, w.ledger.Close())
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKill$")
			cmd.Env = append(os.Environ(), writerEnv+"="+kind+":"+w.dir)
			out, err := cmd.StdoutPipe()
			check(t, err)
			check(t, cmd.Start())
			var acknowledged []int64
			refused := false
			for lines := bufio.NewScanner(out); lines.Scan(); {
				var n int64
				if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &n); err == nil {
					acknowledged = append(acknowledged, n)
				}
				if strings.HasPrefix(lines.Text(), "good") {
					t.Error(lines.Text())
				}
				refused = refused || lines.Text() == "refused"
				if kind == "killed" && len(acknowledged) == 300 {
					check(t, cmd.Process.Kill())
				}
			}
			if err := cmd.Wait(); (err != nil) != (kind == "killed") {
				t.Fatal(err)
			}
			if len(acknowledged) == 0 || refused != (kind == "full") {
				t.Errorf("%d are acknowledged; one was refused: %t", len(acknowledged), refused)
			}
			w.open()
			w.set(good(start), nil)
			for _, n := range acknowledged {
				if got := w.says(big.NewInt(n)); got == "good" {
					t.Errorf("%d is good", n)
				}
			}
		})
	}
}

// write revokes from several goroutines, and prints what is on disk.
func write(t *testing.T, kind string) {
	kind, dir, _ := strings.Cut(kind, ":")
	w := &world{t: t, dir: dir, disk: system{}, now: start}
	w.open()
	w.set(revoked(1, start.Add(time.Hour)), nil)
	var before syscall.Rlimit
	check(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	if kind == "full" {
		small := before
		info, err := os.Stat(filepath.Clean(w.file()))
		check(t, err)
		small.Cur = uint64(info.Size()) + 1234
		check(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small))
	}
	var writers sync.WaitGroup
	var full sync.Once
	for writer := range int64(4) {
		writers.Go(func() {
			for i := int64(0); kind == "killed" || i < 100; i++ {
				n := 1_000_000*(writer+1) + i
				if got := w.says(big.NewInt(n)); got != "revoked" {
					fmt.Printf("good? %d is %s\n", n, got)
				}
				if s := w.ledger.Snapshot(); s.Unwritten == 0 {
					fmt.Printf("acknowledged %d\n", n)
				} else if s.Err != nil {
					full.Do(func() {
						fmt.Println("refused")
						check(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before))
						w.mu.Lock()
						w.now = w.now.Add(2 * retryAfter)
						w.mu.Unlock()
					})
				}
			}
		})
	}
	writers.Wait()
	fmt.Println()
}
