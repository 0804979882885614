// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/verifier"
)

// A program that enrolls, staples, signs and renews costs its author so many
// lines, and so many bytes of binary.
const (
	maxEnrollLines = 60
	maxEnrollBytes = 12 << 20
)

// TestEnrollExample builds examples/enroll as a user would, weighs it, and runs it
// against a real step-ca.
func TestEnrollExample(t *testing.T) {
	// Reading it also tells go test that the result depends on it.
	source, err := os.ReadFile(filepath.Join("..", "..", "examples", "enroll", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(source, []byte("\n")); n > maxEnrollLines {
		t.Errorf("the program has %d lines, more than %d", n, maxEnrollLines)
	}
	binary := filepath.Join(t.TempDir(), "enroll")
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", binary, "github.com/stapledjwt/stapled/examples/enroll")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	file, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	if file.Size() > maxEnrollBytes {
		t.Errorf("the program has %d bytes, more than %d", file.Size(), maxEnrollBytes)
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range info.Deps {
		if strings.Contains(module.Path, "smallstep") || strings.HasPrefix(module.Path, "go.step.sm/") {
			t.Errorf("the program contains %s", module.Path)
		}
	}
	t.Logf("%d bytes, %d modules", file.Size(), len(info.Deps))

	t.Setenv("STEPPATH", t.TempDir())
	dir := filepath.Join(t.TempDir(), "ca")
	if err := ca.Init(dir, ca.InitConfig{}); err != nil {
		t.Fatal(err)
	}
	authority, err := ca.Open(dir, ca.Config{})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- authority.Run(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	cfg, err := ca.ClientConfig(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	fingerprint := sha256.Sum256(authority.Root().Raw)
	program := exec.CommandContext(t.Context(), binary, cfg.URL, hex.EncodeToString(fingerprint[:]), cfg.Provisioner, "orders.internal")
	var stderr bytes.Buffer
	program.Stdin, program.Stderr = bytes.NewReader(append(cfg.Password, '\n')), &stderr
	out, err := program.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	if !strings.Contains(stderr.String(), "renewed: 0x") {
		t.Errorf("it has not renewed: %s", stderr.Bytes())
	}
	anchors, err := certs.NewAnchors(authority.Root())
	if err != nil {
		t.Fatal(err)
	}
	v, err := verifier.New(verifier.Config{Anchors: anchors, Audience: "echo"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(strings.TrimSpace(string(out))); err != nil {
		t.Error(err)
	}
}
