// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package nameconstraint

// certainlyHas reports whether a name lies within a permitted subtree of its
// kind (RFC 5280 §4.2.1.10).
func (s *subtree) certainlyHas(n *name) bool {
	switch s.kind {
	case dNSName:
		// "Any DNS name that can be constructed by simply adding zero or more labels
		// to the left-hand side": to the empty string, any. After a dot, one or more.
		// A wildcard stands for names with a label more.
		return s.host == "" || isBelow(n.host, s.host) || n.host == s.host && (n.wildcard || !s.below)
	case uniformResourceIdentifier:
		// "When the constraint begins with a period, it MAY be expanded with one or
		// more labels. […] When the constraint does not begin with a period, it
		// specifies a host." The empty string is the name of no host.
		if s.below {
			return isBelow(n.host, s.host)
		}
		return n.host == s.host
	case rfc822Name:
		// "A name constraint […] may specify a particular mailbox, all addresses at a
		// particular host, or all mailboxes in a domain." The local part is compared
		// exactly, the host without regard to case (§7.5).
		if s.below {
			return isBelow(n.host, s.host)
		}
		return n.host == s.host && (s.local == "" || s.local == n.local)
	case iPAddress:
		return s.hasAddress(n.address)
	case directoryName:
		return hasPrefix(n.dn.certain, s.dn.certain)
	}
	return false
}

// mayHave reports whether a name, or a name that a wildcard stands for, may lie
// within an excluded subtree of its kind. It differs from certainlyHas where
// CAs and the RFC do not mean the same, or texts cannot be compared for sure.
func (s *subtree) mayHave(n *name) bool {
	switch s.kind {
	case dNSName:
		// Among the names that "*.h" stands for are those of a subtree below h.
		return s.certainlyHas(n) || n.wildcard && isBelow(s.host, n.host)
	case uniformResourceIdentifier:
		// A CA that excludes a host means what is below it, too; the empty string
		// excludes every host.
		return s.host == "" || s.certainlyHas(n) || isBelow(n.host, s.host)
	case rfc822Name:
		return s.host == "" || s.certainlyHas(n)
	case directoryName:
		return hasPrefix(n.dn.possible, s.dn.possible)
	}
	return s.certainlyHas(n)
}

// hasAddress reports whether an address of the same family lies within a
// subtree (RFC 4632): the mask says which bits count, in both.
func (s *subtree) hasAddress(address []byte) bool {
	if len(address) != len(s.address) {
		return false
	}
	for i, mask := range s.mask {
		if (address[i]^s.address[i])&mask != 0 {
			return false
		}
	}
	return true
}
