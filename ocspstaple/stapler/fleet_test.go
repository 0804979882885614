// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package stapler

import (
	"crypto"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	fleetSize  = 100_000
	validity   = 10 * time.Minute
	responders = 3
	horizon    = time.Hour
	// One responder is dead for five minutes, from dies on.
	dies    = 30 * time.Minute
	deadFor = 5 * time.Minute
	// answerTime is how long a live responder takes.
	answerTime = 20 * time.Millisecond
)

var names = [responders]string{"http://a/", "http://b/", "http://c/"}

// A fleet is many issuers and their responders in virtual time. It has the
// schedule of a [Stapler], which decides when to ask, but no cryptography and no
// network.
type fleet struct {
	// urls: each certificate names the three responders, all in the same order,
	// and the fetcher's own knowledge decides which to ask first. Otherwise they
	// are the addresses of one name, which a resolver returns in any order and
	// Go's dialer tries in turn.
	urls bool
	// silent: the dead responder's address swallows packets. Otherwise it refuses
	// connections.
	silent bool

	began  time.Time
	random *rand.Rand
	// load counts requests that reach a responder: per responder and second.
	load [responders][]int
	// without counts the times that an issuer had a staple and then none that was
	// fresh.
	without int
}

// member is one issuer.
type member struct {
	schedule *schedule
	held     window
	known    knowledge
}

// simulate lets a whole fleet start together, without a staple.
func simulate(urls, silent bool) *fleet {
	f := &fleet{urls: urls, silent: silent, began: time.Unix(1e9, 0), random: rand.New(rand.NewPCG(1, 2))}
	for r := range f.load {
		f.load[r] = make([]int, int((horizon + time.Minute).Seconds()))
	}
	p := plan{min: DefaultRetryMin, max: DefaultRetryMax, random: f.random.Float64}
	for range fleetSize {
		// An issuer does not notice the others.
		f.live(&member{schedule: newSchedule(p, window{}, f.began)})
	}
	return f
}

// live does what [Stapler.Run] does.
func (f *fleet) live(m *member) {
	for m.schedule.next.Sub(f.began) < horizon {
		asks := m.schedule.next
		got, ends := f.ask(m, asks)
		if !m.held.until.IsZero() && ends.After(m.held.until) {
			f.without++
		}
		if !got {
			m.schedule.failed(asks, ends, m.held, 0)
			continue
		}
		from := ends.Truncate(time.Second)
		m.held = window{from, from.Add(validity)}
		m.schedule.succeeded(asks, ends, m.held)
	}
}

// ask tries the responders in turn, as [HTTPFetcher] or the dialer does, and
// returns whether there was an answer, and when the attempt ended.
func (f *fleet) ask(m *member, at time.Time) (bool, time.Time) {
	// The fetcher gives each URL an equal share of the time that is left of
	// Timeout; the dialer gives each address one of the client's ten seconds.
	order, deadline := f.random.Perm(responders), at.Add(10*time.Second)
	if f.urls {
		list := slices.Clone(names[:])
		m.known.sort(list)
		for i, url := range list {
			order[i] = slices.Index(names[:], url)
		}
		deadline = at.Add(DefaultTimeout)
	}
	for n, r := range order {
		since := at.Sub(f.began)
		if r == 0 && since >= dies && since < dies+deadFor {
			if f.silent {
				at = at.Add(deadline.Sub(at) / time.Duration(responders-n))
			}
			continue
		}
		f.load[r][int(since.Seconds())]++
		if f.urls {
			m.known.answered(names[r], crypto.SHA256)
		}
		return true, at.Add(answerTime)
	}
	return false, at
}

// busiest returns the largest number of requests that one responder gets in a
// second between two times.
func (f *fleet) busiest(from, to time.Duration) (most int) {
	for _, load := range f.load {
		for _, n := range load[int(from.Seconds()):int(to.Seconds())] {
			most = max(most, n)
		}
	}
	return most
}

// mean returns the requests a second of the responder that gets the most between
// two times.
func (f *fleet) mean(from, to time.Duration) (most float64) {
	for _, load := range f.load {
		sum := 0
		for _, n := range load[int(from.Seconds()):int(to.Seconds())] {
			sum += n
		}
		most = max(most, float64(sum)/(to-from).Seconds())
	}
	return most
}
