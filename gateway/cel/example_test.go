// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package cel_test

import (
	"fmt"
	"strings"

	"github.com/stapledjwt/stapled/gateway/cel"
)

func ExampleCompile() {
	for _, condition := range []string{
		`token.issuer == "https://orders.internal" && request.method == "POST"`,
		`request.path.startsWith("/tenants/" + token.subject + "/")`,
		`"writer" in token.strings("roles")`,
		`has(token.claims.level) && token.claims.level >= 3`,
		`token.anchor == "partners" && token.names.exists(n, n.endsWith(".partner.example"))`,
		`token.expires_at - token.issued_at <= duration("5m")`,
		`token.isuer == "https://orders.internal"`,
		`token.claims.admin`,
	} {
		if _, err := cel.Compile(condition); err != nil {
			message, _, _ := strings.Cut(err.Error(), ";")
			fmt.Println(message)
		}
	}
	// Output:
	// line 1, column 6: undefined field 'isuer'
	// line 1, column 1: the condition may have any type: compare the claim with a value, such as token.claims.admin == true
}
