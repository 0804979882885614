// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package certpolicy

// policy is an object identifier in DER, without tag and length.
type policy string

// anyPolicy is 2.5.29.32.0 (RFC 5280 §4.2.1.4).
const anyPolicy policy = "\x55\x1d\x20\x00"

type set map[policy]struct{}

func setOf(list ...policy) set {
	s := make(set, len(list))
	for _, p := range list {
		s[p] = struct{}{}
	}
	return s
}

// level holds the nodes of the valid_policy_graph at the current depth, by their
// valid_policy, with their expected_policy_set (RFC 9618 §4). No step looks
// at nodes further up: they are only for the list of valid policies, which
// nobody asks for. nil is the NULL graph: a graph whose deepest level is empty
// is pruned away whole.
type level map[policy]set

// root is the initial graph (RFC 9618 §5.1).
func root() level { return level{anyPolicy: setOf(anyPolicy)} }

// next returns the level of a certificate below this one (RFC 9618 §5.2). With
// anyCounts, any-policy in the certificate stands for all that is expected.
func (l level) next(policies []policy, anyCounts bool) level {
	below := make(level)
	expected := make(set)
	for _, node := range l {
		for p := range node {
			expected[p] = struct{}{}
		}
	}
	_, parentIsAny := l[anyPolicy]
	hasAny := false
	// (d)(1)
	for _, p := range policies {
		if p == anyPolicy {
			hasAny = true
			continue
		}
		// (i), and (ii) if (i) finds no parent.
		if _, ok := expected[p]; ok || parentIsAny {
			below[p] = setOf(p)
		}
	}
	// (d)(2)
	if hasAny && anyCounts {
		for p := range expected {
			if _, ok := below[p]; !ok {
				below[p] = setOf(p)
			}
		}
	}
	return below.orNull()
}

// mapPolicies changes what is expected of the next certificate (RFC 9618
// §5.3 (b)(1)).
func (l level) mapPolicies(mappings []mapping) {
	if l == nil {
		return
	}
	subjects := make(map[policy]set)
	for _, m := range mappings {
		if subjects[m.issuer] == nil {
			subjects[m.issuer] = make(set)
		}
		subjects[m.issuer][m.subject] = struct{}{}
	}
	_, hasAny := l[anyPolicy]
	for issuer, expected := range subjects {
		// The node of that policy, or a new one beside that of any-policy.
		if _, ok := l[issuer]; ok || hasAny {
			l[issuer] = expected
		}
	}
}

// without deletes the nodes of policies that must not be mapped (RFC 9618
// §5.3 (b)(2)).
func (l level) without(mappings []mapping) level {
	for _, m := range mappings {
		delete(l, m.issuer)
	}
	return l.orNull()
}

func (l level) orNull() level {
	if len(l) == 0 {
		return nil
	}
	return l
}
