// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package statuspage_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/internal/statuspage"
	"github.com/stapledjwt/stapled/internal/zerotest"
)

// page asks for the page.
func page(t testing.TB, recorder *statuspage.Recorder, facts statuspage.Facts, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	h, err := statuspage.New(recorder, func() statuspage.Facts { return facts })
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func snapshot(t testing.TB, w *world) statuspage.Snapshot {
	t.Helper()
	var s statuspage.Snapshot
	if err := json.Unmarshal(page(t, w.recorder, statuspage.Facts{}, "/?json").Body.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDecisionsOfTheLastHour(t *testing.T) {
	w := newWorld(t)
	token := w.caller("https://orders.internal")()
	w.refuse("orders", stapled.TokenExpired, 5)
	w.ca.Clock.Advance(30 * time.Minute)
	w.accept("orders", token)
	w.refuse("", stapled.RouteMissing, 2)
	w.refuse("orders", "made_up", 1)
	// 59 minutes and some seconds after the first.
	w.ca.Clock.Set(noon.Truncate(time.Minute).Add(60*time.Minute - time.Second))
	all := []statuspage.Decision{
		{Route: "orders", Reason: stapled.TokenExpired, Count: 5}, {Route: "", Reason: stapled.RouteMissing, Count: 2},
		{Route: "orders", Reason: "accepted", Count: 1}, {Route: "orders", Reason: stapled.Unclassified, Count: 1},
	}
	s := snapshot(t, w)
	if !reflect.DeepEqual(s.Decisions, all) {
		t.Errorf("within the hour: %v", s.Decisions)
	}
	if n := len(s.Minutes); n != 60 || s.Minutes[0].Counts[stapled.TokenExpired] != 5 || s.Minutes[30].Counts["accepted"] != 1 {
		t.Errorf("%d minutes: %v", n, s.Minutes)
	}
	w.ca.Clock.Advance(time.Second)
	if s := snapshot(t, w); !reflect.DeepEqual(s.Decisions, all[1:]) {
		t.Errorf("an hour later: %v", s.Decisions)
	}
	// The place of a minute is used again an hour later.
	w.refuse("orders", stapled.StapleStale, 7)
	if s := snapshot(t, w); s.Decisions[0] != (statuspage.Decision{Route: "orders", Reason: stapled.StapleStale, Count: 7}) || len(s.Decisions) != len(all) {
		t.Errorf("in the same place: %v", s.Decisions)
	}
	w.ca.Clock.Advance(24 * time.Hour)
	if s := snapshot(t, w); len(s.Decisions) != 0 || len(s.Issuers) != 1 {
		t.Errorf("a day later: %v, %v", s.Decisions, s.Issuers)
	}
}

func TestIssuersWithTheirStaples(t *testing.T) {
	w := newWorld(t)
	orders := w.caller("https://orders.internal")
	w.accept("orders", orders())
	w.ca.Clock.Advance(4 * time.Minute)
	token := orders()
	w.accept("orders", token)
	// Neither an open route nor a refused request names an issuer.
	w.recorder.Observe(gateway.Event{Route: "health", Outcome: gateway.OutcomeAccepted})
	w.recorder.Observe(gateway.Event{Route: "orders", Outcome: gateway.OutcomeRejected, Reason: stapled.PolicyDenied, Token: w.caller("https://eve.internal")()})
	want := []statuspage.Issuer{{
		Issuer: "https://orders.internal", Identity: "https://orders.internal", Anchor: token.Anchor().Subject, Accepted: 2, LastSeen: w.ca.Clock.Now(),
		ThisUpdate: token.Staple().ThisUpdate().UTC(), NextUpdate: token.Staple().NextUpdate().UTC(), FreshUntil: token.FreshUntil().UTC(),
	}}
	if s := snapshot(t, w); !reflect.DeepEqual(s.Issuers, want) {
		t.Errorf("got  %+v\nwant %+v", s.Issuers, want)
	}
}

func TestIssuersAreBounded(t *testing.T) {
	w := newWorld(t)
	first := w.caller("https://first.internal")
	w.accept("orders", first())
	w.many(199)
	w.accept("orders", first()) // no longer the one that called first
	w.ca.Clock.Advance(time.Second)
	w.accept("orders", w.caller("https://last.internal")())
	s := snapshot(t, w)
	if len(s.Issuers) != 200 || s.Issuers[0].Issuer != "https://last.internal" || s.Issuers[1].Issuer != "https://first.internal" {
		t.Fatalf("%d issuers, the newest %v", len(s.Issuers), s.Issuers[:2])
	}
	if oldest := s.Issuers[199].Issuer; oldest != "https://caller-001.internal" {
		t.Errorf("the oldest is %s: the one before it should have gone", oldest)
	}
}

func TestObserveIsSafeForConcurrentUse(t *testing.T) {
	w := newWorld(t)
	token := w.caller("https://orders.internal")()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 50 {
				w.accept("orders", token)
				w.refuse("orders", stapled.StapleStale, 1)
			}
			page(t, w.recorder, facts(), "/")
		})
	}
	all.Wait()
	for _, d := range snapshot(t, w).Decisions {
		if d.Count != 1000 {
			t.Errorf("%v", d)
		}
	}
}

// What is observed must not cost an allocation per request.
func TestObserveAllocatesNothing(t *testing.T) {
	w := newWorld(t)
	event := gateway.Event{Route: "orders", Outcome: gateway.OutcomeAccepted, Token: w.caller("https://orders.internal")()}
	w.recorder.Observe(event)
	if n := testing.AllocsPerRun(100, func() { w.recorder.Observe(event) }); n != 0 {
		t.Errorf("%.0f allocations", n)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, make := range map[string]func() (http.Handler, error){
		"no recorder": func() (http.Handler, error) { return statuspage.New(nil, facts) },
		"a recorder that NewRecorder did not make": func() (http.Handler, error) {
			return statuspage.New(new(statuspage.Recorder), facts)
		},
		"no facts": func() (http.Handler, error) { return statuspage.New(statuspage.NewRecorder(nil), nil) },
	} {
		if h, err := make(); err == nil || h != nil {
			t.Errorf("%s: %v, %v; want an error alone", name, h, err)
		}
	}
}

// No method of a zero value panics.
func TestZeroValues(t *testing.T) {
	zerotest.Methods(t, []any{new(statuspage.Recorder)})
}
