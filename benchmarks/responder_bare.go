// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/stapledjwt/stapled/responder"
)

// The paths of the bare handlers.
const barePath, signingPath, packagePath = "/bare", "/signing", "/package"

const answerFile = "answer.json"

// recorded is an answer of our responder.
type recorded struct {
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

// startBare runs the bare handlers in a process of their own. They write what
// another responder has answered, byte for byte.
func startBare(program, dir string, like *server, p *pki) (*server, error) {
	resp, err := newClient(false).Post(like.url, "application/ocsp-request", bytes.NewReader(p.requests[0]))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer := recorded{Header: resp.Header}
	if answer.Body, err = io.ReadAll(resp.Body); err != nil {
		return nil, err
	}
	for _, name := range []string{"Date", "Content-Length", "Connection"} { // net/http writes them
		answer.Header.Del(name)
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(
		os.Mkdir(dir, 0o700),
		os.WriteFile(filepath.Join(dir, answerFile), raw, 0o600),
		p.writePEM(filepath.Join(dir, "ca.crt"), filepath.Join(dir, "ca.key"), p.intermediate, p.intermediateKey),
		p.index(filepath.Join(dir, "index.txt")),
	); err != nil {
		return nil, err
	}
	s := &server{command: exec.Command(program, "-bare", dir), log: new(bytes.Buffer)}
	s.command.Stderr = s.log
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	line, _ := bufio.NewReader(out).ReadString('\n') // empty if it failed
	if s.url = strings.TrimSpace(line); s.url == "" {
		return nil, errors.Join(fmt.Errorf("%s does not start", program), s.stop())
	}
	return s, nil
}

// ServeBare serves two handlers that do no more than they must: one writes the
// answer in a file of the directory, and one makes a P-256 signature first. The
// third is package responder with OpenSSL's index.txt. It prints the URL.
func ServeBare(dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, answerFile))
	if err != nil {
		return err
	}
	var answer recorded
	if err := json.Unmarshal(raw, &answer); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	write := func(w http.ResponseWriter) {
		h := w.Header()
		for name, values := range answer.Header {
			h[name] = values
		}
		w.Write(answer.Body)
	}
	mux := http.NewServeMux()
	mux.HandleFunc(barePath, func(w http.ResponseWriter, _ *http.Request) { write(w) })
	mux.HandleFunc(signingPath, func(w http.ResponseWriter, _ *http.Request) {
		digest := sha256.Sum256(answer.Body)
		if _, err := ecdsa.SignASN1(rand.Reader, key, digest[:]); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		write(w)
	})
	ours, err := loadResponder(dir)
	if err != nil {
		return err
	}
	mux.Handle(packagePath, ours)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", l.Addr())
	return http.Serve(l, mux)
}

func loadResponder(dir string) (http.Handler, error) {
	identity, err := tls.LoadX509KeyPair(filepath.Join(dir, "ca.crt"), filepath.Join(dir, "ca.key"))
	if err != nil {
		return nil, err
	}
	p := &pki{intermediate: identity.Leaf, intermediateKey: identity.PrivateKey.(*ecdsa.PrivateKey)}
	return p.responder(context.Background(), filepath.Join(dir, "index.txt"), responder.DefaultValidity)
}
