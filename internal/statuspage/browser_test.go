//go:build browser

// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package statuspage_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/statuspage"
)

// TestBrowser opens pages in a browser; scripts/status-page.sh runs it and says
// where everything is.
func TestBrowser(t *testing.T) {
	directory, chromium := os.Getenv("STATUS_PAGE_DIR"), os.Getenv("STATUS_PAGE_CHROMIUM")
	if directory == "" || chromium == "" {
		t.Fatal("run scripts/status-page.sh")
	}
	busy, crowded := newWorld(t), newWorld(t)
	busy.anHour()
	crowded.many(60)
	crowded.refuse("orders", stapled.TokenExpired, 1_234_567)
	failed := facts()
	failed.Reload.Failed = noon.Add(-90 * time.Second)
	failed.Reload.Error = `/etc/stapled/gateway.yaml:12: routes: "ordres" is not a key here; did you mean "orders"? ` + strings.Repeat("x", 120)
	failed.Problems = []string{"anchor CN=Partner Intermediate CA,O=Partner ended at 2026-11-01T00:00:00Z"}
	failed.Anchors[1].NotAfter = noon.Add(-time.Hour)
	args := []string{"check.mjs", chromium, os.Getenv("STATUS_PAGE_SHOTS")}
	for _, p := range []struct {
		name  string
		world *world
		facts statuspage.Facts
	}{
		{"busy", busy, facts()}, {"failed-reload", busy, failed}, {"crowded", crowded, facts()}, {"idle", newWorld(t), statuspage.Facts{Started: noon}},
	} {
		h, err := statuspage.New(p.world.recorder, func() statuspage.Facts { return p.facts })
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(h)
		defer server.Close()
		args = append(args, p.name+"="+server.URL)
	}
	node := exec.Command("node", args...)
	node.Dir, node.Stdout, node.Stderr = directory, os.Stdout, os.Stderr
	if err := node.Run(); err != nil {
		t.Error(err)
	}
}
