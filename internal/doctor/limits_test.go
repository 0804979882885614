// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/internal/testca"
)

// TestEveryQuestionIsBounded: a server that never answers takes ten seconds, and
// all of them together a minute.
func TestEveryQuestionIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &examination{cfg: Config{Watch: func(_ string, ask func()) { ask() }}}
		ctx, cancel := context.WithTimeoutCause(t.Context(), Timeout, errTooLong)
		defer cancel()
		began := time.Now()
		for n := 1; n <= 10; n++ {
			e.ask(ctx, "nobody", func(ctx context.Context) { <-ctx.Done() })
			if took, most := time.Since(began), min(time.Duration(n)*StepTimeout, Timeout); took != most {
				t.Fatalf("%d questions took %s, want %s", n, took, most)
			}
		}
	})
}

// TestTokenSize: the estimate is exact, but for the length of the claims.
func TestTokenSize(t *testing.T) {
	for _, kind := range testca.Kinds() {
		leaf := testca.New().Intermediate().Leaf(testca.Keyed(kind))
		staple := leaf.Staple()
		token := testca.NewToken(leaf, staple)
		claims := token.Claims.Bytes()
		if got, want := tokenSize(leaf.Chain(), len(staple), len(claims)), len(token.Compact()); got < want-2 || got > want+2 {
			t.Errorf("%s: %d bytes, want %d", kind, got, want)
		}
		if estimate := staplePart + signatureSize(leaf.Issuer.Cert); estimate < len(staple)-40 || estimate > len(staple)+40 {
			t.Errorf("%s: a staple of %d bytes, estimated as %d", kind, len(staple), estimate)
		}
	}
}

// TestSizes: what verifiers refuse is missing, what a server refuses is a warning.
func TestSizes(t *testing.T) {
	for _, row := range []struct {
		size, staple int
		status       Status
		most, least  string // the last server in the warning, and one that is not in it
	}{
		{2800, 300, OK, "", "Apache"},
		{7100, 300, OK, "", "Tomcat"},
		{7200, 300, Warn, "Tomcat, Jetty, grpc-java", "nginx"},
		{8169, 300, Warn, "Apache", "nginx"},
		{8180, 300, Warn, "Apache, nginx, Tomcat, Jetty, grpc-java", "HAProxy"},
		{15000, 300, Warn, "grpc-java, HAProxy", "Node.js"},
		{16384, 300, Warn, "AWS Application Load Balancer, Node.js", "Envoy"},
		{16385, 300, Missing, "verifiers accept 16384", "Apache"},
		{12000, 8193, Missing, "staples of 8192", "Apache"},
	} {
		e := &examination{report: new(Report)}
		e.judgeSize(row.size, row.staple, "")
		c := e.report.Checks[0]
		if c.Status != row.status || !strings.Contains(c.Detail, row.most) || row.status == Warn && strings.Contains(c.Detail, row.least) {
			t.Errorf("%d: %s %s", row.size, c.Status, c.Detail)
		}
	}
}

// TestNamesAreStable: scripts read them.
func TestNamesAreStable(t *testing.T) {
	want := []string{
		"ca.clock", "ca.issuer", "ca.reachable", "ca.root",
		"certificate.issuer", "certificate.keys", "certificate.names", "certificate.path", "certificate.responder", "certificate.usage", "certificate.validity",
		"crl.cache_duration", "crl.enabled", "crl.fresh", "crl.idp", "crl.on_revoke",
		"directory.config", "directory.database", "directory.issuer", "directory.root", "directory.running",
		"provisioner.renewal", "provisioner.responder", "provisioner.template", "provisioner.usage",
		"responder.age", "responder.answers", "responder.clock", "responder.delegate", "responder.hash", "responder.signer", "responder.staple", "responder.status",
		"root.anchors", "root.validity",
		"token.size",
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`"((?:` + strings.Join(groups, "|") + `)\.[a-z_]+)"`)
	var got []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range name.FindAllSubmatch(text, -1) {
			if string(match[1]) != "ca.json" {
				got = append(got, string(match[1]))
			}
		}
	}
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
}

func TestText(t *testing.T) {
	r := new(Report)
	r.add("token.size", OK, "small")
	r.addAbout("ca.root", "a\x1bb", Missing, "not \x07 known", advise("get it, and a few more words so that this line is too long for forty columns:", "\tstep ca root", "\t\x1b[31m"))
	r.add("ca.clock", Unanswered, "silent")
	r.finish(testca.Now)
	const want = `missing     ca.root     a\x1bb: not \a known
    get it, and a few more words so that
    this line is too long for forty
    columns:
          step ca root
          \x1b[31m
unanswered  ca.clock    silent
ok          token.size  small

Something is missing. 1 ok, 1 missing, 1 unanswered.
`
	if got := r.Text(terminal.Terminal{Width: 40}); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if colored := r.Text(terminal.Terminal{Width: 40, Color: true}); !strings.Contains(colored, "\x1b[31mmissing     \x1b[0m") {
		t.Errorf("no color: %q", colored)
	}
}
