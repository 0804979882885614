// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

// validUTF8 reports the same as [utf8.ValidString]. That takes as long as half a
// signature verification for a token of letters of random lengths, because the
// processor cannot predict its branches. This takes the same time for all.
func validUTF8(text string) bool {
	const ascii = 0x8080808080808080
	for len(text) >= 32 && (word(text)|word(text[8:])|word(text[16:])|word(text[24:]))&ascii == 0 {
		text = text[32:]
	}
	for len(text) >= 8 && word(text)&ascii == 0 {
		text = text[8:]
	}
	state := uint64(start)
	for i := 0; i < len(text); i++ {
		state = transitions[text[i]] >> (state & 63)
	}
	return state&63 == start
}

// The states of the automaton for the table of RFC 3629 §4. A state is a number
// of bits, by which a row of transitions is shifted to reach the next state.
const (
	start   = 6 * iota
	last1   // one more byte
	last2   // two more
	last3   // three more
	afterE0 // two more, which must not be overlong
	afterED // two more, which must not be a surrogate
	afterF0 // three more, which must not be overlong
	afterF4 // three more, which must not be beyond U+10FFFF
	invalid
)

// transitions holds a row for each byte, and in it the next state by the
// present one.
var transitions = func() (rows [256]uint64) {
	for b := range rows {
		for state := range invalid/6 + 1 {
			rows[b] |= next(6*state, byte(b)) << (6 * state)
		}
	}
	return rows
}()

func next(state int, b byte) uint64 {
	within := func(low, high byte) bool { return low <= b && b <= high }
	switch {
	case state == start && b < 0x80:
		return start
	case state == start && within(0xc2, 0xdf):
		return last1
	case state == start && b == 0xe0:
		return afterE0
	case state == start && b == 0xed:
		return afterED
	case state == start && within(0xe1, 0xef):
		return last2
	case state == start && b == 0xf0:
		return afterF0
	case state == start && within(0xf1, 0xf3):
		return last3
	case state == start && b == 0xf4:
		return afterF4
	case state == last1 && within(0x80, 0xbf):
		return start
	case state == last2 && within(0x80, 0xbf), state == afterE0 && within(0xa0, 0xbf), state == afterED && within(0x80, 0x9f):
		return last1
	case state == last3 && within(0x80, 0xbf), state == afterF0 && within(0x90, 0xbf), state == afterF4 && within(0x80, 0x8f):
		return last2
	}
	return invalid
}
