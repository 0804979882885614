// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package benchmarks

import "math"

// Ratios are the results that scripts/bench.sh --json prints. All but the
// scaling and the allocations are ratios of times, so less is better.
type Ratios struct {
	// Over the raw signature verifications that the path needs.
	Hot       float64 `json:"hot"`
	WarmES256 float64 `json:"warm_es256"`
	WarmEdDSA float64 `json:"warm_eddsa"`
	WarmRS256 float64 `json:"warm_rs256"`
	Restaple  float64 `json:"restaple"`
	Cold      float64 `json:"cold"`
	// Throughput of two goroutines over one, header seen before, ES256.
	Scaling2 float64 `json:"scaling_2"`
	// Over the raw signature.
	SignES256 float64 `json:"sign_es256"`
	// Header seen before, ES256, over a peer on the same tokens.
	VsGolangJWT   float64 `json:"vs_golang_jwt"`
	VsGoJOSENaive float64 `json:"vs_go_jose_naive"`
	// Per operation, including the primitive's; warm is ES256.
	HotAllocs  uint64 `json:"hot_allocs"`
	WarmAllocs uint64 `json:"warm_allocs"`
	SignAllocs uint64 `json:"sign_allocs"`

	// The rest is for information.
	WarmBytes              uint64  `json:"warm_bytes"`
	RawVerifyAllocs        uint64  `json:"raw_verify_allocs"`
	RawSignAllocs          uint64  `json:"raw_sign_allocs"`
	NewLeaf                float64 `json:"new_leaf"`
	ColdCached             float64 `json:"cold_cached"`
	Scaling2Hot            float64 `json:"scaling_2_hot"`
	Scaling2Raw            float64 `json:"scaling_2_raw"`
	Scaling2Rounds         int     `json:"scaling_2_rounds"`
	VsGolangJWTSmallHeader float64 `json:"vs_golang_jwt_small_header"`
	VsGoJOSE               float64 `json:"vs_go_jose"`
	VsJWX                  float64 `json:"vs_jwx"`
	SignVsGolangJWT        float64 `json:"sign_vs_golang_jwt"`
	SignVsGoJOSE           float64 `json:"sign_vs_go_jose"`
	SignVsJWX              float64 `json:"sign_vs_jwx"`
	Issuers                int     `json:"issuers"`
	IssuersVsCold          float64 `json:"issuers_vs_cold"`
	IssuersHeapBytes       int64   `json:"issuers_heap_bytes"`
	IssuersBudgetBytes     int64   `json:"issuers_budget_bytes"`
	CachedHeader           float64 `json:"cached_header"`
	Rounds                 int     `json:"rounds"`
	// Time beyond the verifications of the most expensive token of a stranger, in
	// raw verifications, and the most verifications that one causes.
	Strangers             float64 `json:"strangers"`
	StrangersWorst        string  `json:"strangers_worst"`
	StrangerVerifications int     `json:"stranger_verifications"`
	// Requests for each second of processor time, over a bare handler of net/http
	// that writes the same bytes; the first answers over one that also makes a
	// signature. More is better. Package responder by itself, and the responder of
	// `stapled up` with its database. All are zero if not measured.
	ResponderFirst  float64 `json:"responder_first"`
	ResponderReused float64 `json:"responder_reused"`
	UpFirst         float64 `json:"up_first"`
	UpReused        float64 `json:"up_reused"`
	// The responder of `stapled up` over openssl ocsp, a connection each.
	UpVsOpenSSL float64 `json:"up_vs_openssl"`
	// A CRL of a million entries: the time to load it over that of
	// x509.ParseRevocationList, bytes for each entry, and allocations.
	CRLLoad         float64 `json:"crl_load"`
	CRLHeldBytes    float64 `json:"crl_held_bytes"`
	CRLPeakBytes    float64 `json:"crl_peak_bytes"`
	CRLLookUpAllocs float64 `json:"crl_look_up_allocs"`
	// Requests a second at nginx, and from it to the responder.
	NginxRPS         float64 `json:"nginx_rps"`
	NginxUpstreamRPS float64 `json:"nginx_upstream_rps"`
	// The gateway over bare servers that give the same answers, in requests a
	// second; the proxy over httputil.ReverseProxy, in requests for each second of
	// processor time. More is better. All are zero if not measured.
	ForwardAuthReused float64 `json:"forward_auth_reused"`
	ForwardAuthNew    float64 `json:"forward_auth_new"`
	ExtAuthzReused    float64 `json:"ext_authz_reused"`
	ExtAuthzNew       float64 `json:"ext_authz_new"`
	Proxy             float64 `json:"proxy"`
	// nginx with the gateway, and with a look-up for each request, over nginx
	// alone, in requests a second.
	NginxGateway       float64 `json:"nginx_gateway"`
	NginxOCSP          float64 `json:"nginx_ocsp"`
	NginxIntrospection float64 `json:"nginx_introspection"`
	// Bytes, not ratios.
	TokenSizes []TokenSize `json:"token_sizes"`
}

// Ratios computes the results.
func (m *Measurement) Ratios() Ratios {
	cost := func(name string) float64 { return rounded(m.Cost(name).Median) }
	ratio := func(name, over string) float64 { return rounded(m.Ratio(name, over).Median) }
	return Ratios{
		Hot: cost("hot"), WarmES256: cost("warm_es256"), WarmEdDSA: cost("warm_eddsa"), WarmRS256: cost("warm_rs256"),
		Restaple: cost("restaple"), Cold: cost("cold"), Scaling2: rounded(m.Scaling["warm_es256"].Median), SignES256: cost("sign_es256"),
		VsGolangJWT: ratio("warm_es256", "golang_jwt_our_header"), VsGoJOSENaive: ratio("warm_es256", "go_jose_naive"),
		HotAllocs: m.Memory["hot"].Allocs, WarmAllocs: m.Memory["warm_es256"].Allocs, SignAllocs: m.Memory["sign_es256"].Allocs,

		RawVerifyAllocs: m.Memory["raw_es256"].Allocs, RawSignAllocs: m.Memory["raw_sign_es256"].Allocs,
		WarmBytes: m.Memory["warm_es256"].Bytes, NewLeaf: cost("new_leaf"), ColdCached: cost("cold_cached"),
		Scaling2Hot: rounded(m.Scaling["hot"].Median), Scaling2Raw: rounded(m.Scaling["raw_es256"].Median),
		Scaling2Rounds:         m.Scaling["warm_es256"].Rounds,
		VsGolangJWTSmallHeader: ratio("warm_es256", "golang_jwt"),
		VsGoJOSE:               ratio("warm_es256", "go_jose_our_header"), VsJWX: ratio("warm_es256", "jwx_our_header"),
		SignVsGolangJWT: ratio("sign_es256", "golang_jwt_sign"), SignVsGoJOSE: ratio("sign_es256", "go_jose_sign"), SignVsJWX: ratio("sign_es256", "jwx_sign"),
		Issuers: m.Issuers.Count, IssuersVsCold: rounded(m.Issuers.OverCold.Median),
		IssuersHeapBytes: m.Issuers.Largest, IssuersBudgetBytes: m.Issuers.Budget,
		CachedHeader: rounded(m.EntryBytes / m.HeaderBytes), Rounds: m.Rounds,
		Strangers: rounded(m.WorstStranger().Rest.Median), StrangersWorst: m.WorstStranger().Name,
		StrangerVerifications: m.MostVerifications().Verifications,
		TokenSizes:            m.TokenSizes,
	}
}

func rounded(x float64) float64 { return math.Round(x*1e4) / 1e4 }
