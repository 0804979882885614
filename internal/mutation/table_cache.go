// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package main

// cacheTargets are the checks of what the verifier remembers: it compares every
// time again, remembers nothing before all of it is proven, and mistakes nothing
// for something else.
var cacheTargets = []target{
	{"verifier", []check{
		{name: "hot-certificates-time", rule: "§3", rows: "T17_windows/leaf_not T17_windows/intermediate_not T17_windows/anchor_not",
			old: " && at.holds(token.header, v.leeway) {", new: " && token.header.generation == at.trust.generation {"},
		{name: "warm-certificates-time", rule: "§3", rows: "T17_windows/leaf_not T17_windows/intermediate_not T17_windows/anchor_not",
			old: "ok && at.holds(h, v.leeway) {", new: "ok && h.generation == at.trust.generation {"},
		{name: "proven-with-these-anchors", rule: "4.1", rows: "T24_anchor_removed",
			old: "h.generation == m.trust.generation && ", new: ""},
		{name: "links-with-these-anchors", rule: "4.1", rows: "TestSwappedAnchorsProveAnew",
			old: " || c.links[i].generation != c.generation {", new: " {"},
		{name: "tokens-of-this-view", rule: "7.4", rows: "T24_token_in_another_view",
			old: " || e.view != view ||", new: " ||"},
		{name: "hot-staples-time", rule: "§3", rows: "T17_windows/nextUpdate",
			old: "v.checkStaples(token.header, now); err != nil", new: "v.checkStaples(token.header, now); false && err != nil"},
		{name: "hot-claims-time", rule: "§3", rows: "T17_windows/exp",
			old: "token.checkClaimTimes(now, v.leeway); err != nil", new: "token.checkClaimTimes(now, v.leeway); false && err != nil"},
		{name: "warm-staples-time", rule: "§3", rows: "T17_windows/nextUpdate",
			old: "v.checkStaples(h, now); err != nil", new: "v.checkStaples(h, now); false && err != nil"},
		{name: "warm-signature", rule: "5.1",
			old: "if err := h.signer.verify(t, segments); err != nil {", new: "if err := h.signer.verify(t, segments); false && err != nil {"},
		{name: "hot-token-of-its-header", rule: "§3", rows: "TestForgeriesOfCaches/T11_",
			old: "ok && token.header.segment == t.header && ", new: "ok && "},
		{name: "header-only-after-the-signature", rule: "§3", rows: "T02_ T11_ T18_ T19_",
			old: "if err := c.signer.verify(t, segments); err != nil {",
			new: "if path, err := linked.Path(); err == nil {\n\t\tif proven, err := v.prove(c, path, san.Names{}, h, at); err == nil {\n\t\t\tv.rememberHeader(proven)\n\t\t}\n\t}\n\tif err := c.signer.verify(t, segments); err != nil {"},
		{name: "header-only-after-the-claims", rule: "§3", rows: "T12_ T13_",
			old: "// 7. Claims.\n", new: "v.rememberHeader(proven)\n"},
		{name: "token-only-after-the-signature", rule: "§3", rows: "T18_signature_by",
			old: "if err := h.signer.verify(t, segments); err != nil {",
			new: "if token, err := v.newToken(h, string(segments.payload), now); err == nil {\n\t\tv.rememberToken(t.rest, token)\n\t}\n\tif err := h.signer.verify(t, segments); err != nil {"},
		{name: "token-only-after-the-claims", rule: "§3", rows: "T12_ T13_",
			old: "token, err := v.newToken(h, string(segments.payload), now)\n\tif err != nil {",
			new: "token, err := v.newToken(h, string(segments.payload), now)\n\tif err != nil {\n\t\tv.rememberToken(t.rest, &accepted{header: h, end: now.Add(time.Hour)})"},
		{name: "leaf-link-only-after-all", rule: "§3", rows: "TestStrangersPrice/real_chain_bad_signature",
			old: "// 5. Signature: the sender holds that key.", new: "if path, err := linked.Path(); err == nil {\n\t\tc.chain.Add(path.Chain[0], path.Issuer(0))\n\t}\n\t//"},
		{name: "cache-whole-key", rule: "§3", rows: "TestCacheKeys",
			old: " || e.key != key {", new: " {"},
		{name: "cache-bound", rule: "§3", rows: "TestCacheBudget",
			old: "for c.used > c.budget {", new: "for false {"},
		{name: "cache-entry-bound", rule: "§3", rows: "TestCacheBudget",
			old: "if c == nil || cost > c.budget {", new: "if c == nil {"},
	}},
	{"internal/certpath", []check{
		{name: "links-not-of-the-leaf", rule: "§3", rows: "TestLinks",
			old: "checkLink(o.chain[i], o.chain[i+1], i > 0, links)", new: "checkLink(o.chain[i], o.chain[i+1], true, links)",
			redundant: "only the links of CAs are added, and a leaf is none"},
		{name: "links-of-CAs-only", rule: "§3", rows: "TestStrangersPrice/made-up_leaf_of_a_real_leaf", in: "verifier",
			old: "if links != nil && add && c.IsCA {", new: "if links != nil && add {"},
		{name: "links-only-verified", rule: "§3", rows: "T05_intermediate_signed_by_another_key",
			old: "c.RawTBSCertificate, c.Signature); err != nil {", new: "c.RawTBSCertificate, c.Signature); err != nil {\n\t\tif links != nil {\n\t\t\tlinks.Add(c, issuer)\n\t\t}"},
	}},
	{"verifier", []check{
		{name: "links-of-this-issuer", rule: "§3", rows: "TestForgeriesOfCaches/T05_",
			old: "return bytes.Equal(known.RawSubjectPublicKeyInfo, issuer.RawSubjectPublicKeyInfo) && ", new: "return "},
		{name: "cached-delegate-time", rule: "6.9",
			old: "proven.narrow(delegate)", new: "",
			redundant: "Staple.Check compares the delegate's window too; this one has the header verified anew"},
		{name: "staples-times", rule: "6.13",
			old: "s.staple.Check(now, v.freshness); err != nil", new: "s.staple.Check(now, v.freshness); false && err != nil"},
	}},
}
