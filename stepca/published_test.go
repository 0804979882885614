// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stepca

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
)

func TestIntermediates(t *testing.T) {
	f := newFakeCA(t)
	client := f.client(t, nil)
	for _, row := range []struct {
		name   string
		reply  http.HandlerFunc
		reason stapled.Reason // "" for success
	}{
		{"one", answer(http.StatusCreated, map[string]any{"crts": []string{pemOf(f.intermediate.Cert)}}), ""},
		{"none", reply(http.StatusCreated, `{"crts": []}`), stapled.Refused},
		{"null", reply(http.StatusCreated, `{"crts": [null]}`), stapled.Refused},
		{"an old version", http.NotFound, stapled.Refused},
		{"no JSON", reply(http.StatusOK, "<html>"), stapled.Refused},
	} {
		f.handlers["/intermediates"] = row.reply
		list, err := client.Intermediates(t.Context())
		if row.reason != "" {
			if list != nil || !errors.Is(err, row.reason) {
				t.Errorf("%s: %v, %v", row.name, list, err)
			}
		} else if err != nil || len(list) != 1 || !list[0].Equal(f.intermediate.Cert) {
			t.Errorf("%s: %v, %v", row.name, list, err)
		}
	}
}

func TestClock(t *testing.T) {
	f := newFakeCA(t)
	client := f.client(t, nil)
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	shows := func(date string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.Header()["Date"] = []string{date} }
	}
	f.handlers["/health"] = shows(at.Format(http.TimeFormat))
	if got, err := client.Clock(t.Context()); err != nil || !got.Equal(at) {
		t.Errorf("%s, %v", got, err)
	}
	f.handlers["/health"] = shows("soon")
	if got, err := client.Clock(t.Context()); !errors.Is(err, stapled.Refused) || !got.IsZero() {
		t.Errorf("%s, %v", got, err)
	}
}

// TestNoCRL: that there is none is not a failure of the CA.
func TestNoCRL(t *testing.T) {
	f := newFakeCA(t)
	client := f.client(t, nil)
	for _, row := range []struct {
		name   string
		reply  http.HandlerFunc
		none   bool
		reason stapled.Reason
	}{
		{"off", reply(http.StatusNotFound, `{"status":404,"message":"not enabled"}`), true, stapled.Refused},
		{"failing", reply(http.StatusInternalServerError, `{"status":500,"message":"no database"}`), false, stapled.Unreachable},
		{"no list", reply(http.StatusOK, "<html>"), false, stapled.Refused},
	} {
		f.handlers["/1.0/crl"] = row.reply
		list, err := client.CRL(t.Context(), f.intermediate.Cert)
		if list != nil || !errors.Is(err, row.reason) || errors.Is(err, ErrNoCRL) != row.none {
			t.Errorf("%s: %v, %v", row.name, list, err)
		}
	}
}

func TestProvisionersWithOptions(t *testing.T) {
	f := newFakeCA(t)
	f.handlers["/provisioners"] = reply(http.StatusOK, `{"provisioners": [
		{"type": "JWK", "name": "a", "claims": {"disableRenewal": true}, "options": {"x509": {"template": "{}", "templateFile": "a.tpl"}}},
		{"type": "ACME", "name": "b", "claims": null, "options": null}
	], "nextCursor": ""}`)
	list, err := f.client(t, nil).Provisioners(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	if x := list[0].Options.X509; x.Template != "{}" || x.TemplateFile != "a.tpl" {
		t.Errorf("options %+v", x)
	}
	if c := list[0].Claims; c.DisableRenewal == nil || !*c.DisableRenewal || c.AllowRenewalAfterExpiry != nil {
		t.Errorf("claims %+v", c)
	}
	if c := list[1].Claims; c.DisableRenewal != nil || list[1].Options.X509.Template != "" {
		t.Errorf("without claims: %+v", list[1])
	}
}
