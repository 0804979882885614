// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ocspserve

import (
	"math/big"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// gauge describes a metric that is looked at when it is asked for.
func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("stapled_ocsp_"+name, help, labels, nil)
}

var (
	readyGauge        = gauge("ready", "1 if /readyz answers 200, otherwise 0.")
	signerEndGauge    = gauge("signer_not_after_timestamp_seconds", "End of the certificate that signs for a CA, in seconds since 1970.", "ca")
	sourceUpGauge     = gauge("source_usable", "1 if a source of statuses gives answers now, otherwise 0.", "ca", "source")
	sourceAgeGauge    = gauge("source_age_seconds", "Time since a source of statuses was last known to be current, in seconds. Absent before the first time.", "ca", "source")
	sourceListedGauge = gauge("source_serials", "Serial numbers that a source lists: revoked ones in a CRL, all in an index.", "ca", "source")
	sourceLostGauge   = gauge("source_lost_serials", "Serial numbers that a source has lost without a good reason. It must be 0.", "ca", "source")
	crlNumberGauge    = gauge("crl_number", "crlNumber of the CRL in use, rounded to a float.", "ca", "source")
	crlAgeGauge       = gauge("crl_age_seconds", "Time since thisUpdate of the CRL in use, in seconds.", "ca", "source")
	crlEndGauge       = gauge("crl_next_update_timestamp_seconds", "nextUpdate of the CRL in use, in seconds since 1970. The responder does not use it after that.", "ca", "source")
	ledgerGauge       = gauge("ledger_revocations", "Final revocations that the responder remembers.")
	ledgerLostGauge   = gauge("ledger_lost_revocations", "Final revocations that a source has taken back before the certificate expired. It must be 0.")
	omittedGauge      = gauge("ledger_omitted_revocations", "Final revocations that the ledger has left out because it is full, each time that a source reported them. It must be 0.")
	unwrittenGauge    = gauge("ledger_unwritten_revocations", "Final revocations that are not on disk, so that the next start forgets them. It must be 0.")
)

// gauges is a prometheus.Collector for the state of a Server.
type gauges struct{ s *Server }

func (g gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		readyGauge, signerEndGauge, sourceUpGauge, sourceAgeGauge, sourceListedGauge, sourceLostGauge,
		crlNumberGauge, crlAgeGauge, crlEndGauge, ledgerGauge, ledgerLostGauge, omittedGauge, unwrittenGauge,
	} {
		out <- d
	}
}

func (g gauges) Collect(out chan<- prometheus.Metric) {
	send := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	send(readyGauge, truth(len(g.s.Problems()) == 0))
	ledger := g.s.ledger.Snapshot()
	send(ledgerGauge, float64(ledger.Remembered))
	send(ledgerLostGauge, float64(ledger.Lost))
	send(omittedGauge, float64(ledger.Omitted))
	send(unwrittenGauge, float64(ledger.Unwritten))
	now := g.s.now()
	for _, a := range g.s.current.Load().authorities {
		send(signerEndGauge, float64(a.inUse().Leaf().NotAfter.Unix()), a.name)
		sent := make(map[string]bool)
		for _, f := range a.feeds {
			if sent[f.name] {
				continue // the same source twice would be the same metric twice
			}
			sent[f.name] = true
			f.send(send, a.name, now)
		}
	}
}

func (f *feed) send(send func(*prometheus.Desc, float64, ...string), ca string, now time.Time) {
	s := f.state()
	send(sourceUpGauge, truth(s.Unusable == nil), ca, f.name)
	if !s.Looked.IsZero() {
		send(sourceAgeGauge, now.Sub(s.Looked).Seconds(), ca, f.name)
	}
	send(sourceListedGauge, float64(s.Entries), ca, f.name)
	send(sourceLostGauge, float64(s.Lost), ca, f.name)
	if s.Number == nil {
		return
	}
	number, _ := new(big.Float).SetInt(s.Number).Float64()
	send(crlNumberGauge, number, ca, f.name)
	send(crlAgeGauge, now.Sub(s.ThisUpdate).Seconds(), ca, f.name)
	send(crlEndGauge, float64(s.NextUpdate.Unix()), ca, f.name)
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
