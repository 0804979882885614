// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/testca"
)

// finding is a check that is not ok.
type finding struct {
	name   string
	status Status
	// advice is in the check: in a line of advice, or else in its words.
	advice string
}

// examine returns the report on a world.
func examine(t *testing.T, cfg Config) *Report {
	t.Helper()
	report, err := Examine(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// compare requires exactly these findings, in any order, and everything else to
// be ok.
func compare(t *testing.T, report *Report, want []finding) {
	t.Helper()
	missing := append([]finding(nil), want...)
	for _, c := range report.Checks {
		if c.Status == OK {
			continue
		}
		if (c.Status == Warn || c.Status == Missing) && len(c.Advice) == 0 {
			t.Errorf("%s: no advice about %q", c.Name, c.Detail)
		}
		found := false
		for i, f := range missing {
			if f.name == c.Name && f.status == c.Status && strings.Contains(adviceOf(c), f.advice) {
				missing = append(missing[:i], missing[i+1:]...)
				found = true
				break
			}
		}
		if !found {
			t.Errorf("unexpected: %s %s\n%s", c.Status, c.Name, adviceOf(c))
		}
	}
	for _, f := range missing {
		t.Errorf("not found: %s %s with %q", f.status, f.name, f.advice)
	}
}

func adviceOf(c Check) string {
	lines := []string{c.Detail}
	for _, a := range c.Advice {
		lines = append(append(lines, a.Text), a.Lines...)
	}
	return strings.Join(lines, "\n")
}

// onRevokeUnseen is what a stranger to the CA never sees.
var onRevokeUnseen = finding{"crl.on_revoke", Unseen, "give --dir"}

func TestMistakesOfTheCA(t *testing.T) {
	hours := func(d int) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) { l.NextUpdate = l.ThisUpdate.Add(time.Duration(d) * time.Hour) }
	}
	reply := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, status) }
	}
	stock := `{"type": "JWK", "name": "services", "claims": {"disableRenewal": true}}`
	for _, row := range []struct {
		name   string
		edit   func(*world)
		want   []finding
		result Status
	}{
		{"none", func(*world) {}, nil, OK},
		{"another root", func(w *world) { w.roots = []*x509.Certificate{testca.New(testca.Named("Other")).Cert} },
			[]finding{{"ca.root", Missing, "step ca root root_ca.crt --fingerprint FINGERPRINT --ca-url https://127"}, {"certificate.path", Missing, "cat leaf.pem intermediate_ca.crt > chain.pem"}}, Missing},
		{"an old root that it does not name", func(w *world) {
			w.handlers["/roots"] = func(rw http.ResponseWriter, _ *http.Request) {
				sendJSON(rw, map[string]any{"crts": []string{encodePEM(testca.New(testca.Named("New")).Cert)}})
			}
		}, []finding{{"ca.root", Missing, "step ca roots roots.pem"}, onRevokeUnseen}, Missing},
		{"a second root", func(w *world) {
			w.handlers["/roots"] = func(rw http.ResponseWriter, _ *http.Request) {
				sendJSON(rw, map[string]any{"crts": []string{encodePEM(w.root.Cert), encodePEM(testca.New(testca.Named("New")).Cert)}})
			}
		}, []finding{{"ca.root", Warn, "step ca roots roots.pem"}, onRevokeUnseen}, OK},
		{"the second of the given roots", func(w *world) {
			w.roots = []*x509.Certificate{testca.New(testca.Named("Other")).Cert, w.root.Cert}
		}, []finding{onRevokeUnseen}, OK},
		{"an intermediate as the anchor", func(w *world) { w.roots = []*x509.Certificate{w.ca.Cert} },
			[]finding{{"root.anchors", Warn, "stapled verify --anchor root_ca.crt"}, onRevokeUnseen}, OK},
		{"a name that its certificate lacks", func(w *world) {
			w.serverEdits = []testca.Edit{func(t *testca.Template) { t.IPAddresses, t.DNSNames = nil, []string{"ca.internal"} }}
		}, []finding{{"ca.reachable", Missing, `"dnsNames": ["ca.internal","127.0.0.1"],`}}, Missing},
		{"its certificate ended", func(w *world) {
			w.serverEdits = []testca.Edit{testca.Valid(testca.Now.AddDate(-2, 0, 0), testca.Now.AddDate(-1, 0, 0))}
		}, []finding{{"ca.clock", Missing, "timedatectl set-ntp true"}}, Missing},
		{"its clock is ahead", func(w *world) { w.caClock = 90 * time.Second },
			[]finding{{"ca.clock", Missing, "1m30s ahead of"}, onRevokeUnseen}, Missing},
		{"its clock is behind", func(w *world) { w.caClock = -30 * time.Second },
			[]finding{{"ca.clock", Warn, "30s behind"}, onRevokeUnseen}, OK},
		{"it is ill", func(w *world) { w.handlers["/health"] = reply(500, `{"message":"down"}`) },
			[]finding{{"ca.reachable", Unanswered, "/health"}}, Unanswered},
		{"it does not name its intermediates", func(w *world) { w.handlers["/intermediates"] = http.NotFound },
			[]finding{{"ca.issuer", Unseen, "give --cert or --dir"}, onRevokeUnseen}, OK},
		{"provisioners fail", func(w *world) {
			w.handlers["/provisioners"] = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		}, []finding{{"provisioner.responder", Unanswered, "does not answer"}, onRevokeUnseen}, Unanswered},

		{"no CRL, but a responder that knows", func(w *world) { w.crl = nil }, nil, OK},
		{"the CRL has ended", func(w *world) {
			w.crl = func(l *x509.RevocationList) {
				l.ThisUpdate, l.NextUpdate = testca.Now.Add(-2*time.Hour), testca.Now.Add(-time.Hour)
			}
		}, []finding{{"crl.fresh", Warn, "systemctl restart step-ca"}, onRevokeUnseen}, OK},
		{"the CRL has ended, and the responder answers no more", func(w *world) {
			w.status = ocspwire.TryLater
			w.crl = func(l *x509.RevocationList) {
				l.ThisUpdate, l.NextUpdate = testca.Now.Add(-2*time.Hour), testca.Now.Add(-time.Hour)
			}
		}, []finding{{"crl.fresh", Missing, "systemctl restart step-ca"}, onRevokeUnseen, {"responder.answers", Unanswered, "tryLater"}}, Missing},
		{"the CRL cannot be had now", func(w *world) { w.handlers["/1.0/crl"] = reply(503, `{"message":"no database"}`) },
			[]finding{{"crl.enabled", Unanswered, "no database"}}, Unanswered},
		{"the CRL is from the future", func(w *world) {
			w.crl = func(l *x509.RevocationList) { l.ThisUpdate = testca.Now.Add(2 * time.Minute) }
		}, []finding{{"crl.fresh", Missing, "timedatectl"}, onRevokeUnseen}, Missing},
		{"another CA's CRL", func(w *world) { w.crlSigner = w.root },
			[]finding{{"crl.enabled", Missing, "openssl crl -inform DER -noout -text"}}, Missing},
		{"a long CRL, which the responder does not follow", func(w *world) { w.crl = hours(24) },
			[]finding{{"crl.cache_duration", Warn, `"cacheDuration": "1h"`}, onRevokeUnseen}, OK},
		{"a long CRL, which the responder follows", func(w *world) {
			w.crl = hours(24)
			w.answer = func(r *testca.Response) { r.Singles[0].ThisUpdate = testca.Now.Add(-10 * time.Minute) }
		}, []finding{{"crl.cache_duration", Missing, `"cacheDuration": "1h"`}, onRevokeUnseen}, Missing},
		{"an old CRL, which the responder follows", func(w *world) {
			w.crl = func(l *x509.RevocationList) {
				l.ThisUpdate, l.NextUpdate = testca.Now.Add(-2*time.Hour), testca.Now.Add(22*time.Hour)
			}
			w.answer = func(r *testca.Response) { r.Singles[0].ThisUpdate = testca.Now.Add(-2 * time.Hour) }
		}, []finding{{"crl.fresh", Missing, `"cacheDuration": "1h"`}, {"crl.cache_duration", Missing, `"cacheDuration": "1h"`}, onRevokeUnseen,
			{"responder.age", Missing, `"cacheDuration": "1h"`}, {"responder.staple", Missing, "staple_stale"}}, Missing},
		{"an IDP without a port", func(w *world) {
			w.crl = func(l *x509.RevocationList) {
				l.ExtraExtensions[0].Value = distributionPoint("https://127.0.0.1/1.0/crl")
			}
		}, []finding{{"crl.idp", Warn, `"idpURL": "https://127.0.0.1:`}, onRevokeUnseen}, OK},
		{"an IDP on another host", func(w *world) {
			w.crl = func(l *x509.RevocationList) {
				l.ExtraExtensions[0].Value = distributionPoint(strings.Replace(w.caURL, "127.0.0.1", "localhost", 1) + "/1.0/crl")
			}
		}, []finding{{"crl.idp", Warn, `"idpURL": "https://127.0.0.1:`}, onRevokeUnseen}, OK},
		{"no IDP", func(w *world) { w.crl = func(l *x509.RevocationList) { l.ExtraExtensions = nil } },
			[]finding{onRevokeUnseen}, OK},

		{"no template, and a certificate with a responder", func(w *world) { w.provisioners = stock },
			[]finding{{"provisioner.responder", Warn, `"templateFile": "/ABSOLUTE/PATH/stapled.tpl"`}, onRevokeUnseen}, OK},
		{"a template in a file", func(w *world) {
			w.provisioners = `{"type": "JWK", "name": "services", "claims": {"disableRenewal": true}, "options": {"x509": {"templateFile": "a.tpl"}}}`
		}, []finding{{"provisioner.responder", Unseen, "a.tpl on the CA's machine"}, onRevokeUnseen}, OK},
		{"a template for servers", func(w *world) {
			w.provisioners = strings.Replace(w.provisioners, `, \"clientAuth\"`, "", 1)
		}, []finding{{"provisioner.usage", Missing, `"extKeyUsage": ["serverAuth", "clientAuth"],`}, onRevokeUnseen}, Missing},
		{"a template without digitalSignature", func(w *world) {
			w.provisioners = strings.Replace(w.provisioners, `digitalSignature`, "keyEncipherment", 1)
		}, []finding{{"provisioner.usage", Missing, `"keyUsage": ["digitalSignature"],`}, onRevokeUnseen}, Missing},
		{"a template with a bad URL", func(w *world) {
			w.provisioners = strings.Replace(w.provisioners, `OCSP`, "ldap://x", 1)
		}, []finding{{"provisioner.responder", Missing, `"ocspServer": ["http://ocsp.example.internal:8889"]`}, onRevokeUnseen}, Missing},
		{"renewal", func(w *world) { w.provisioners = strings.Replace(w.provisioners, `true`, "false", 1) },
			[]finding{{"provisioner.renewal", Warn, `"claims": {"disableRenewal": true},`}, onRevokeUnseen}, OK},
		{"renewal after the end", func(w *world) {
			w.provisioners = strings.Replace(w.provisioners, `"disableRenewal"`, `"allowRenewalAfterExpiry"`, 1)
		}, []finding{{"provisioner.renewal", Warn, `"claims": {"allowRenewalAfterExpiry": false},`}, onRevokeUnseen}, OK},
		{"provisioners for something else", func(w *world) {
			w.provisioners = `{"type": "SSHPOP", "name": "ssh"}, {"type": "X5C", "name": "delegates", "options": {"x509": {"template": "{\"extKeyUsage\": [\"OCSPSigning\"]}"}}}`
		}, []finding{{"provisioner.responder", Missing, "step ca provisioner add services"}, onRevokeUnseen}, Missing},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld()
			row.edit(w)
			w.start(t)
			report := examine(t, w.config())
			if row.result == OK && len(row.want) == 0 && w.crl != nil {
				row.want = []finding{onRevokeUnseen}
			}
			compare(t, report, row.want)
			if report.Result != row.result {
				t.Errorf("result %s", report.Result)
			}
		})
	}
}

func TestMistakesOfTheCertificate(t *testing.T) {
	oldKeys := finding{"certificate.path", Missing, "see the other checks"}
	for _, row := range []struct {
		name string
		edit func(*world)
		want []finding
	}{
		{"none", func(*world) {}, nil},
		{"no responder", func(w *world) { w.leafEdits = []testca.Edit{func(t *testca.Template) { t.OCSPServer = nil }} },
			[]finding{{"certificate.responder", Missing, `"ocspServer": ["http://ocsp.example.internal:8889"]`}}},
		{"an LDAP responder", func(w *world) {
			w.leafEdits = []testca.Edit{func(t *testca.Template) { t.OCSPServer = []string{"ldap://x"} }}
		}, []finding{{"certificate.responder", Missing, `"ocspServer": [`}}},
		{"a weak key", func(w *world) { w.leafEdits = []testca.Edit{testca.Keyed(testca.RSA1024)} },
			[]finding{{"certificate.keys", Missing, "--kty EC --curve P-256"}, oldKeys}},
		{"a key with a fingerprint", func(w *world) {
			w.leafEdits = []testca.Edit{func(t *testca.Template) { t.PublicKey = testca.FingerprintedRSA(2048) }}
		}, []finding{{"certificate.keys", Missing, "CVE-2017-15361"}, oldKeys}},
		{"a curve that nobody accepts", func(w *world) { w.leafEdits = []testca.Edit{testca.Keyed(testca.P224)} },
			[]finding{{"certificate.keys", Missing, "P-224"}, oldKeys}},
		{"a weak key of the CA", func(w *world) {
			w.ca = w.root.Intermediate(testca.Keyed(testca.RSA1024))
		}, []finding{{"certificate.keys", Missing, "Intermediate"}, oldKeys, {"responder.signer", Missing, "replace the key"}, {"responder.staple", Missing, "staple_untrusted"}}},
		{"for servers only", func(w *world) {
			w.leafEdits = []testca.Edit{func(t *testca.Template) { t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }}
		}, []finding{{"certificate.usage", Missing, "stapled verify --key-usage serverAuth"}, oldKeys}},
		{"without digitalSignature", func(w *world) {
			w.leafEdits = []testca.Edit{func(t *testca.Template) { t.KeyUsage = x509.KeyUsageKeyEncipherment }}
		}, []finding{{"certificate.usage", Missing, `"keyUsage": ["digitalSignature"],`}, oldKeys}},
		{"ended", func(w *world) {
			w.leafEdits = []testca.Edit{testca.Valid(testca.Now.Add(-2*time.Hour), testca.Now.Add(-time.Hour))}
		}, []finding{{"certificate.validity", Missing, "step ca certificate NAME"}, oldKeys}},
		{"not begun", func(w *world) {
			w.leafEdits = []testca.Edit{testca.Valid(testca.Now.Add(2*time.Hour), testca.Now.Add(3*time.Hour))}
		}, []finding{{"certificate.validity", Missing, "timedatectl"}, oldKeys}},
		{"no name", func(w *world) {
			w.leafEdits = []testca.Edit{func(t *testca.Template) { t.URIs, t.DNSNames, t.EmailAddresses = nil, nil, []string{"a@b.example"} }}
		}, []finding{{"certificate.names", Missing, "--san https://orders.internal"}}},
		{"no roots", func(w *world) { w.roots = nil }, []finding{{"certificate.path", Unseen, "give --root"}}},
		{"another root", func(w *world) { w.roots = []*x509.Certificate{testca.New(testca.Named("Other")).Cert} },
			[]finding{{"certificate.path", Missing, "stapled verify --anchor root_ca.crt"}}},
		{"a root that has ended", func(w *world) {
			w.root = testca.New(testca.Valid(testca.Now.AddDate(-2, 0, 0), testca.Now.AddDate(-1, 0, 0)))
			w.ca, w.roots = w.root.Intermediate(), []*x509.Certificate{w.root.Cert}
		}, []finding{{"root.validity", Missing, "docs/rollover.md"}, oldKeys}},
		{"a root that nobody can use", func(w *world) {
			w.roots = []*x509.Certificate{testca.New(testca.Keyed(testca.RSA1024)).Cert}
		}, []finding{{"root.anchors", Missing, "--profile root-ca"}}},
		{"two intermediates", func(w *world) { w.ca = w.root.Intermediate().Intermediate(testca.Named("Second")) }, nil},
		{"large", func(w *world) { w.leafEdits = []testca.Edit{long(2)} },
			[]finding{{"token.size", Warn, `maxHttpRequestHeaderSize="32768"`}}},
		{"larger", func(w *world) { w.leafEdits = []testca.Edit{long(3)} },
			[]finding{{"token.size", Warn, "large_client_header_buffers 4 32k;"}}},
		{"more than verifiers parse", func(w *world) {
			w.leafEdits = []testca.Edit{func(t *testca.Template) {
				for i := range 65 {
					t.DNSNames = append(t.DNSNames, fmt.Sprintf("host%d.test.example", i))
				}
			}}
		}, []finding{{"certificate.keys", Missing, "rule 3.2"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld()
			row.edit(w)
			w.crlSigner = w.ca
			w.start(t)
			cfg := w.config()
			cfg.CAURL = ""
			compare(t, examine(t, cfg), row.want)
		})
	}
}

// long gives a certificate a large key, and this many names of a thousand bytes.
func long(names int) testca.Edit {
	return func(t *testca.Template) {
		t.PublicKey = testca.OversizedRSA(4096)
		for range names {
			t.URIs = append(t.URIs, &url.URL{Scheme: "spiffe", Host: "test.example", Path: "/" + strings.Repeat("a", 970)})
		}
	}
}

func TestMistakesOfTheResponder(t *testing.T) {
	refused := func(reason string) finding { return finding{"responder.staple", Missing, reason} }
	times := func(thisUpdate, producedAt, nextUpdate time.Duration) func(*testca.Response) {
		return func(r *testca.Response) {
			r.Singles[0].ThisUpdate, r.ProducedAt, r.Singles[0].NextUpdate = testca.Now.Add(thisUpdate), testca.Now.Add(producedAt), testca.Now.Add(nextUpdate)
		}
	}
	for _, row := range []struct {
		name   string
		edit   func(*world)
		want   []finding
		result Status
	}{
		{"ahead", func(w *world) { w.ocspClock = 2 * time.Minute }, []finding{{"responder.clock", Missing, "timedatectl set-ntp true"}}, Missing},
		{"answers from the future", func(w *world) { w.answer = times(2*time.Minute, 2*time.Minute, 12*time.Minute) },
			[]finding{refused("staple_not_yet_valid")}, Missing},
		{"the first of two is silent", func(w *world) {
			w.leafEdits = []testca.Edit{func(t *testca.Template) { t.OCSPServer = []string{"http://127.0.0.1:1", w.ocspURL} }}
		}, []finding{{"responder.answers", Warn, "stapled ocsp query --cert chain.pem --url http://127.0.0.1:1"}}, OK},
		{"tryLater", func(w *world) { w.status = ocspwire.TryLater }, []finding{{"responder.answers", Unanswered, "tryLater"}}, Unanswered},
		{"unauthorized", func(w *world) { w.status = ocspwire.Unauthorized }, []finding{{"responder.answers", Missing, "stapled doctor --url"}}, Missing},
		{"wants signed requests", func(w *world) { w.status = ocspwire.SigRequired }, []finding{{"responder.answers", Missing, "unsigned"}}, Missing},
		{"SHA-1 only", func(w *world) { w.sha1Only = true }, []finding{{"responder.hash", Warn, "--ocsp-hash sha1"}}, OK},
		{"revoked", func(w *world) { w.answer = func(r *testca.Response) { r.Singles[0].Status = testca.Revoked } },
			[]finding{{"responder.status", Missing, "step ca certificate NAME"}, refused("certificate_revoked")}, Missing},
		{"unknown", func(w *world) { w.answer = func(r *testca.Response) { r.Singles[0].Status = testca.Unknown } },
			[]finding{{"responder.status", Missing, "newest records"}, refused("staple_unknown")}, Missing},
		{"another certificate's answer", func(w *world) {
			w.answer = func(r *testca.Response) { r.Singles[0].Serial = w.root.Cert.SerialNumber }
		}, []finding{refused("staple_mismatch")}, Missing},
		{"a stranger signs", func(w *world) { w.answer = testca.SignedBy(testca.New(testca.Named("Other"))) },
			[]finding{{"responder.signer", Missing, "delegate"}, refused("staple_untrusted")}, Missing},
		{"a delegate", func(w *world) {
			delegate := w.ca.Delegate()
			w.answer = testca.SignedBy(delegate, delegate.Cert)
		}, nil, OK},
		{"a delegate without nocheck", func(w *world) {
			delegate := w.ca.Delegate(func(t *testca.Template) { t.ExtraExtensions = nil })
			w.answer = testca.SignedBy(delegate, delegate.Cert)
		}, []finding{{"responder.signer", Missing, `"1.3.6.1.5.5.7.48.1.5"`}, refused("staple_untrusted")}, Missing},
		{"a delegate near its end", func(w *world) {
			delegate := w.ca.Delegate(testca.Valid(testca.Now.Add(-3*time.Hour), testca.Now.Add(time.Hour)))
			w.answer = testca.SignedBy(delegate, delegate.Cert)
		}, []finding{{"responder.delegate", Warn, "renew it"}}, OK},
		{"no nextUpdate", func(w *world) { w.answer = func(r *testca.Response) { r.Singles[0].NextUpdate = time.Time{} } },
			[]finding{{"responder.age", Missing, "ocsp_expiry=10m"}, refused("staple_malformed")}, Missing},
		{"two answers in one", func(w *world) { w.answer = func(r *testca.Response) { r.Singles = append(r.Singles, r.Singles[0]) } },
			[]finding{refused("staple_malformed")}, Missing},
		{"ended", func(w *world) { w.answer = times(-30*time.Minute, -30*time.Minute, -time.Minute) },
			[]finding{{"responder.age", Missing, "openssl ocsp -port 8889 -nmin 10"}, refused("staple_stale")}, Missing},
		{"made in advance", func(w *world) { w.answer = times(-2*time.Hour-time.Minute, -2*time.Hour, 24*time.Hour) },
			[]finding{{"responder.age", Missing, "stapled verify --max-staple-age 2h"}, refused("staple_stale")}, Missing},
		{"seconds left", func(w *world) { w.answer = times(-10*time.Minute, -10*time.Minute, 20*time.Second) },
			[]finding{{"responder.age", Warn, "only 20s are left"}}, OK},
		{"little left", func(w *world) { w.answer = times(-40*time.Minute, -40*time.Minute, time.Hour) },
			[]finding{{"responder.age", Warn, "outage"}}, OK},
		{"rounded to the hour, as by cfssl", func(w *world) { w.answer = cfssl },
			[]finding{{"responder.age", Warn, "stapled verify --max-staple-age 2h"}}, OK},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld()
			row.edit(w)
			w.start(t)
			cfg := w.config()
			cfg.CAURL = ""
			report := examine(t, cfg)
			compare(t, report, row.want)
			if report.Result != row.result {
				t.Errorf("result %s", report.Result)
			}
		})
	}
}

// TestMaxStapleAge: the verifiers' own limit counts, not the default.
func TestMaxStapleAge(t *testing.T) {
	for _, row := range []struct {
		limit time.Duration
		want  []finding
	}{
		{24 * time.Hour, nil},
		{time.Hour, []finding{{"responder.age", Missing, "--max-staple-age 2h"}, {"responder.staple", Missing, "staple_stale"}}},
	} {
		w := newWorld()
		w.answer = func(r *testca.Response) {
			r.Singles[0].ThisUpdate, r.Singles[0].NextUpdate = testca.Now.Add(-90*time.Minute), testca.Now.AddDate(0, 0, 1)
		}
		w.start(t)
		cfg := w.config()
		cfg.CAURL, cfg.MaxStapleAge = "", row.limit
		compare(t, examine(t, cfg), row.want)
	}
}

// cfssl rounds thisUpdate down to the hour, and producedAt to the minute.
func cfssl(r *testca.Response) {
	r.Singles[0].ThisUpdate = testca.Now.Add(-20 * time.Minute).Truncate(time.Hour)
	r.ProducedAt = testca.Now.Add(-20 * time.Minute)
	r.Singles[0].NextUpdate = r.Singles[0].ThisUpdate.Add(96 * time.Hour)
}
