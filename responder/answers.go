// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"container/list"
	"sync"
	"sync/atomic"
	"time"
)

// How long a signed answer is reused. All three limits apply. None moves the
// end of an answer: a reused answer keeps its thisUpdate and nextUpdate.
const (
	// maxAgeAsked limits the reuse of an answer whose status the source has
	// just confirmed.
	maxAgeAsked = time.Second
	// maxAgeUnchanged limits the reuse of an answer when a Versioned source
	// says that nothing has changed. Verifiers limit the age of a staple as
	// well as its end, by default to one hour, so a long validity must not lead
	// to old answers. Reuse beyond a few minutes saves nothing more.
	maxAgeUnchanged = 5 * time.Minute
	// An answer is reused for two fifths of its life. Clients ask again
	// halfway, give or take a tenth, and must then get a newer one.
	reusedLife, ofLife = 2, 5
	// An answer that is asked for when four fifths of that are over is made again
	// in the background: it is asked for often, and nobody has to wait for the key.
	agedPart, ofReuse = 4, 5
	// maxRefreshing limits how many answers are made at once in the background,
	// so that clients do not wait behind them for the key.
	maxRefreshing = 4
)

// maxAnswers limits the memory of a Responder: about 12 MB for answers by an
// ECDSA key, about 24 MB if each embeds an RSA delegate.
const maxAnswers = 8192

// answerKey identifies the request that an answer is for. certID includes the
// hash algorithm, and the answer repeats it byte for byte.
type answerKey struct {
	authority *authority
	certID    string
}

// signedAnswer is an answer and the facts that decide whether it may be reused.
type signedAnswer struct {
	answer
	// status is what the source said, before repairRevocation.
	status Status
	// asked is the time just before the source was asked.
	asked time.Time
	// version is the source's version before it was asked, if versioned.
	version   uint64
	versioned bool
	// renewed is set once a newer answer is being made.
	renewed atomic.Bool
}

// aged reports whether the answer has been reused for most of the time that it
// may be.
func (s *signedAnswer) aged(now time.Time) bool {
	return !s.young(now, s.limit(maxAgeUnchanged)*agedPart/ofReuse)
}

// limit is how old the answer may get.
func (s *signedAnswer) limit(most time.Duration) time.Duration {
	life := s.window.nextUpdate.Sub(s.window.producedAt)
	return min(most, life*reusedLife/ofLife)
}

// young reports whether the answer may be reused at now: its age is within the
// limit, and it is not from the future, as after a clock was set back. Age is
// by wall clock, like nextUpdate: it grows even while a machine sleeps.
func (s *signedAnswer) young(now time.Time, limit time.Duration) bool {
	age := now.Round(0).Sub(s.asked.Round(0))
	return age >= 0 && age <= s.limit(limit)
}

// sameStatus reports whether two statuses lead to the same answer.
func sameStatus(a, b Status) bool {
	return a.Code == b.Code && a.Reason == b.Reason && a.RevokedAt.Equal(b.RevokedAt) &&
		a.ThisUpdate.Equal(b.ThisUpdate) && a.NextUpdate.Equal(b.NextUpdate)
}

// answers stores signed answers and evicts the least recently used. It holds
// only answers about serials that the CA has issued or revoked, at most eight
// for each (four hashes, each with and without parameters). So requests for
// serials that do not exist evict nothing. Requests for thousands that do exist
// only make the responder sign for the next client, as it would without this
// cache.
type answers struct {
	mu     sync.Mutex
	max    int
	byKey  map[answerKey]*list.Element
	recent *list.List // of *heldAnswer, most recently used first
}

type heldAnswer struct {
	key answerKey
	*signedAnswer
}

func newAnswers(limit int) *answers {
	return &answers{max: limit, byKey: make(map[answerKey]*list.Element), recent: list.New()}
}

// get returns nil if there is no such answer.
func (c *answers) get(key answerKey) *signedAnswer {
	c.mu.Lock()
	defer c.mu.Unlock()
	element := c.byKey[key]
	if element == nil {
		return nil
	}
	c.recent.MoveToFront(element)
	return element.Value.(*heldAnswer).signedAnswer
}

// put stores an answer, and drops those at the end that are too old to reuse.
func (c *answers) put(key answerKey, s *signedAnswer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.byKey[key]; old != nil {
		c.remove(old)
	}
	c.byKey[key] = c.recent.PushFront(&heldAnswer{key, s})
	for last := c.recent.Back(); last != nil; last = c.recent.Back() {
		if c.recent.Len() <= c.max && last.Value.(*heldAnswer).young(s.asked, maxAgeUnchanged) {
			return
		}
		c.remove(last)
	}
}

func (c *answers) remove(element *list.Element) {
	delete(c.byKey, element.Value.(*heldAnswer).key)
	c.recent.Remove(element)
}
