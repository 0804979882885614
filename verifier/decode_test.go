// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package verifier

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stapledjwt/stapled/internal/catalogue"
	"github.com/stapledjwt/stapled/internal/testca"
)

// decoded has a field for each claim that [Token] has a method for.
type decoded struct {
	Issuer    string       `json:"iss"`
	Subject   string       `json:"sub"`
	Audience  audienceList `json:"aud"`
	ID        string       `json:"jti"`
	IssuedAt  int64        `json:"iat"`
	NotBefore int64        `json:"nbf"`
	Expiry    int64        `json:"exp"`
}

// audienceList is aud as most programs decode it: one string or several.
type audienceList []string

func (a *audienceList) UnmarshalJSON(text []byte) error {
	if text[0] == '[' {
		return json.Unmarshal(text, (*[]string)(a))
	}
	*a = audienceList{""}
	return json.Unmarshal(text, &(*a)[0])
}

// checkDecode holds Decode to what the methods of an accepted token say.
func checkDecode(t testing.TB, token Token) {
	t.Helper()
	var d decoded
	if err := token.Decode(&d); err != nil {
		t.Fatal(err)
	}
	var raw, want json.RawMessage
	if err := json.Unmarshal([]byte(token.state().payload), &want); err != nil {
		t.Fatal(err)
	}
	if err := token.Decode(&raw); err != nil || string(raw) != string(want) {
		t.Fatalf("%q is decoded as %q, %v, want %q", token.state().payload, raw, err, want)
	}
	seconds := func(n int64) time.Time { return time.Unix(n, 0) }
	if d.Issuer != token.Issuer() || d.Subject != token.Subject() || d.ID != token.ID() ||
		!slices.Equal(d.Audience, token.Audience()) ||
		!seconds(d.IssuedAt).Equal(token.IssuedAt()) || !seconds(d.NotBefore).Equal(token.NotBefore()) || !seconds(d.Expiry).Equal(token.Expiry()) {
		t.Fatalf("%s\nis decoded as %+v, and the token says iss %q, sub %q, aud %q, jti %q, iat %s, nbf %s, exp %s", token.state().payload, d,
			token.Issuer(), token.Subject(), token.Audience(), token.ID(), token.IssuedAt(), token.NotBefore(), token.Expiry())
	}
}

// TestDecodeAgreesWithTheToken decodes whatever is accepted: every case of the
// catalogue, and claims in each of which a program could read another subject.
func TestDecodeAgreesWithTheToken(t *testing.T) {
	w := theWorld()
	accepted := 0
	verify := func(t *testing.T, raw string) {
		v := newVerifier(t, w.config(&clock{testca.Now}))
		if token, err := v.Verify(raw); err == nil {
			accepted++
			checkDecode(t, token)
		}
	}
	for _, member := range []string{
		`"sub":"alice"`, `"s\u0075b":"alice"`, `"SUB":"admin"`, "\"\u017fub\":\"admin\"", `"\u017fub":"admin"`, `"Sub":"admin","sub":"alice"`,
		`"sub":"alice","sUb":"admin"`, `"sub":"\ud83d\ude00"`, `"sub":""`, `"ISS":"x"`, `"AUD":["x"]`, `"Exp":1`, `"JTI":"x"`,
		`"Email":"a","ROLE":"b"`, `"claims":{"sub":"x","SUB":"y"}`, `"claims":{"SUB":"y"}`, `"\u0073ub":"alice","sub":"admin"`,
	} {
		for _, first := range []bool{true, false} {
			t.Run(member, func(t *testing.T) {
				token := testca.NewToken(w.leaf, w.leaf.Staple())
				token.Claims.Drop("sub")
				text := string(token.Claims.Bytes())
				if first {
					text = "{" + member + "," + text[1:]
				} else {
					text = text[:len(text)-1] + "," + member + "}"
				}
				token.RawPayload = []byte(text)
				verify(t, token.Compact())
			})
		}
	}
	t.Run("white space around", func(t *testing.T) {
		token := testca.NewToken(w.leaf, w.leaf.Staple())
		token.RawPayload = []byte(" \r\n\t" + string(token.Claims.Bytes()) + " \r\n\t")
		verify(t, token.Compact())
	})
	if accepted != 13 {
		t.Errorf("%d tokens are accepted, not 13", accepted)
	}
	for _, c := range catalogue.Cases() {
		made, at := theMaker().Make(&c), new(clock)
		v := newVerifier(t, configOf(made, at))
		for _, s := range made.Steps {
			at.now = s.Now
			if token, err := v.Verify(s.Token); err == nil {
				accepted++
				checkDecode(t, token)
			}
		}
	}
	t.Logf("%d tokens are accepted", accepted)
}
