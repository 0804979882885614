// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapledtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stapledjwt/stapled"
	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/issuer"
	"github.com/stapledjwt/stapled/stapledtest"
)

// A token is accepted until its staple ends, even if its certificate has been
// revoked.
func Example() {
	t := new(testing.T) // provided by the test
	ca := stapledtest.NewCA(t)
	orders := ca.Identity("https://orders.internal")
	verifier := ca.Verifier("billing")

	raw := ca.Token(orders, issuer.Claims{Audience: []string{"billing"}})
	_, err := verifier.Verify(raw)
	fmt.Println("at first:", err)

	ca.Revoke(orders, 1) // keyCompromise
	_, err = ca.Issuer(orders).Sign(context.Background(), issuer.Claims{Audience: []string{"billing"}})
	fmt.Println("signs again:", !errors.Is(err, stapled.CertificateRevoked))

	ca.Clock.Advance(stapledtest.StapleValidity + time.Second)
	_, err = verifier.Verify(raw)
	fmt.Println("later, stale:", errors.Is(err, stapled.StapleStale))
	// Output:
	// at first: <nil>
	// signs again: false
	// later, stale: true
}

// What does my service do with a staple that does not say good? Only a thief of
// the key makes such tokens: an issuer does not sign them.
func ExampleCA_TokenWithStaple() {
	t := new(testing.T) // provided by the test
	ca := stapledtest.NewCA(t)
	orders := ca.Identity("https://orders.internal")
	for _, status := range []stapledtest.Status{
		stapledtest.Good, stapledtest.Revoked, stapledtest.Unknown,
		stapledtest.Stale, stapledtest.NotYetValid, stapledtest.Untrusted,
	} {
		// A verifier remembers that a certificate was revoked: use a new one.
		_, err := ca.Verifier("billing").Verify(ca.TokenWithStaple(orders, ca.Staple(orders, status), "billing"))
		var refused *stapled.Error
		if errors.As(err, &refused) {
			fmt.Println(refused.Reason)
			continue
		}
		fmt.Println("accepted")
	}
	// Output:
	// accepted
	// certificate_revoked
	// staple_unknown
	// staple_stale
	// staple_not_yet_valid
	// staple_untrusted
}

// greet is a handler behind a gateway. Its answer depends on the token.
func greet(w http.ResponseWriter, r *http.Request) {
	token, ok := gateway.FromContext(r.Context())
	var claims struct {
		Subject string `json:"sub"`
	}
	if !ok || token.Decode(&claims) != nil || claims.Subject != "alice" {
		http.Error(w, "for alice only", http.StatusForbidden)
		return
	}
	fmt.Fprintf(w, "hello, %s\n", claims.Subject)
}

// A unit test of a handler puts a verified token into the request's context.
func Example_handler() {
	t := new(testing.T) // provided by the test
	ca := stapledtest.NewCA(t)
	orders := ca.Identity("https://orders.internal")
	for _, subject := range []string{"alice", "bob"} {
		token, err := ca.Verifier("billing").Verify(ca.Token(orders, issuer.Claims{
			Audience: []string{"billing"}, Subject: subject,
		}))
		if err != nil {
			log.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		w := httptest.NewRecorder()
		greet(w, r.WithContext(gateway.NewContext(r.Context(), token)))
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 200 hello, alice
	// 403 for alice only
}

// A test of both sides: a client whose requests carry tokens, and a server
// behind a gateway.
func Example_roundTrip() {
	t := new(testing.T) // provided by the test
	ca := stapledtest.NewCA(t)
	const audience = "https://billing.internal"
	g, err := gateway.New(gateway.Config{Verifier: ca.Verifier(audience)})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(g.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "welcome")
	})))
	defer server.Close()

	transport, err := issuer.NewTransport(issuer.TransportConfig{
		Issuer: ca.Issuer(ca.Identity("https://orders.internal")), Audience: audience, Origins: []string{server.URL},
	})
	if err != nil {
		log.Fatal(err)
	}
	resp, err := (&http.Client{Transport: transport}).Get(server.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Status, string(body))
	// Output: 200 OK welcome
}
