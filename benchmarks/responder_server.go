// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a responder in its own process.
type server struct {
	command *exec.Cmd
	url     string
	log     *bytes.Buffer
}

// startStapled runs `stapled up` on a new directory with the PKI in it.
func startStapled(program, dir string, p *pki) (*server, error) {
	// The first run makes the directory.
	first, err := upStapled(program, dir)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(first.stop(), p.into(dir)); err != nil {
		return nil, err
	}
	return upStapled(program, dir)
}

func upStapled(program, dir string) (*server, error) {
	s := &server{command: exec.Command(program, "up", "--dir", dir, "--json"), log: new(bytes.Buffer)}
	s.command.Stderr = s.log
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	line, _ := bufio.NewReader(out).ReadBytes('\n') // empty if it failed
	var ready struct {
		URL string `json:"ocsp_url"`
	}
	if err := json.Unmarshal(line, &ready); err != nil {
		return nil, errors.Join(fmt.Errorf("%s does not start", program), s.stop())
	}
	s.url = ready.URL
	return s, nil
}

// startOpenSSL runs `openssl ocsp -port`, which signs with the same key.
func startOpenSSL(program, dir string, p *pki) (*server, error) {
	cert, key, index := filepath.Join(dir, "ca.crt"), filepath.Join(dir, "ca.key"), filepath.Join(dir, "index.txt")
	if err := errors.Join(os.Mkdir(dir, 0o700), p.writePEM(cert, key, p.intermediate, p.intermediateKey), p.index(index)); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	if err := l.Close(); err != nil {
		return nil, err
	}
	s := &server{url: "http://127.0.0.1:" + port, log: new(bytes.Buffer)}
	s.command = exec.Command(program, "ocsp", "-port", port, "-index", index, "-CA", cert, "-rsigner", cert, "-rkey", key,
		"-resp_no_certs", "-nmin", "10", "-ignore_err")
	s.command.Stderr = s.log
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	// Send a whole request: openssl cannot cope with a connection without one.
	for range 100 {
		if _, err = send(newClient(false), s.url, p.requests[0]); err == nil {
			return s, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("openssl ocsp does not answer: %w", err), s.stop())
}

// stop ends the process. If that fails, the error includes the process's
// output.
func (s *server) stop() error {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	err := s.command.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", s.command.Path, err, s.log)
	}
	return nil
}

// ticks is the unit of /proc: hundredths of a second.
const ticks = 100

// processorTime returns the time that the process has used on all processors.
func (s *server) processorTime() (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	// After the name, which may contain spaces, comes field 3 of proc(5); user and
	// system time are 14 and 15.
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("unreadable /proc/PID/stat")
	}
	var sum int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks, nil
}

// newClient makes requests over kept connections, or over a new one each, which
// is all that openssl supports.
func newClient(keep bool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableKeepAlives: !keep},
		Timeout:   10 * time.Second,
	}
}

// startServe runs `stapled ocsp serve` with OpenSSL's index.txt, which signs with
// the same key, and has metrics as an operator has them.
func startServe(program, dir string, p *pki) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	config := fmt.Sprintf("address: %s\nmetrics_address: 127.0.0.1:0\nstate_dir: state\nauthorities:\n  - certificate: ca.crt\n    sources: [index: {file: index.txt}]\n    signer: {key: ca.key}\n", address)
	if err := errors.Join(
		l.Close(),
		os.Mkdir(dir, 0o700),
		p.writePEM(filepath.Join(dir, "ca.crt"), filepath.Join(dir, "ca.key"), p.intermediate, p.intermediateKey),
		p.index(filepath.Join(dir, "index.txt")),
		os.WriteFile(filepath.Join(dir, "ocsp.yaml"), []byte(config), 0o600),
	); err != nil {
		return nil, err
	}
	s := &server{url: "http://" + address, log: new(bytes.Buffer)}
	s.command = exec.Command(program, "ocsp", "serve", "--config", filepath.Join(dir, "ocsp.yaml"))
	s.command.Stderr = s.log
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		if _, err = send(newClient(false), s.url, p.requests[0]); err == nil {
			return s, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("stapled ocsp serve does not answer: %w", err), s.stop())
}
