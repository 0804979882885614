// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package gatewayserve

import (
	"fmt"

	"github.com/stapledjwt/stapled/gateway"
	"github.com/stapledjwt/stapled/gateway/cel"
)

// rules returns what lets callers in: one rule for each caller, and where there
// are conditions, for each pair of a caller and a condition.
func rules(r Route) ([]gateway.Rule, error) {
	var callers []gateway.Rule
	for _, iss := range r.Callers {
		callers = append(callers, gateway.Issuer(iss))
	}
	if r.AnyCaller {
		callers = append(callers, gateway.Anyone)
	}
	if r.When == nil {
		return callers, nil
	}
	var conditions []gateway.Rule
	for _, text := range r.When {
		c, err := cel.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("when: %w", err)
		}
		conditions = append(conditions, c)
	}
	if callers == nil || r.AnyCaller {
		return conditions, nil
	}
	var all []gateway.Rule
	for _, caller := range callers {
		for _, c := range conditions {
			all = append(all, both{caller, c})
		}
	}
	return all, nil
}

// both lets in what both rules let in.
type both struct{ caller, condition gateway.Rule }

// Permits implements gateway.Rule. The condition may cost more, and its errors
// are no news about callers that are not meant.
func (b both) Permits(c gateway.Call) (bool, error) {
	if ok, err := b.caller.Permits(c); !ok || err != nil {
		return false, err
	}
	return b.condition.Permits(c)
}

func (b both) String() string { return fmt.Sprintf("%s when %s", b.caller, b.condition) }
