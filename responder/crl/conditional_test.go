// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"net/http"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/retryafter"

	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/responder"
)

// TestConditionalRequests: which validators of an answer are sent with the next
// request.
func TestConditionalRequests(t *testing.T) {
	const modified = "Sun, 01 Mar 2026 12:00:00 GMT"
	for _, row := range []struct {
		name                 string
		etag, modified, date string
		wantNone, wantSince  string
	}{
		{"ETag", `"a"`, "", "", `"a"`, ""},
		{"ETag and Last-Modified", `"a"`, modified, "Sun, 01 Mar 2026 12:00:10 GMT", `"a"`, ""},
		{"Last-Modified", "", modified, "Sun, 01 Mar 2026 12:00:01 GMT", "", modified},
		{"Last-Modified in the second of the answer", "", modified, modified, "", ""},
		{"weak ETag", `W/"a"`, "", "", "", ""},
		{"malformed Last-Modified", "", "yesterday", modified, "", ""},
		{"neither", "", "", "", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := serve(t, nil, func(p *published, w http.ResponseWriter, r *http.Request) {
				for name, value := range map[string]string{"ETag": row.etag, "Last-Modified": row.modified, "Date": row.date} {
					if value != "" {
						w.Header().Set(name, value)
					}
				}
				if r.Header.Get("If-None-Match") != "" || r.Header.Get("If-Modified-Since") != "" {
					w.WriteHeader(http.StatusNotModified)
					return
				}
				w.Write(sign(t, p.ca, listOf(1, 5)))
			})
			for range 3 {
				if err := p.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				p.want(t, 5, responder.Revoked)
			}
			for i, header := range p.came() {
				none, since := row.wantNone, row.wantSince
				if i == 0 {
					none, since = "", ""
				}
				if header.Get("If-None-Match") != none || header.Get("If-Modified-Since") != since {
					t.Errorf("request %d: If-None-Match %q, If-Modified-Since %q", i, header.Get("If-None-Match"), header.Get("If-Modified-Since"))
				}
				if header.Get("Cache-Control") != "no-cache" || header.Get("Accept-Encoding") != "" {
					t.Errorf("request %d: %v", i, header)
				}
			}
			if version, _ := p.Version(nil); version != 1 {
				t.Errorf("version %d", version)
			}
		})
	}
}

// TestRefusedListIsNotConfirmed: the ETag of a list that was refused is not
// sent, or a 304 would confirm it.
func TestRefusedListIsNotConfirmed(t *testing.T) {
	p := serve(t, nil, func(p *published, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"bad"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"bad"`)
		w.Write(sign(t, testca.New(testca.Named("Other")), listOf(1)))
	})
	for range 2 {
		wantError(t, p.Refresh(t.Context()), "of another CA")
	}
}

// TestEndedListIsNotConfirmed: a cache that repeats 304 cannot hide the next
// list.
func TestEndedListIsNotConfirmed(t *testing.T) {
	now := testca.Now.Add(time.Minute)
	p := serve(t, func(c *Config) { c.Now = func() time.Time { return now } }, func(p *published, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"a"`)
		w.Write(sign(t, p.ca, listOf(int64(now.Sub(testca.Now)/time.Minute), 5)))
	})
	for _, minutes := range []time.Duration{0, 1, 120} {
		now = now.Add(minutes * time.Minute)
		if err := p.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.want(t, 5, responder.Revoked)
	}
	if number := p.Snapshot().Number.Int64(); number != 122 {
		t.Errorf("number %d", number)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name, text, date string
		want             time.Duration
	}{
		{"seconds", "30", "", 30 * time.Second},
		{"date", "Sun, 01 Mar 2026 12:01:00 GMT", "", time.Minute},
		{"date by the server's clock", "Sun, 01 Mar 2026 12:01:00 GMT", "Sun, 01 Mar 2026 12:00:50 GMT", 10 * time.Second},
		{"date in the past", "Sun, 01 Mar 2026 11:00:00 GMT", "", 0},
		{"none", "", "", 0},
		{"negative", "-1", "", 0},
		{"too long", "99999999999999999999", "", 0},
		{"a year", "31536000", "", maxRetryAfter},
	} {
		header := http.Header{}
		header.Set("Retry-After", row.text)
		header.Set("Date", row.date)
		if got := retryafter.Of(header, now, maxRetryAfter); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}
