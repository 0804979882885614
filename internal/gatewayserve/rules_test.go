// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"strings"
	"testing"
)

// TestCallersAndWhen: with both, a caller must meet both; of several conditions,
// one is enough; a condition that fails lets nobody in.
func TestCallersAndWhen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(simple)
	token := w.token("billing", nil)
	for _, row := range []struct {
		route string
		want  int
	}{
		{"callers: " + ordersName, 200},
		{"callers: https://other.internal", 403},
		{"callers: [https://other.internal, " + ordersName + "]", 200},
		{"callers: " + ordersName + `, when: 'request.method == "GET"'`, 200},
		{"callers: " + ordersName + `, when: 'request.method == "POST"'`, 403},
		{`callers: https://other.internal, when: 'request.method == "GET"'`, 403},
		{`callers: any, when: 'request.method == "POST"'`, 403},
		{`when: ['request.method == "POST"', 'token.issuer == "` + ordersName + `"']`, 200},
		{`when: 'token.claims.absent == "x"'`, 403},
		{`when: ['token.claims.absent == "x"', 'request.method == "GET"']`, 200},
		{"callers: any, claims: absent", 403},
	} {
		w.write("gateway.yaml", strings.Replace(simple, "callers: any", row.route, 1))
		check(t, w.Reload())
		if answer := w.ask(token, "GET", "/a"); answer.StatusCode != row.want {
			t.Errorf("%s: got %d, want %d", row.route, answer.StatusCode, row.want)
		}
	}
}
