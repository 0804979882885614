// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package issuer

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/strictjson"
	"github.com/stapledjwt/stapled/internal/strictjson/strictjsontest"
)

// TestExtraClaimsAreWhatVerifiersRead: the issuer refuses exactly the extra
// claims that verifiers would refuse next to its own.
func TestExtraClaimsAreWhatVerifiersRead(t *testing.T) {
	const white = " \t\r\n" // RFC 8259 §2
	const own = `{"iss":"a","aud":"b","iat":1,"nbf":1,"exp":2,"jti":"c"`
	texts := make(map[string]string)
	for _, row := range strictjsontest.Texts {
		texts[row.Name] = row.Text
	}
	for _, name := range []string{"iss", "Iss", "IAT", "\u0069at", "i\u017fs", "J\\u0054I", "SUB", "\u017fub", "HTM", "Cnf", "issuer", "", "Email", "email"} {
		texts["a claim named "+name] = `{"` + name + `":1}`
	}
	for n := 247; n <= 256; n++ {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprintf(`"m%d":0`, i))
		}
		texts[fmt.Sprint(n, " claims")] = "{" + strings.Join(members, ",") + "}"
		texts[fmt.Sprint(n, " claims and one that holds them")] = `{"a":[{` + strings.Join(members, ",") + "}]}"
	}
	for name, text := range texts {
		for _, subject := range []string{"", `,"sub":"d"`} {
			t.Run(name+subject, func(t *testing.T) {
				// json.Marshal drops white space, and encodeExtra the braces.
				inner := strings.Trim(text, white)
				var payload string
				if len(inner) >= 2 && inner[0] == '{' && inner[len(inner)-1] == '}' {
					if inner = strings.Trim(inner[1:len(inner)-1], white); inner != "" {
						inner = "," + inner
					}
					payload = own + subject + inner + "}"
				}
				_, want := strictjson.ParseObject(payload, strictjson.Claims, nil)
				_, err := encodeExtra(json.RawMessage(text), subject != "", false)
				if (err == nil) != (want == nil) {
					t.Errorf("the issuer says %v, and verifiers say %v", err, want)
				}
			})
		}
	}
	// The only claim refused although verifiers would read it: Claims has a
	// field for it.
	if _, err := encodeExtra(json.RawMessage(`{"sub":"x"}`), false, false); err == nil {
		t.Error("sub is taken from the extra claims")
	}
	// Verifiers would reject these by rule 7.9, or compare what nobody has
	// checked.
	for _, name := range []string{"cnf", "htm", "htu", "htq", "htd"} {
		if _, err := encodeExtra(json.RawMessage(`{"`+name+`":{}}`), false, false); err == nil {
			t.Errorf("%s is taken from the extra claims", name)
		}
	}
	// cnf has two members of the 256.
	var members []string
	for i := range 249 {
		members = append(members, fmt.Sprintf(`"m%d":0`, i))
	}
	for hasPeer, want := range map[bool]bool{false: true, true: false} {
		if _, err := encodeExtra(json.RawMessage("{"+strings.Join(members, ",")+"}"), false, hasPeer); (err == nil) != want {
			t.Errorf("249 claims, with a peer %v: %v", hasPeer, err)
		}
	}
}
