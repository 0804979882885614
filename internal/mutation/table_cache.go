// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

// cacheTargets are the checks of what is remembered: every time is compared
// again, nothing is remembered before all of it is proven, nothing is mistaken
// for something else, and a revocation is not forgotten.
var cacheTargets = []target{
	{"verifier/verifier.go", "./verifier", []check{
		{name: "hot-certificates-time", rule: "§3", rows: "T17_windows/leaf_not T17_windows/intermediate_not T17_windows/anchor_not",
			old: " && token.header.window.Check(now) == nil {", new: " {"},
		{name: "warm-certificates-time", rule: "§3", rows: "T17_windows/leaf_not T17_windows/intermediate_not T17_windows/anchor_not",
			old: "ok && h.window.Check(now) == nil {", new: "ok {"},
		{name: "hot-staples-time", rule: "§3", rows: "T17_windows/nextUpdate",
			old: "v.checkStaples(token.header, now); err != nil", new: "v.checkStaples(token.header, now); false && err != nil"},
		{name: "hot-claims-time", rule: "§3", rows: "T17_windows/exp",
			old: "token.checkClaimTimes(now, v.cfg.Leeway); err != nil", new: "token.checkClaimTimes(now, v.cfg.Leeway); false && err != nil"},
		{name: "warm-staples-time", rule: "§3", rows: "T17_windows/nextUpdate",
			old: "v.checkStaples(h, now); err != nil", new: "v.checkStaples(h, now); false && err != nil"},
		{name: "warm-signature", rule: "5.1", rows: "T18_",
			old: "if err := h.signer.verify(t, segments); err != nil {", new: "if err := h.signer.verify(t, segments); false && err != nil {"},
		{name: "hot-token-of-its-header", rule: "§3", rows: "TestForgeriesOfCaches/T11_",
			old: "ok && token.header.segment == t.header && ", new: "ok && "},
		{name: "header-only-after-the-signature", rule: "§3", rows: "T02_ T11_ T18_",
			old: "if err := c.signer.verify(t, segments); err != nil {",
			new: "if path, err := linked.Path(); err == nil {\n\t\tif proven, err := v.prove(c, path, h.ocsp, now); err == nil {\n\t\t\tv.rememberHeader(proven)\n\t\t}\n\t}\n\tif err := c.signer.verify(t, segments); err != nil {"},
		{name: "header-only-after-the-claims", rule: "§3", rows: "T12_ T13_",
			old: "// 7. Claims.\n", new: "v.rememberHeader(proven)\n"},
		{name: "token-only-after-the-signature", rule: "§3", rows: "T18_signed_by",
			old: "if err := h.signer.verify(t, segments); err != nil {",
			new: "if token, err := v.newToken(h, string(segments.payload), now); err == nil {\n\t\tv.rememberToken(t.rest, token)\n\t}\n\tif err := h.signer.verify(t, segments); err != nil {"},
		{name: "token-only-after-the-claims", rule: "§3", rows: "T12_ T13_",
			old: "token, err := v.newToken(h, string(segments.payload), now)\n\tif err != nil {",
			new: "token, err := v.newToken(h, string(segments.payload), now)\n\tif err != nil {\n\t\tv.rememberToken(t.rest, &Token{header: h, end: now.Add(time.Hour)})"},
		{name: "leaf-link-only-after-all", rule: "§3", rows: "TestStrangersPrice/real_chain_bad_signature",
			old: "// 5. Signature: whoever sent this holds that key.", new: "if path, err := linked.Path(); err == nil {\n\t\tv.links.Add(path.Chain[0], path.Issuer(0))\n\t}\n\t//"},
	}},
	{"verifier/cache.go", "./verifier", []check{
		{name: "cache-whole-key", rule: "§3", rows: "TestCacheKeys",
			old: " || !hasKey(e) {", new: " {"},
		{name: "cache-bound", rule: "§3", rows: "TestCacheBudget",
			old: "for c.used > c.budget {", new: "for false {"},
		{name: "cache-entry-bound", rule: "§3", rows: "TestCacheBudget",
			old: "if c == nil || cost > c.budget {", new: "if c == nil {"},
	}},
	{"certs/path.go", "./certs", []check{
		{name: "links-not-of-the-leaf", rule: "§3", rows: "TestLinks",
			old: "checkLink(o.chain[i], o.chain[i+1], i > 0, links)", new: "checkLink(o.chain[i], o.chain[i+1], true, links)",
			redundant: "only the links of CAs are added, and a leaf is none"},
	}},
	{"certs/path.go", "./verifier", []check{
		{name: "links-of-CAs-only", rule: "§3", rows: "TestStrangersPrice/made-up_leaf_of_a_real_leaf",
			old: "if links != nil && add && c.IsCA {", new: "if links != nil && add {"},
		{name: "links-only-verified", rule: "§3", rows: "T05_intermediate_signed_by_another_key",
			old: "c.CheckSignatureFrom(issuer); err != nil {", new: "c.CheckSignatureFrom(issuer); err != nil {\n\t\tif links != nil {\n\t\t\tlinks.Add(c, issuer)\n\t\t}"},
	}},
	{"verifier/links.go", "./verifier", []check{
		{name: "links-of-this-issuer", rule: "§3", rows: "TestForgeriesOfCaches/T05_",
			old: "return ok && known.issuer.Equal(issuer)", new: "_ = known; return ok"},
	}},
	{"verifier/proof.go", "./verifier", []check{
		{name: "revocation-remembered", rule: "6.10", rows: "S32_",
			old: "if staple.Status() == ocspstaple.Revoked {", new: "if false {"},
		{name: "revocation-of-every-certificate", rule: "6.10", rows: "S32_older_good_after_revoked/of_the_intermediate",
			old: "if staple.Status() == ocspstaple.Revoked {", new: "if i == 0 && staple.Status() == ocspstaple.Revoked {"},
		{name: "revocation-only-authentic", rule: "6.10", rows: "S32_older_good_after_revoked/after_a_revoked_that_the_leaf_signed",
			old: "return nil, rejectStaple(err, i)\n\t\t}\n\t\tproven",
			new: "v.revocations.seen = map[fingerprint]revocation{fingerprintOf(path.Chain[i]): {thisUpdate: now, until: now.Add(time.Hour)}}\n" +
				"\t\t\tv.revocations.count.Store(1)\n\t\t\treturn nil, rejectStaple(err, i)\n\t\t}\n\t\tproven"},
		{name: "revocation-sticky", rule: "6.10", rows: "S32_",
			old: "if v.revocations.cover(s) {", new: "if false {"},
		{name: "revocation-without-a-staple", rule: "6.10", rows: "S32_older_good_after_revoked/of_the_intermediate_whose",
			old: "if v.revocations.know(cert, now) {", new: "if _ = cert; false {"},
		{name: "cached-delegate-time", rule: "6.9", rows: "T17_windows/delegate_not",
			old: "proven.narrow(delegate)", new: "",
			redundant: "Staple.Check compares the delegate's window too; this one has the header verified anew"},
		{name: "staples-times", rule: "6.13", rows: "S17_ S19_",
			old: "s.staple.Check(now, v.freshness); err != nil", new: "s.staple.Check(now, v.freshness); false && err != nil"},
	}},
	{"verifier/revocations.go", "./verifier", []check{
		{name: "revocation-not-by-an-older", rule: "6.10", rows: "S32_older_good_after_revoked/revoked_seen_twice_the_older_last",
			old: "ok && !thisUpdate.After(known.thisUpdate) {", new: "ok && thisUpdate.After(known.thisUpdate) && false {"},
		{name: "revocation-of-the-same-time", rule: "6.10", rows: "S32_older_good_after_revoked/of_the_same_time",
			old: "return ok && !s.staple.ThisUpdate().After(known.thisUpdate)", new: "return ok && s.staple.ThisUpdate().Before(known.thisUpdate)"},
		{name: "revocations-bound", rule: "6.10", rows: "TestRevocationsAreBounded",
			old: "r.evict(now)", new: ""},
		{name: "revocations-evicted-in-order", rule: "6.10", rows: "TestRevocationsAreBounded",
			old: "known.until.Before(firstUntil) {", new: "known.until.After(firstUntil) {"},
	}},
}
