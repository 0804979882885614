// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package responder

import (
	"container/list"
	"sync"
	"time"
)

// How long a signed answer is reused. All three bounds hold. None of them moves
// the end of an answer: a reused one keeps its thisUpdate and its nextUpdate.
const (
	// maxAgeAsked bounds the reuse of an answer whose status the source has just
	// confirmed.
	maxAgeAsked = time.Second
	// maxAgeUnchanged bounds the reuse of an answer about which a Versioned
	// source has said that nothing has changed. Verifiers bound the age of a
	// staple as well as its end, by default at one hour, so long validities must
	// not make old answers. Beyond minutes there is nothing left to save.
	maxAgeUnchanged = 5 * time.Minute
	// An answer is reused for two fifths of its life. Clients ask again half-way,
	// give or take a tenth, and must then find a newer one.
	reusedLife, ofLife = 2, 5
)

// maxAnswers bounds the memory of a Responder: about 12 MB of answers of an
// ECDSA key, about 24 MB if each embeds an RSA delegate.
const maxAnswers = 8192

// answerKey names what an answer was made for. A certID has the hash algorithm
// in it, and the answer repeats it byte for byte.
type answerKey struct {
	authority *authority
	certID    string
}

// signedAnswer is an answer and what decides whether it may be given again.
type signedAnswer struct {
	answer
	// status is what the source said, before repairRevocation.
	status Status
	// asked is the time before the source was asked.
	asked time.Time
	// version is that of the source before it was asked, if versioned.
	version   uint64
	versioned bool
}

// young reports whether the answer may be given again at now: neither beyond
// the limit nor from the future, as after a clock was set back. The age is that
// of the calendar, as nextUpdate is, which goes on while a machine sleeps.
func (s *signedAnswer) young(now time.Time, limit time.Duration) bool {
	life := s.window.nextUpdate.Sub(s.window.producedAt)
	age := now.Round(0).Sub(s.asked.Round(0))
	return age >= 0 && age <= min(limit, life*reusedLife/ofLife)
}

// sameStatus reports whether two statuses make the same answer.
func sameStatus(a, b Status) bool {
	return a.Code == b.Code && a.Reason == b.Reason && a.RevokedAt.Equal(b.RevokedAt) &&
		a.ThisUpdate.Equal(b.ThisUpdate) && a.NextUpdate.Equal(b.NextUpdate)
}

// answers holds signed answers, the most recently used ones if there are too
// many. Only answers about serials that the CA has issued or revoked come here,
// at most eight for each (four hashes, each with and without parameters). A
// stranger who asks about serials that do not exist therefore evicts nothing. One
// who asks about thousands that do exist makes the responder sign for the next
// client what it would have signed without this memory.
type answers struct {
	mu     sync.Mutex
	max    int
	byKey  map[answerKey]*list.Element
	recent *list.List // of *heldAnswer, the most recently used first
}

type heldAnswer struct {
	key answerKey
	*signedAnswer
}

func newAnswers(limit int) *answers {
	return &answers{max: limit, byKey: make(map[answerKey]*list.Element), recent: list.New()}
}

// get returns nil if there is no answer.
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

// put holds an answer, and forgets those at the end that are too old to be given
// again.
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
