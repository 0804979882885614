// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/statuspage"
)

const withStatus = `forward_auth: 127.0.0.1:0
status: 127.0.0.1:0
metrics_address: 127.0.0.1:0
anchors:
  - {file: root.pem, label: services, scope: ["https://orders.internal"]}
routes:
  - {name: health, path: /healthz, methods: [GET], open: true}
  - name: orders
    prefix: /orders
    host: billing.internal
    audience: billing
    callers: [https://orders.internal]
    when: [request.method == "GET"]
`

// statusPage reads the status page as JSON.
func (w *world) statusPage() statuspage.Snapshot {
	w.Helper()
	r, err := http.NewRequest("GET", w.Ready().StatusURL+"?json", nil)
	check(w.T, err)
	var s statuspage.Snapshot
	check(w.T, json.NewDecoder(w.do(http.DefaultClient, r).Body).Decode(&s))
	return s
}

func TestStatusPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(withStatus)
	token := w.token("billing", nil)
	w.want(200, "", "GET", "/healthz")
	w.want(200, token, "GET", "/orders/1")
	w.want(200, token, "GET", "/orders/2")
	w.want(403, token, "POST", "/orders")
	w.want(401, "", "GET", "/orders")
	w.want(403, token, "GET", "/admin")

	s := w.statusPage()
	counts := make(map[string]uint64)
	for _, d := range s.Decisions {
		counts[d.Route+" "+string(d.Reason)] = d.Count
	}
	if want := map[string]uint64{
		"health accepted": 1, "orders accepted": 2, "orders " + string(stapled.PolicyDenied): 1,
		"orders " + string(stapled.CredentialsMissing): 1, " " + string(stapled.RouteMissing): 1,
	}; !reflect.DeepEqual(counts, want) {
		t.Errorf("decisions: %v, want %v", counts, want)
	}
	if len(s.Issuers) != 1 || s.Issuers[0].Issuer != ordersName || s.Issuers[0].Accepted != 2 || s.Issuers[0].Label != "services" || s.Issuers[0].ThisUpdate.IsZero() {
		t.Errorf("issuers: %+v", s.Issuers)
	}
	if want := []statuspage.Policy{
		{Name: "health", Path: "/healthz", Methods: []string{"GET"}, Open: true},
		{
			Name: "orders", Path: "/orders/*", Hosts: []string{"billing.internal"}, Audience: "billing",
			Callers: []string{`https://orders.internal when request.method == "GET"`},
		},
	}; !reflect.DeepEqual(s.Policy, want) {
		t.Errorf("policy: %+v", s.Policy)
	}
	if len(s.Anchors) != 1 || s.Anchors[0].Label != "services" || !reflect.DeepEqual(s.Anchors[0].Scope, []string{"https://orders.internal"}) || s.Anchors[0].NotAfter.IsZero() {
		t.Errorf("anchors: %+v", s.Anchors)
	}
	if s.Started.IsZero() || s.Reload.Loaded.IsZero() || s.Reload.Error != "" || s.Problems != nil {
		t.Errorf("started %v, reload %+v, problems %q", s.Started, s.Reload, s.Problems)
	}
	r, err := http.NewRequest("GET", w.Ready().StatusURL, nil)
	check(t, err)
	html, err := io.ReadAll(w.do(http.DefaultClient, r).Body)
	check(t, err)
	if !strings.Contains(string(html), "<!DOCTYPE html>") || !strings.Contains(string(html), ordersName) {
		t.Errorf("the page: %.200s", html)
	}
	for _, series := range []string{
		`stapled_verifier_lookups_total{found="token"} 2`, `stapled_verifier_lookups_total{found="nothing"} 1`,
		`stapled_verifier_known_certificates{fact="revoked"} 0`,
	} {
		if !w.metric(series) {
			t.Errorf("no metric %s", series)
		}
	}
}

// A broken file shows as such, until one is good again; what was seen stays.
func TestStatusPageAfterReloads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(withStatus)
	w.want(401, "", "GET", "/orders")
	first := w.statusPage().Reload
	w.write("gateway.yaml", withStatus+"rotes: []\n")
	if w.Reload() == nil {
		t.Fatal("a broken file is loaded")
	}
	failed := w.statusPage().Reload
	if !failed.Loaded.Equal(first.Loaded) || failed.Failed.IsZero() || !strings.Contains(failed.Error, "rotes") {
		t.Errorf("after a broken file: %+v, before: %+v", failed, first)
	}
	w.write("gateway.yaml", strings.Replace(withStatus, "name: health", "name: alive", 1))
	check(t, w.Reload())
	s := w.statusPage()
	if s.Reload.Error != "" || !s.Reload.Failed.IsZero() || !s.Reload.Loaded.After(first.Loaded) {
		t.Errorf("after a good file: %+v", s.Reload)
	}
	if s.Policy[0].Name != "alive" || len(s.Decisions) != 1 {
		t.Errorf("policy %+v, decisions %+v", s.Policy, s.Decisions)
	}
}
