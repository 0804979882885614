// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler_test

import (
	"crypto"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/internal/testca"
	"github.com/stapledjwt/stapled/ocspstaple"
	"github.com/stapledjwt/stapled/ocspstaple/stapler"
	"golang.org/x/crypto/ocsp"
)

// realResponder answers over HTTP as a responder in real use does. It gets the
// certificate and the request, and writes its answer.
type realResponder func(w http.ResponseWriter, r *http.Request, leaf *testca.Party, query *ocsp.Request)

// realRow is what a stapler gets from the responders that a certificate names.
type realRow struct {
	name       string
	responders []realResponder // in the order of the certificate; nil is a closed port
	http       stapler.HTTPConfig
	config     func(*stapler.Config)
	// What Refresh returns, every time: a reason, or nothing if there is a
	// staple, and texts of the error.
	reason stapled.Reason
	says   []string
	// requests is how often the first Refresh asks each responder, and later
	// how often the second does.
	requests, later []int
}

// TestRealResponders asks responders on the loopback interface.
func TestRealResponders(t *testing.T) {
	now := time.Now()
	old := func(leaf *testca.Party, hash crypto.Hash) []byte { // of three hours ago, for a day
		return answer(leaf, -3*time.Hour, 24*time.Hour, named(leaf, hash))
	}
	day := func(c *stapler.Config) { c.MaxAge = 24 * time.Hour }
	for _, row := range []realRow{
		{name: "good", responders: []realResponder{anyHash(fresh)}, requests: []int{1}},

		// The statuses of RFC 6960 §2.3. A request that is malformed for GET may be
		// understood as a POST, and one that is unauthorized with the other hash.
		{name: "malformedRequest", responders: []realResponder{status(1)}, requests: []int{2},
			reason: stapled.ResponderError, says: []string{"malformedRequest"}},
		{name: "malformedRequest for GET only", responders: []realResponder{getIs(status(1), anyHash(fresh))}, requests: []int{2}},
		{name: "internalError", responders: []realResponder{status(2)}, requests: []int{1},
			reason: stapled.ResponderError, says: []string{"internalError"}},
		{name: "tryLater", responders: []realResponder{status(3)}, requests: []int{1},
			reason: stapled.ResponderError, says: []string{"tryLater"}},
		{name: "sigRequired", responders: []realResponder{status(5)}, requests: []int{1},
			reason: stapled.ResponderError, says: []string{"sigRequired"}},
		{name: "unauthorized", responders: []realResponder{status(6)}, requests: []int{2},
			reason: stapled.ResponderError, says: []string{"unauthorized", "SHA-1 CertIDs", "asked with SHA-256 and SHA-1"}},
		{name: "a status that does not exist", responders: []realResponder{status(4)}, requests: []int{1}, reason: stapled.StapleMalformed},

		// Responders that know one hash.
		{name: "SHA-1 only, else unauthorized", responders: []realResponder{onlyHash(crypto.SHA1, status(6))},
			requests: []int{2}, later: []int{1}},
		{name: "SHA-1 only, else unknown", responders: []realResponder{onlyHash(crypto.SHA1, anyHash(unknown))},
			requests: []int{2}, later: []int{1}},
		{name: "SHA-1 only, SHA-1 configured", responders: []realResponder{onlyHash(crypto.SHA1, status(6))},
			http: stapler.HTTPConfig{Hash: crypto.SHA1}, requests: []int{1}},
		{name: "SHA-1 only, SHA-256 configured", responders: []realResponder{onlyHash(crypto.SHA1, status(6))},
			http: stapler.HTTPConfig{Hash: crypto.SHA256}, requests: []int{1},
			reason: stapled.ResponderError, says: []string{"unauthorized", "SHA-1 CertIDs"}},
		{name: "SHA-256 only, SHA-1 configured", responders: []realResponder{onlyHash(crypto.SHA256, status(6))},
			http: stapler.HTTPConfig{Hash: crypto.SHA1}, requests: []int{1}, reason: stapled.ResponderError},
		{name: "unknown by either hash", responders: []realResponder{anyHash(unknown)}, requests: []int{2}, reason: stapled.StapleUnknown},
		{name: "unknown, and then silence", responders: []realResponder{onlyHash(crypto.SHA256, httpError(503, ""), unknown)}, requests: []int{2},
			reason: stapled.FetchFailed, says: []string{"HTTP status 503"}},

		// Several responders. The one that worked is asked first after that.
		{name: "two, the first not there", responders: []realResponder{nil, anyHash(fresh)}, requests: []int{0, 1}, later: []int{0, 1}},
		{name: "two, the first hangs", responders: []realResponder{hangs, anyHash(fresh)},
			config:   func(c *stapler.Config) { c.Timeout = 500 * time.Millisecond },
			requests: []int{1, 1}, later: []int{0, 1}},
		{name: "two, the first answers 503", responders: []realResponder{httpError(503, ""), anyHash(fresh)}, requests: []int{1, 1}, later: []int{0, 1}},
		{name: "two, the first is a login page", responders: []realResponder{page, anyHash(fresh)}, requests: []int{1, 1}, later: []int{0, 1}},
		{name: "two, the first answers tryLater", responders: []realResponder{status(3), anyHash(fresh)}, requests: []int{1, 1}, later: []int{0, 1}},
		{name: "two, the first does not know it", responders: []realResponder{anyHash(unknown), anyHash(fresh)}, requests: []int{2, 1}, later: []int{0, 1}},
		{name: "two, the first is stale", responders: []realResponder{anyHash(old), anyHash(fresh)}, requests: []int{1, 1}, later: []int{0, 1}},
		{name: "two, the first is of another CA", responders: []realResponder{anyHash(foreign), anyHash(fresh)}, requests: []int{1, 1}, later: []int{0, 1}},
		{name: "two, the first redirects to another host", responders: []realResponder{redirects, anyHash(fresh)}, requests: []int{1, 1}, later: []int{0, 1}},
		{name: "two, the first says revoked", responders: []realResponder{anyHash(revoked), anyHash(fresh)}, requests: []int{1, 0},
			reason: stapled.CertificateRevoked},
		{name: "two, SHA-1 only at the second", responders: []realResponder{nil, onlyHash(crypto.SHA1, status(6))}, requests: []int{0, 2}, later: []int{0, 1}},
		{name: "two, neither there", responders: []realResponder{nil, nil}, reason: stapled.FetchFailed, says: []string{"connect"}},
		{name: "two, one unknown and one not there", responders: []realResponder{anyHash(unknown), nil}, requests: []int{2, 0},
			reason: stapled.FetchFailed, says: []string{"connect", "does not know the certificate"}},
		{name: "two, neither knows it", responders: []realResponder{anyHash(unknown), anyHash(unknown)}, requests: []int{2, 2}, reason: stapled.StapleUnknown},
		{name: "three, the last works", responders: []realResponder{status(2), hangs, anyHash(fresh)},
			config:   func(c *stapler.Config) { c.Timeout = 500 * time.Millisecond },
			requests: []int{1, 1, 1}, later: []int{0, 0, 1}},

		// Answers that are made in advance. A cache may be to blame, so the
		// responder itself is asked once more.
		{name: "hours old", responders: []realResponder{anyHash(old)}, requests: []int{2}, reason: stapled.StapleStale, says: []string{"thisUpdate was 3h"}},
		{name: "hours old, which the configuration permits", responders: []realResponder{anyHash(old)}, config: day, requests: []int{1}},

		{name: "busy, for so many seconds", responders: []realResponder{httpError(503, "7")}, requests: []int{1},
			reason: stapled.FetchFailed, says: []string{"HTTP status 503"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			leaf, asked := serve(t, row.responders, testca.Valid(now.Add(-time.Hour), now.Add(time.Hour)))
			f, err := stapler.NewHTTPFetcher(row.http)
			if err != nil {
				t.Fatal(err)
			}
			edits := []func(*stapler.Config){func(c *stapler.Config) { c.RetryMin = time.Millisecond }}
			if row.config != nil {
				edits = append(edits, row.config)
			}
			s := newStapler(t, leaf, f, edits...)
			err = s.Refresh(t.Context())
			if row.reason == "" && err != nil || row.reason != "" && !errors.Is(err, row.reason) {
				t.Fatalf("error %v, want %q", err, row.reason)
			}
			for _, text := range row.says {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("error %q does not say %q", err, text)
				}
			}
			staples, err := s.Current(time.Now())
			if (row.reason == "") != (err == nil) || err == nil && staples[0].Status() != ocspstaple.Good {
				t.Errorf("%d staples to sign with, error %v", len(staples), err)
			}
			if got := asked(); !slices.Equal(got, append(row.requests, make([]int, len(got)-len(row.requests))...)) {
				t.Errorf("asked %d times, want %d", got, row.requests)
			}
			if row.later == nil {
				return
			}
			// A stapler for another certificate with this fetcher would start
			// the same way.
			if err := newStapler(t, leaf, f, edits...).Refresh(t.Context()); err != nil {
				t.Error(err)
			}
			if got := asked(); !slices.Equal(got, row.later) {
				t.Errorf("asked %d times later, want %d", got, row.later)
			}
		})
	}
}

// serve starts the responders of a leaf. The function returns how often each
// has been asked since the last call.
func serve(t *testing.T, responders []realResponder, edits ...testca.Edit) (*testca.Party, func() []int) {
	var leaf *testca.Party
	var mu sync.Mutex
	counts, urls := make([]int, len(responders)), []string(nil)
	for n, respond := range responders {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			counts[n]++
			mu.Unlock()
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			query, err := ocsp.ParseRequest((&received{method: r.Method, uri: r.RequestURI, body: body}).query(t, ""))
			if err != nil {
				t.Error(err)
			}
			respond(w, r, leaf, query)
		}))
		t.Cleanup(server.Close)
		urls = append(urls, server.URL)
		if respond == nil {
			server.Close()
		}
	}
	leaf = testca.New().Intermediate().Leaf(append(edits, func(c *testca.Template) { c.OCSPServer = urls })...)
	return leaf, func() []int {
		mu.Lock()
		defer mu.Unlock()
		was := slices.Clone(counts)
		clear(counts)
		return was
	}
}

// named makes a response name the certificate by a hash.
func named(leaf *testca.Party, hash crypto.Hash) func(*testca.Response) {
	return func(r *testca.Response) {
		single := testca.NewSingle(leaf.Cert, leaf.Issuer.Cert, hash)
		r.Singles[0].Hash, r.Singles[0].NameHash, r.Singles[0].KeyHash = hash, single.NameHash, single.KeyHash
	}
}

type answerer = func(leaf *testca.Party, hash crypto.Hash) []byte

func fresh(leaf *testca.Party, hash crypto.Hash) []byte {
	return answer(leaf, 0, 10*time.Minute, named(leaf, hash))
}

func unknown(leaf *testca.Party, hash crypto.Hash) []byte {
	return answer(leaf, 0, 10*time.Minute, named(leaf, hash), saying(testca.Unknown))
}

func revoked(leaf *testca.Party, hash crypto.Hash) []byte {
	return answer(leaf, 0, 10*time.Minute, named(leaf, hash), saying(testca.Revoked))
}

func foreign(leaf *testca.Party, hash crypto.Hash) []byte {
	return answer(leaf, 0, 10*time.Minute, named(leaf, hash), testca.SignedBy(testca.New(testca.Named("Other"))))
}

func send(w http.ResponseWriter, der []byte) {
	w.Header().Set("Content-Type", answerType)
	w.Write(der)
}

// anyHash answers by the hash of the request.
func anyHash(answer answerer) realResponder {
	return func(w http.ResponseWriter, _ *http.Request, leaf *testca.Party, query *ocsp.Request) {
		send(w, answer(leaf, query.HashAlgorithm))
	}
}

// onlyHash answers to one hash, with good unless told otherwise.
func onlyHash(hash crypto.Hash, otherwise realResponder, answers ...answerer) realResponder {
	return func(w http.ResponseWriter, r *http.Request, leaf *testca.Party, query *ocsp.Request) {
		if query.HashAlgorithm != hash {
			otherwise(w, r, leaf, query)
			return
		}
		send(w, append(answers, fresh)[0](leaf, hash))
	}
}

// status answers with an OCSPResponseStatus.
func status(n int) realResponder {
	return func(w http.ResponseWriter, _ *http.Request, leaf *testca.Party, _ *ocsp.Request) {
		send(w, leaf.Staple(func(r *testca.Response) { r.Status = n }))
	}
}

func getIs(get, post realResponder) realResponder {
	return func(w http.ResponseWriter, r *http.Request, leaf *testca.Party, query *ocsp.Request) {
		if r.Method == http.MethodGet {
			get(w, r, leaf, query)
		} else {
			post(w, r, leaf, query)
		}
	}
}

func httpError(code int, retryAfter string) realResponder {
	return func(w http.ResponseWriter, _ *http.Request, _ *testca.Party, _ *ocsp.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
	}
}

func page(w http.ResponseWriter, _ *http.Request, _ *testca.Party, _ *ocsp.Request) {
	w.Header().Set("Content-Type", "text/html")
	io.WriteString(w, "<p>log in")
}

func hangs(_ http.ResponseWriter, r *http.Request, _ *testca.Party, _ *ocsp.Request) {
	<-r.Context().Done()
}

func redirects(w http.ResponseWriter, r *http.Request, _ *testca.Party, _ *ocsp.Request) {
	http.Redirect(w, r, "http://169.254.169.254/", http.StatusTemporaryRedirect)
}

// TestRetryAfter: both forms of the header, with an HTTP error, an OCSP status
// and an unusable answer.
func TestRetryAfter(t *testing.T) {
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	for _, row := range []struct {
		name       string
		retryAfter string
		want       time.Duration // a date may be a second less
	}{
		{"none", "", 0},
		{"seconds", "7", 7 * time.Second},
		{"no seconds", "0", 0},
		{"very many seconds", "99999999999999", 24 * time.Hour},
		{"a date", in(30 * time.Second), 30 * time.Second},
		{"a date long after", in(1000 * time.Hour), 24 * time.Hour},
		{"a date that has passed", in(-30 * time.Second), 0},
		{"a negative number", "-5", 0},
		{"nonsense", "soon", 0},
	} {
		for kind, respond := range map[string]http.HandlerFunc{
			"HTTP 503": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
			"HTTP 429": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) },
			"tryLater": func(w http.ResponseWriter, _ *http.Request) { send(w, []byte{0x30, 3, 0x0a, 1, 3}) },
			"refused":  func(w http.ResponseWriter, _ *http.Request) { send(w, []byte("hello")) },
		} {
			t.Run(row.name+", "+kind, func(t *testing.T) {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if row.retryAfter != "" {
						w.Header().Set("Retry-After", row.retryAfter)
					}
					respond(w, r)
				}))
				defer server.Close()
				f, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{})
				if err != nil {
					t.Fatal(err)
				}
				req := about(asking(server.URL))
				req.Usable = func([]byte) error { return errors.New("of no use") }
				_, err = f.Fetch(t.Context(), req)
				var wait time.Duration
				if busy, ok := errors.AsType[*stapler.Busy](err); ok {
					wait = busy.RetryAfter
				}
				if err == nil || wait > row.want || wait < row.want-2*time.Second {
					t.Errorf("%v: wait %s, want %s", err, wait, row.want)
				}
			})
		}
	}
}

// TestAsOldIsAnAnswer: a responder that makes its answers in advance has not
// failed, so the next one is not asked. A cache may be to blame.
func TestAsOldIsAnAnswer(t *testing.T) {
	var der []byte
	prepared := func(w http.ResponseWriter, _ *http.Request, _ *testca.Party, _ *ocsp.Request) { send(w, der) }
	now := time.Now()
	leaf, asked := serve(t, []realResponder{prepared, prepared}, testca.Valid(now.Add(-time.Hour), now.Add(time.Hour)))
	der = answer(leaf, 0, 10*time.Minute)
	f, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{})
	if err != nil {
		t.Fatal(err)
	}
	s := newStapler(t, leaf, f)
	for _, want := range [][]int{{1, 0}, {2, 0}} {
		if err := s.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		if got := asked(); !slices.Equal(got, want) {
			t.Errorf("asked %d times, want %d", got, want)
		}
	}
}

// TestHashIsForgotten: a responder that has switched from SHA-1 to SHA-256
// costs one extra request, once.
func TestHashIsForgotten(t *testing.T) {
	now := time.Now()
	var hash atomic.Uint64 // that it knows
	leaf, asked := serve(t, []realResponder{func(w http.ResponseWriter, r *http.Request, leaf *testca.Party, query *ocsp.Request) {
		onlyHash(crypto.Hash(hash.Load()), status(6))(w, r, leaf, query)
	}}, testca.Valid(now.Add(-time.Hour), now.Add(time.Hour)))
	f, err := stapler.NewHTTPFetcher(stapler.HTTPConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for n, row := range []struct {
		hash crypto.Hash
		want int
	}{{crypto.SHA1, 2}, {crypto.SHA1, 1}, {crypto.SHA256, 2}, {crypto.SHA256, 1}} {
		hash.Store(uint64(row.hash))
		if err := newStapler(t, leaf, f).Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		if got := asked()[0]; got != row.want {
			t.Errorf("question %d: asked %d times, want %d", n, got, row.want)
		}
	}
}
