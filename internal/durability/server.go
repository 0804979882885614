// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/stepca"
)

const patience = 30 * time.Second

// server is a CA that runs in its own process.
type server struct {
	cmd    *exec.Cmd
	out    output
	exited chan struct{}
	err    error // set before exited is closed
	client *stepca.Client
}

// started lists all servers, for killAll.
var started []*server

// killAll kills the servers that are left when something goes wrong.
func killAll() {
	for _, s := range started {
		if !s.hasExited() {
			_ = s.kill()
		}
	}
}

// output is what a process has written; it can be read while the process runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start starts a CA and waits until it answers. If the CA ends instead, the
// error quotes its last line.
func start(ctx context.Context, dir string, argv ...string) (*server, error) {
	s := &server{cmd: exec.Command(argv[0], argv[1:]...), exited: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	cfg, err := ca.ClientConfig(dir, nil)
	if err != nil {
		return nil, err
	}
	if s.client, err = stepca.New(cfg); err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	started = append(started, s)
	go func() { s.err = s.cmd.Wait(); close(s.exited) }()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if s.client.Health(ctx) == nil {
			return s, nil
		}
		select {
		case <-s.exited:
			return nil, fmt.Errorf("it does not start: %s", s.lastLine())
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("it does not answer: %w: %s", context.Cause(ctx), s.out.String()), s.kill())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// lastLine returns the last line that a command printed.
func (s *server) lastLine() string {
	lines := strings.Split(strings.TrimSpace(s.out.String()), "\n")
	return lines[len(lines)-1]
}

// kill sends SIGKILL.
func (s *server) kill() error {
	if err := s.cmd.Process.Signal(syscall.SIGKILL); err != nil && s.cmd.ProcessState == nil {
		return err
	}
	<-s.exited
	return nil
}

// terminate sends SIGTERM and returns how long the process took to end.
func (s *server) terminate() (time.Duration, error) {
	began := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	select {
	case <-s.exited:
		return time.Since(began), nil
	case <-time.After(patience):
		return time.Since(began), s.kill()
	}
}

func (s *server) hasExited() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}
