// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"fmt"
	"hash/maphash"
	"slices"
)

// names are the member names of a text. They are found again by a hash that
// nobody outside the process can predict: comparing each with each would let a
// stranger cost us several signature verifications.
type names struct {
	count   int
	objects uint16 // how many objects have members
	// newest holds, for each value of the lowest bits of a hash, the last name that
	// has it, by its place plus one; older links on in the same way.
	newest [128]uint16
	// few holds the names of a usual text, and more the rest.
	few    [16]name
	more   []name
	folded []byte // room for the folded form of a name
}

type name struct {
	text   string
	hash   uint64
	object uint16 // number of the object whose member it names
	older  uint16
}

var seed = maphash.MakeSeed()

// open returns a number for an object that has members.
func (n *names) open() uint16 {
	n.objects++
	return n.objects
}

// add takes up a name of the object with this number. The name must be distinct
// from the others of this object after case folding.
func (n *names) add(text string, object uint16) error {
	if n.count == MaxMembers {
		return fmt.Errorf("JSON of more than %d members", MaxMembers)
	}
	hash := n.hash(text) + uint64(object)
	newest := &n.newest[hash%uint64(len(n.newest))]
	for i := *newest; i > 0; {
		other := n.at(int(i) - 1)
		if other.hash == hash && other.object == object && Fold(other.text) == Fold(text) {
			return fmt.Errorf("the members %.40q and %.40q have the same name, but for case", other.text, text)
		}
		i = other.older
	}
	if n.count >= len(n.few) {
		if n.more == nil {
			n.more = make([]name, 0, MaxMembers-len(n.few))
		}
		n.more = append(n.more, name{})
	}
	*n.at(n.count) = name{text, hash, object, *newest}
	n.count++
	*newest = uint16(n.count)
	return nil
}

func (n *names) at(i int) *name {
	if i < len(n.few) {
		return &n.few[i]
	}
	return &n.more[i-len(n.few)]
}

// hash returns the same for names that fold to the same string.
func (n *names) hash(text string) uint64 {
	if isFolded(text) {
		return maphash.String(seed, text)
	}
	n.folded = appendFold(slices.Grow(n.folded[:0], len(text)), text)
	return maphash.Bytes(seed, n.folded)
}
