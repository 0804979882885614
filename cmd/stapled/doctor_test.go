// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/ca"
	"github.com/stapledjwt/stapled/internal/doctor"
	"github.com/stapledjwt/stapled/stepca"
)

// TestWatch: a question that takes more than a second is announced, once.
func TestWatch(t *testing.T) {
	for _, row := range []struct {
		takes time.Duration
		want  string
	}{{999 * time.Millisecond, ""}, {10 * time.Second, "asking the CA \\a...\n"}} {
		synctest.Test(t, func(t *testing.T) {
			var out strings.Builder
			watch(&out, "the CA \a", func() { time.Sleep(row.takes) })
			if out.String() != row.want {
				t.Errorf("%s: %q", row.takes, out.String())
			}
		})
	}
}

// TestDoctorsAdviceWorks follows the advice about the template to the letter:
// step-ca takes it, and certificates then name the responder.
func TestDoctorsAdviceWorks(t *testing.T) {
	t.Setenv("STEPPATH", t.TempDir()) // the developer may have set it
	dir := filepath.Join(t.TempDir(), "ca")
	if err := ca.Init(dir, ca.InitConfig{}); err != nil {
		t.Fatal(err)
	}
	// As `step ca init` leaves it: a provisioner without options.
	editProvisioner(t, dir, func(p map[string]any) { delete(p, "options") })
	const responder = "http://127.0.0.1:1" // nobody answers there
	advice := diagnose(t, dir, responder, 1).Advice
	if err := os.WriteFile(filepath.Join(dir, "templates", "stapled.tpl"), []byte(strings.Join(advice[0].Lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	editProvisioner(t, dir, func(p map[string]any) {
		line := "{" + strings.TrimSuffix(advice[1].Lines[0], ",") + "}"
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	})
	if c := diagnose(t, dir, responder, 1); c.Status != doctor.OK {
		t.Errorf("%+v", c)
	}

	authority, err := ca.Open(dir, ca.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- authority.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	cfg, err := ca.ClientConfig(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := stepca.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := client.Enroll(ctx, stepca.EnrollRequest{Name: "orders.internal"})
	if err != nil {
		t.Fatal(err)
	}
	if got := identity.Leaf().OCSPServer; !slices.Equal(got, []string{responder}) {
		t.Errorf("the certificate names %q", got)
	}
}

// diagnose returns what the doctor says of the template, and requires a status.
func diagnose(t *testing.T, dir, responder string, want int) doctor.Check {
	t.Helper()
	var out, errs strings.Builder
	if status := execute([]string{"doctor", "--dir", dir, "--url", responder, "--json"}, strings.NewReader(""), &out, &errs); status != want {
		t.Fatalf("status %d: %s%s", status, out.String(), errs.String())
	}
	var report doctor.Report
	if err := json.Unmarshal([]byte(out.String()), &report); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(report.Checks, func(c doctor.Check) bool { return c.Name == "provisioner.responder" })
	if i < 0 {
		t.Fatal(out.String())
	}
	return report.Checks[i]
}

func editProvisioner(t *testing.T, dir string, edit func(map[string]any)) {
	t.Helper()
	file := filepath.Join(dir, "config", "ca.json")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(raw, &config); err != nil {
		t.Fatal(err)
	}
	provisioners, _ := config["authority"].(map[string]any)["provisioners"].([]any)
	edit(provisioners[0].(map[string]any))
	if raw, err = json.Marshal(config); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}
