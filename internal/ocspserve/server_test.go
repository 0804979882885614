// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"crypto/x509"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stapledjwt/stapled/certs"
	"github.com/stapledjwt/stapled/internal/testca"
)

// look is long enough for one look at the files of a signer.
const look = certs.ReloadInterval + time.Second

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestDelegateRenewed: something else renews the delegate, and one file after
// the other is replaced.
func TestDelegateRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 24*time.Hour, "Alpha")
		w.start()
		defer w.end()
		w.want("Alpha", "good", "Alpha responder")
		second := w.ca("Alpha").Delegate(testca.Named("second"), testca.Valid(time.Now(), time.Now().Add(24*time.Hour)))
		w.write("Alpha", "delegate.pem", second.Cert.Raw, "CERTIFICATE")
		pass(look)
		w.want("Alpha", "good", "Alpha responder")
		if !strings.Contains(w.logged(), "going on with the current one") {
			t.Errorf("the log does not say that the files do not match:\n%s", w.logged())
		}
		w.key("Alpha", second.Key)
		pass(look)
		w.want("Alpha", "good", "second")
		if end := fmt.Sprintf("%g", float64(second.Cert.NotAfter.Unix())); w.metric(`stapled_ocsp_signer_not_after_timestamp_seconds{ca="CN=Alpha"}`) != end {
			t.Errorf("the metric does not say that the signer ends at %s", end)
		}
		// A certificate for something else is no delegate.
		w.write("Alpha", "delegate.pem", w.ca("Alpha").Leaf(testca.Named("second"), testca.Valid(time.Now(), time.Now().Add(time.Hour))).Cert.Raw, "CERTIFICATE")
		pass(look)
		w.want("Alpha", "good", "second")
		if !strings.Contains(w.logged(), "lacks the extended key usage OCSPSigning") {
			t.Errorf("the log does not say why:\n%s", w.logged())
		}
	})
}

// TestDelegateExpires: readiness fails first; then one CA has no answers, and
// the other goes on, also with a new signer.
func TestDelegateExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2*time.Hour, "Alpha", "Beta")
		w.start()
		defer w.end()
		pass(95 * time.Minute)
		w.wantReady()
		w.delegate("Beta", "Beta second", 24*time.Hour)
		pass(look)
		w.want("Beta", "good", "Beta second")
		pass(2 * time.Minute)
		w.wantReady("CN=Alpha: signer: its certificate ends at ")
		w.want("Alpha", "good", "Alpha responder")
		pass(25 * time.Minute)
		w.wantReady("CN=Alpha: signer: its certificate ended at ")
		w.want("Alpha", "internal error", "")
		w.want("Beta", "good", "Beta second")
		if err := w.Reload(t.Context()); err != nil {
			t.Errorf("the expired signer stands in the way of a reload: %v", err)
		}
		w.want("Beta", "good", "Beta second")
		w.delegate("Beta", "Beta third", 24*time.Hour)
		pass(look)
		w.want("Beta", "good", "Beta third")
		w.delegate("Alpha", "Alpha second", 24*time.Hour)
		pass(look)
		w.want("Alpha", "good", "Alpha second")
		w.wantReady()
		if n := strings.Count(w.logged(), "OCSP signer certificate has expired"); n != 1 {
			t.Errorf("%d lines about one answer", n)
		}
	})
}

// TestClockBack: neither the list nor the delegate has begun.
func TestClockBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 24*time.Hour, "Alpha")
		w.start()
		defer w.end()
		w.want("Alpha", "good", "Alpha responder")
		w.shift.Store(int64(-2 * time.Hour))
		w.want("Alpha", "try later", "")
		w.wantReady("compare the clock", "gives no answers")
		w.shift.Store(0)
		w.want("Alpha", "good", "Alpha responder")
		w.wantReady()
	})
}

// TestSourceRunsOut: readiness fails before the list ends, and the answers stop
// when it does.
func TestSourceRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 30*24*time.Hour, "Alpha")
		w.listLife = 4 * time.Hour
		w.crl("Alpha", 1)
		w.start()
		defer w.end()
		pass(210 * time.Minute)
		w.wantReady()
		pass(10 * time.Minute)
		w.wantReady("CN=Alpha: source crl " + filepath.Join(w.dir, "Alpha", "ca.crl") + ": ends at ")
		w.want("Alpha", "good", "Alpha responder")
		pass(30 * time.Minute)
		w.wantReady("gives no answers")
		w.want("Alpha", "try later", "")
		w.crl("Alpha", 2)
		pass(2 * time.Second)
		w.want("Alpha", "good", "Alpha responder")
		w.wantReady()
		// It cannot be read any more, long before it ends.
		check(t, os.Remove(filepath.Join(w.dir, "Alpha", "ca.crl")))
		pass(30 * time.Second)
		w.wantReady()
		pass(time.Minute)
		w.wantReady("was last current at ")
		w.want("Alpha", "good", "Alpha responder")
	})
}

// TestLogIsBounded: strangers write no log, and the metrics count all.
func TestLogIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 24*time.Hour, "Alpha")
		w.configure("access_log: true\n", "Alpha")
		check(t, os.Remove(filepath.Join(w.dir, "Alpha", "ca.crl")))
		w.start()
		defer w.end()
		for serial := range int64(100) {
			w.ask("Alpha", serial+1)
		}
		for _, line := range []string{`msg="OCSP status source failed"`, `msg="OCSP request" reason=try_later client=192.0.2.1 method=POST`} {
			if n := strings.Count(w.logged(), line); n != 10 {
				t.Errorf("%d lines with %s, want 10:\n%s", n, line, w.logged())
			}
		}
		if n := w.metric(`stapled_ocsp_requests_total{ca="CN=Alpha",outcome="try_later"}`); n != "100" {
			t.Errorf("%s requests are counted", n)
		}
		pass(time.Minute)
		if !strings.Contains(w.logged(), "left_out=90") {
			t.Errorf("the log does not say how many lines are left out:\n%s", w.logged())
		}
	})
}

// TestMetrics: what one CA's answers do to the metrics.
func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 24*time.Hour, "Alpha")
		w.crl("Alpha", 2, 8)
		w.start()
		defer w.end()
		for range 3 {
			w.ask("Alpha", 7)
		}
		w.ask("Alpha", 8)
		w.ask("Beta", 7) // not ours
		w.crl("Alpha", 3)
		pass(2 * time.Second)
		w.ask("Alpha", 8)
		for series, want := range map[string]string{
			`stapled_ocsp_requests_total{ca="CN=Alpha",outcome="good"}`:    "3",
			`stapled_ocsp_requests_total{ca="CN=Alpha",outcome="revoked"}`: "1",
			`stapled_ocsp_requests_total{ca="CN=Alpha",outcome="unknown"}`: "0",
			`stapled_ocsp_requests_total{ca="",outcome="unauthorized"}`:    "1",
			`stapled_ocsp_answers_total{ca="CN=Alpha",origin="signed"}`:    "2",
			`stapled_ocsp_answers_total{ca="CN=Alpha",origin="reused"}`:    "2",
			`stapled_ocsp_sign_duration_seconds_count{ca="CN=Alpha"}`:      "2",
			// A list does not say when a certificate expires: no alarm.
			`stapled_ocsp_alarms_total{alarm="revocation_lost",ca="CN=Alpha"}`: "0",
			`stapled_ocsp_ledger_revocations`:                                  "1",
			`stapled_ocsp_ledger_unwritten_revocations`:                        "0",
			`stapled_ocsp_ready`:                                               "1",
			`stapled_ocsp_crl_number{ca="CN=Alpha",source="crl ` + filepath.Join(w.dir, "Alpha", "ca.crl") + `"}`:     "3",
			`stapled_ocsp_source_serials{ca="CN=Alpha",source="crl ` + filepath.Join(w.dir, "Alpha", "ca.crl") + `"}`: "0",
			`stapled_ocsp_source_usable{ca="CN=Alpha",source="crl ` + filepath.Join(w.dir, "Alpha", "ca.crl") + `"}`:  "1",
		} {
			if got := w.metric(series); got != want {
				t.Errorf("%s is %q, want %q", series, got, want)
			}
		}
	})
}

// TestReload: a changed file takes effect, a broken one does not, and sources
// that stay the same go on.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 24*time.Hour, "Alpha", "Beta")
		w.configure("", "Alpha")
		w.start()
		defer w.end()
		signals := make(chan os.Signal)
		go w.Follow(t.Context(), w.file, signals)
		synctest.Wait() // it has read what is in use
		w.want("Beta", "unauthorized", "")
		// A new source must have answered: the other CAs would lose nothing, but
		// a mistyped path would take a CA's answers away.
		list := filepath.Join(w.dir, "Beta", "ca.crl")
		check(t, os.Rename(list, list+".away"))
		w.configure("", "Alpha", "Beta")
		if err := w.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "source crl "+list) {
			t.Errorf("a source that gives nothing: %v", err)
		}
		w.want("Beta", "unauthorized", "")
		check(t, os.Rename(list+".away", list))
		w.configure("", "Alpha")
		pass(look)
		first := w.current.Load()
		before := w.current.Load().authorities[0].feeds[0]
		w.configure("", "Alpha", "Beta")
		pass(look)
		w.want("Beta", "good", "Beta responder")
		if w.current.Load().authorities[0].feeds[0] != before {
			t.Error("a source that stays the same was opened again")
		}
		// A renewal that was on its way does not bring the old configuration back.
		renewed := &certs.Identity{Chain: []*x509.Certificate{w.delegate("Alpha", "late", 24*time.Hour).Cert}, Key: testca.Key(testca.P256, "late")}
		if err := w.useSigner(first.authorities[0].signer, renewed); err == nil {
			t.Error("a signer of the old configuration is taken into use")
		}
		w.want("Beta", "good", "Beta responder")
		check(t, os.WriteFile(w.file, []byte("address: 1"), 0o600))
		pass(3 * look)
		w.want("Beta", "good", "Beta responder")
		if n := strings.Count(w.logged(), "configuration not reloaded, going on with what is in use"); n != 1 {
			t.Errorf("%d lines about one cause:\n%s", n, w.logged())
		}
		// What goes away is no longer answered for, nor followed.
		w.configure("", "Beta")
		signals <- os.Interrupt
		synctest.Wait()
		w.want("Alpha", "unauthorized", "")
		w.want("Beta", "good", "Beta responder")
		w.delegate("Alpha", "ignored", time.Hour)
		w.delegate("Beta", "followed", 24*time.Hour)
		pass(look)
		w.want("Beta", "good", "followed")
		if done, failed := w.metric(`stapled_ocsp_reloads_total{result="done"}`), w.metric(`stapled_ocsp_reloads_total{result="failed"}`); done != "4" || failed == "0" {
			t.Errorf("reloads: %s done, %s failed", done, failed)
		}
	})
}

// TestHealth: strangers learn only whether the responder is ready.
func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 24*time.Hour, "Alpha")
		check(t, os.Remove(filepath.Join(w.dir, "Alpha", "ca.crl")))
		w.start()
		defer w.end()
		for _, row := range []struct {
			address, path string
			status        int
			body          string
		}{
			{"public", "/healthz", 200, "ok\n"},
			{"private", "/healthz", 200, "ok\n"},
			{"public", "/readyz", 503, "not ready\n"},
			{"private", "/readyz", 503, "CN=Alpha: source crl "},
			{"public", "/metrics", 200, "\x30\x03\x0a\x01\x01"}, // an OCSP error
		} {
			handler := w.private()
			if row.address == "public" {
				handler = w.public()
			}
			out := httptest.NewRecorder()
			handler.ServeHTTP(out, httptest.NewRequest("GET", row.path, nil))
			if out.Code != row.status || !strings.HasPrefix(out.Body.String(), row.body) {
				t.Errorf("%s %s: %d %q", row.address, row.path, out.Code, out.Body)
			}
		}
	})
}
