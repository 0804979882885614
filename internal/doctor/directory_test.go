// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/ocspwire"
	"github.com/stapledjwt/stapled/internal/terminal"
	"github.com/stapledjwt/stapled/internal/testca"
)

// goodDirectory is a ca.json without mistakes.
const goodDirectory = `{
	"root": ["certs/root_ca.crt"], "crt": "certs/intermediate_ca.crt", "db": {"type": "badgerv2"},
	"crl": {"enabled": true, "generateOnRevoke": true, "cacheDuration": "1h"},
	"authority": {"claims": {"disableRenewal": true}, "provisioners": [
		{"type": "JWK", "name": "services", "options": {"x509": {"templateFile": "DIR/templates/leaf.tpl"}}}
	]}
}`

const goodTemplate = `{"subject": {{ toJson .Subject }}, "keyUsage": ["digitalSignature"], "extKeyUsage": ["clientAuth"], "ocspServer": ["http://127.0.0.1:1"]}`

func TestMistakesOfTheDirectory(t *testing.T) {
	replace := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(goodDirectory) }
	unanswered := finding{"responder.answers", Unanswered, "stapled ocsp query"} // nothing listens there
	inline := func(template string) string {
		return replace(`"templateFile": "DIR/templates/leaf.tpl"`, `"template": "`+template+`"`)
	}
	for _, row := range []struct {
		name, caJSON string
		files        map[string]string
		want         []finding
		result       Status
	}{
		{"none", goodDirectory, nil, []finding{unanswered}, Unanswered},
		{"one root as a string", replace(`["certs/root_ca.crt"]`, `"certs/root_ca.crt"`), nil, []finding{unanswered}, Unanswered},
		{"no JSON", "{", nil, []finding{{"directory.config", Missing, "line 1"}}, Missing},
		{"a period that is none", replace(`"1h"`, `"an hour"`), nil, []finding{{"directory.config", Missing, "invalid duration"}}, Missing},
		{"no root", replace("certs/root_ca.crt", "certs/gone.crt"), nil, []finding{{"directory.root", Missing, "root_ca.crt"}, unanswered}, Missing},
		{"no intermediate", replace("certs/intermediate_ca.crt", "certs/gone.crt"), nil, []finding{{"directory.issuer", Missing, "intermediate_ca.crt"}}, Missing},
		{"no database", replace(`"db": {"type": "badgerv2"},`, ""), nil, []finding{{"directory.database", Missing, `"db": {"dataSource":"/`}, unanswered}, Missing},
		{"no CRL beside badger", replace(`"enabled": true`, `"enabled": false`), nil, []finding{{"crl.enabled", Missing, `"generateOnRevoke": true`}, unanswered}, Missing},
		{"no CRL beside PostgreSQL", replace(`"enabled": true`, `"enabled": false`, "badgerv2", "postgresql"), nil, []finding{{"crl.enabled", Warn, `"generateOnRevoke": true`}, unanswered}, Unanswered},
		{"no CRL beside a stray stapled.json", replace(`"enabled": true`, `"enabled": false`), map[string]string{"config/stapled.json": `{"ocsp_address": "127.0.0.1:1"}`},
			[]finding{{"crl.enabled", Missing, "stapled up --dir /"}, unanswered}, Missing},
		{"a relative template", replace("DIR/templates/leaf.tpl", "templates/leaf.tpl"), nil, []finding{{"provisioner.template", Warn, `/templates/leaf.tpl"}},`}, unanswered}, Unanswered},
		{"no generateOnRevoke", replace(`"generateOnRevoke": true,`, ""), nil, []finding{{"crl.on_revoke", Missing, `"generateOnRevoke": true,`}, unanswered}, Missing},
		{"cacheDuration by default", replace(`, "cacheDuration": "1h"`, ""), nil, []finding{{"crl.cache_duration", Missing, `"cacheDuration": "1h",`}, unanswered}, Missing},
		{"cacheDuration of a day", replace("1h", "24h"), nil, []finding{{"crl.cache_duration", Missing, "every 16h"}, unanswered}, Missing},
		{"cacheDuration of a day, renewed", replace(`"1h"`, `"24h", "renewPeriod": "30m"`), nil, []finding{unanswered}, Unanswered},
		{"provisioners in the database", replace(`"claims"`, `"enableAdmin": true, "claims"`), nil, []finding{{"provisioner.responder", Unseen, "give --ca-url too"}}, OK},
		{"no root at all", replace(`"root": ["certs/root_ca.crt"],`, ""), nil, []finding{{"directory.root", Missing, "root_ca.crt"}, unanswered}, Missing},
		{"another template file", replace("leaf.tpl", "gone.tpl"), nil, []finding{
			{"provisioner.template", Missing, `/templates/stapled.tpl"}},`}, {"provisioner.responder", Unseen, "not there"},
		}, Missing},
		{"a template that is no file", replace("DIR/templates/leaf.tpl", "/dev/zero"), nil, []finding{{"provisioner.responder", Unseen, "is no file with a template"}}, OK},
		{"an empty template", goodDirectory, map[string]string{"templates/leaf.tpl": ""}, []finding{
			{"provisioner.responder", Missing, `"ocspServer": ["http://ocsp.example.internal:8889"]`}, {"provisioner.usage", Missing, "digitalSignature"},
		}, Missing},
		{"step-ca's own template", replace(`"templateFile": "DIR/templates/leaf.tpl"`, ""), nil, []finding{{"provisioner.responder", Missing, `"options": {"x509": {"templateFile": "/`}}, Missing},
		{"a template in base64", inline(base64.StdEncoding.EncodeToString([]byte(goodTemplate))), nil, []finding{unanswered}, Unanswered},
		{"a computed responder", goodDirectory, map[string]string{"templates/leaf.tpl": strings.Replace(goodTemplate, `["http://127.0.0.1:1"]`, "{{ toJson .Insecure.User.ocsp }}", 1)}, nil, OK},
		{"computed usages", goodDirectory, map[string]string{"templates/leaf.tpl": strings.Replace(goodTemplate, `["clientAuth"]`, "{{ toJson .x }}", 1)},
			[]finding{{"provisioner.usage", Unseen, "give --cert"}, unanswered}, Unanswered},
		{"a claim of the provisioner counts", replace(`"name": "services"`, `"name": "services", "claims": {"disableRenewal": false}`), nil,
			[]finding{{"provisioner.renewal", Warn, "step ca revoke SERIAL"}, unanswered}, Unanswered},
		{"renewal beside stapled up", replace(`"name": "services"`, `"name": "services", "claims": {"disableRenewal": false}`), map[string]string{"config/stapled.json": `{"ocsp_address": "127.0.0.1:1"}`},
			[]finding{{"provisioner.renewal", Warn, "stapled revoke --name NAME --dir /"}, unanswered}, Unanswered},
		{"a CRL for the whole URL", replace(`"crl": {"enabled": true, "generateOnRevoke": true, "cacheDuration": "1h"},`, `"address": ":9443", "dnsNames": ["ca.internal"],`), nil,
			[]finding{{"crl.enabled", Missing, `"cacheDuration": "1h", "idpURL": "https://ca.internal:9443/1.0/crl"},`}, unanswered}, Missing},
		{"no responder yet", replace(`"templateFile": "DIR/templates/leaf.tpl"`, ""), nil,
			[]finding{{"provisioner.responder", Missing, "stapled ocsp serve --config ocsp.yaml"}}, Missing},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld()
			files := map[string]string{"templates/leaf.tpl": goodTemplate}
			for name, content := range row.files {
				files[name] = content
			}
			report := examine(t, Config{Dir: w.directory(t, row.caJSON, files), Now: func() time.Time { return testca.Now }})
			compare(t, report, row.want)
			if report.Result != row.result {
				t.Errorf("result %s", report.Result)
			}
		})
	}
}

// TestWithoutACertificate: a serial number that nobody has issued shows the
// responder, too.
func TestWithoutACertificate(t *testing.T) {
	for _, row := range []struct {
		name string
		edit func(*world)
		want []finding
	}{
		{"unknown", func(*world) {}, nil},
		{"good", func(w *world) { w.answer = func(r *testca.Response) { r.Singles[0].Status = testca.Good } },
			nil},
		{"unauthorized", func(w *world) { w.status = ocspwire.Unauthorized }, []finding{{"responder.answers", Unseen, "RFC 5019"}}},
		{"a stranger signs", func(w *world) { w.answer = testca.SignedBy(testca.New(testca.Named("Other"))) },
			[]finding{{"responder.signer", Missing, "delegate"}, {"responder.staple", Missing, "staple_untrusted"}}},
		{"a provisioner for something else", func(w *world) {
			w.provisioners += `, {"type": "ACME", "name": "acme", "claims": {"disableRenewal": true}}`
		}, []finding{{"provisioner.responder", Warn, `"templateFile": "/ABSOLUTE/PATH/stapled.tpl"`}}},
		{"no responder", func(w *world) {
			w.provisioners = `{"type": "ACME", "name": "acme", "claims": {"disableRenewal": true}}`
		},
			[]finding{{"provisioner.responder", Missing, `step ca provisioner update --x509-template /ABSOLUTE/PATH/stapled.tpl acme`}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld()
			row.edit(w)
			w.start(t)
			cfg := w.config()
			cfg.Leaf, cfg.Issuer, cfg.Others = nil, nil, nil
			compare(t, examine(t, cfg), append(row.want, onRevokeUnseen))
		})
	}
}

// TestLinesAreSafeToType: what a server writes is a word for the shell.
func TestLinesAreSafeToType(t *testing.T) {
	w := newWorld()
	w.provisioners = `{"type": "ACME", "name": "a'$(reboot)\"", "claims": {"disableRenewal": true}}`
	w.start(t)
	cfg := w.config()
	cfg.Leaf, cfg.Issuer, cfg.Others = nil, nil, nil
	compare(t, examine(t, cfg), []finding{{"provisioner.responder", Missing, `/stapled.tpl 'a'\''$(reboot)"'`}, onRevokeUnseen})
}

// TestTemplateOnce: of several provisioners, the first shows the template.
func TestTemplateOnce(t *testing.T) {
	w := newWorld()
	w.provisioners = `{"type": "JWK", "name": "a"}, {"type": "ACME", "name": "b"}`
	w.start(t)
	cfg := w.config()
	cfg.Leaf, cfg.Issuer, cfg.Others = nil, nil, nil
	text := examine(t, cfg).Text(terminal.Terminal{Width: 80})
	if strings.Count(text, `"ocspServer"`) != 1 || strings.Count(text, "step ca provisioner update") != 2 {
		t.Error(text)
	}
}

// TestDirectoryAndCA: together they see what neither sees alone.
func TestDirectoryAndCA(t *testing.T) {
	w := newWorld()
	w.start(t)
	cfg := w.config()
	cfg.Roots = nil
	cfg.Dir = w.directory(t, goodDirectory, map[string]string{"templates/leaf.tpl": goodTemplate})
	w.provisioners = `{"type": "JWK", "name": "services", "options": {"x509": {"templateFile": "` + cfg.Dir + `/templates/leaf.tpl"}}}`
	report := examine(t, cfg)
	compare(t, report, nil)
	if report.Result != OK {
		t.Errorf("result %s", report.Result)
	}
}

// TestForgottenRestart: ca.json says something else than the running CA.
func TestForgottenRestart(t *testing.T) {
	for _, row := range []struct{ name, old, new, want string }{
		{"none", "", "", ""},
		{"another port", `"db"`, `"address": "127.0.0.1:1", "db"`, "ca.json says 1"},
		{"the CRL is off", `"enabled": true`, `"enabled": false`, "publishes a CRL"},
		{"another provisioner", `"name": "services"`, `"name": "others"`, `"others"`},
		{"provisioners in the database", `"claims"`, `"enableAdmin": true, "claims"`, ""},
		{"the CRL is on", "", "", "publishes none"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld()
			if row.name == "the CRL is on" {
				w.crl = nil
			}
			w.start(t)
			cfg := w.config()
			caJSON := goodDirectory
			if row.old != "" {
				caJSON = strings.Replace(goodDirectory, row.old, row.new, 1)
			}
			cfg.Dir = w.directory(t, caJSON, map[string]string{"templates/leaf.tpl": goodTemplate})
			if row.name == "provisioners in the database" {
				w.provisioners = strings.Replace(w.provisioners, "services", "others", 1)
			}
			got := ""
			for _, c := range examine(t, cfg).Checks {
				if c.Name == "directory.running" && c.Status == Warn {
					got += c.Detail
				}
			}
			if !strings.Contains(got, row.want) || (got == "") != (row.want == "") {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestWithoutACRL: only a responder that knows what was issued needs no CRL, and
// on badger only that of `stapled up`.
func TestWithoutACRL(t *testing.T) {
	followsCRL := func(r *testca.Response) { r.Singles[0].Status = testca.Good }
	stray, own := `{"ocsp_address": "127.0.0.1:1"}`, `{"ocsp_address": "OCSP"}`
	for _, row := range []struct {
		name, database, settings string
		answer                   func(*testca.Response)
		status                   Status
	}{
		{"badger, answers from the last list", "badgerv2", "", followsCRL, Missing},
		{"badger, a responder that knows", "badgerv2", "", nil, Missing},
		{"badger, a stray stapled.json", "badgerv2", stray, nil, Missing},
		{"badger, another responder at the address", "badgerv2", own, followsCRL, Missing},
		{"bbolt, stapled up", "bbolt", own, nil, OK},
		{"PostgreSQL, a responder that knows", "postgresql", "", nil, OK},
		{"PostgreSQL, answers from the last list", "postgresql", "", followsCRL, Warn},
		{"MySQL, a stale unknown", "mysql", "", func(r *testca.Response) {
			if r.Singles[0].Status == testca.Unknown {
				r.Singles[0].ThisUpdate = testca.Now.Add(-2 * time.Hour)
			}
		}, Warn},
		{"from outside, a responder that knows", "", "", nil, OK},
		{"from outside, answers from the last list", "", "", followsCRL, Warn},
		{"from outside, a stranger says unknown", "", "", func(r *testca.Response) {
			if r.Singles[0].Status == testca.Unknown {
				testca.SignedBy(testca.New(testca.Named("Other")))(r)
			}
		}, Warn},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld()
			w.crl = nil
			if row.answer != nil {
				w.answer = row.answer
			}
			w.start(t)
			cfg := w.config()
			if row.database != "" {
				files := map[string]string{"templates/leaf.tpl": goodTemplate}
				if row.settings != "" {
					files["config/stapled.json"] = strings.ReplaceAll(row.settings, "OCSP", strings.TrimPrefix(w.ocspURL, "http://"))
				}
				cfg.Dir = w.directory(t, strings.NewReplacer("badgerv2", row.database, `"enabled": true`, `"enabled": false`).Replace(goodDirectory), files)
			}
			seen := false
			for _, c := range examine(t, cfg).Checks {
				seen = seen || c.Name == "crl.enabled"
				switch {
				case c.Name == "crl.enabled" && c.Status != row.status:
					t.Errorf("%s: %s", c.Status, c.Detail)
				case c.Name == "directory.database" && strings.Contains(c.Detail, "answers from it") != (row.name == "bbolt, stapled up"):
					t.Error(c.Detail)
				}
			}
			if !seen {
				t.Error("no crl.enabled")
			}
		})
	}
}

// TestAnotherCA: a certificate of another CA says nothing about this one.
func TestAnotherCA(t *testing.T) {
	w, other := newWorld(), newWorld()
	other.ca = other.root.Intermediate(testca.Named("Other"))
	w.start(t)
	other.start(t)
	cfg := w.config()
	cfg.Leaf, cfg.Issuer, cfg.Others = other.leaf.Cert, other.ca.Cert, other.leaf.Chain()
	compare(t, examine(t, cfg), []finding{{"certificate.issuer", Missing, "leave out --ca-url and --dir"}, onRevokeUnseen})
}

func TestConfigurationErrors(t *testing.T) {
	w := newWorld()
	w.start(t)
	for _, row := range []struct {
		name   string
		cfg    Config
		reason stapled.Reason
	}{
		{"nothing", Config{}, stapled.ConfigInvalid},
		{"no root", Config{CAURL: w.caURL}, stapled.ConfigInvalid},
		{"no URL", Config{CAURL: "ca.internal", Roots: w.roots}, stapled.ConfigInvalid},
		{"no issuer", Config{Leaf: w.leaf.Cert}, stapled.ConfigInvalid},
		{"a negative age", Config{Leaf: w.leaf.Cert, Issuer: w.ca.Cert, MaxStapleAge: -1}, stapled.ConfigInvalid},
		{"no directory", Config{Dir: t.TempDir()}, stapled.NotCADirectory},
	} {
		if report, err := Examine(t.Context(), row.cfg); report != nil || !errors.Is(err, row.reason) {
			t.Errorf("%s: %v, %v", row.name, report, err)
		}
	}
	silent := w.config()
	w.handlers["/health"] = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	silent.Watch = func(_ string, ask func()) { cancel(); ask() }
	if report, err := Examine(ctx, silent); report != nil || !errors.Is(err, stapled.Canceled) {
		t.Errorf("canceled: %v, %v", report, err)
	}
}
