// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import "unicode/utf8"

// Fold maps two names to the same string exactly if Unicode simple case folding
// maps them to the same string. It uses the tables of Unicode 17.0.0, see
// [foldings]. Code points that are not in them stay as they are. The name must be
// valid UTF-8.
func Fold(name string) string {
	if isFolded(name) {
		return name
	}
	return string(appendFold(nil, name))
}

// appendFold appends the folded form of a name that is valid UTF-8. It is not
// longer than the name.
func appendFold(b []byte, name string) []byte {
	for i := 0; i < len(name); {
		c := name[i]
		if c < 0xc0 {
			b = append(b, byte(foldRune(rune(c)))) // ASCII folds to ASCII
			i++
			continue
		}
		// Package utf8 would take twice the time.
		r, size := rune(c&0x1f)<<6|rune(name[i+1]&0x3f), 2
		if c >= 0xe0 {
			r, size = r&0x3ff<<6|rune(name[i+2]&0x3f), 3
		}
		if c >= 0xf0 {
			r, size = r&0x7fff<<6|rune(name[i+3]&0x3f), 4
		}
		switch folded := foldRune(r); {
		case folded == r:
			b = append(b, name[i:i+size]...)
		case size == 2 && folded >= utf8.RuneSelf:
			b = append(b, 0xc0|byte(folded>>6), 0x80|byte(folded)&0x3f)
		default:
			b = utf8.AppendRune(b, folded)
		}
		i += size
	}
	return b
}

// foldRune returns the smallest of the code points that fold to each other, or
// the lower-case letter if that is ASCII.
func foldRune(r rune) rune {
	if r < lastPage<<pageBits {
		return r + folded.add[folded.page[r>>pageBits]][r%(1<<pageBits)]
	}
	return r
}

// folded holds the foldings by code point, so that names full of letters that
// fold cost no more than others.
var folded = layOut()

const (
	pageBits = 6
	lastPage = 0x20000 >> pageBits
)

type pages struct {
	page [lastPage]uint8 // where in add a page is; 0 if nothing on it folds
	add  [64][1 << pageBits]int32
}

func layOut() *pages {
	p, used := new(pages), uint8(0)
	for _, f := range foldings {
		for r := f.first; r <= f.last; r += rune(f.step) {
			page := &p.page[r>>pageBits]
			if *page == 0 {
				used++
				*page = used
			}
			p.add[*page][r%(1<<pageBits)] = f.add
		}
	}
	return p
}

// isFolded reports whether a name is ASCII without capitals, as nearly all are.
// It looks at eight bytes at a time.
func isFolded(name string) bool {
	const ones = 0x0101010101010101
	var found uint64
	for ; len(name) >= 8; name = name[8:] {
		w := word(name)
		// Below 0x80, the first sum sets the high bit of bytes from 'A' on, and the
		// second of those beyond 'Z'.
		capitals := (w + ones*(0x80-'A')) ^ (w + ones*(0x80-'Z'-1))
		found |= w | capitals
	}
	if found&(ones<<7) != 0 {
		return false
	}
	for _, c := range []byte(name) {
		if c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// word returns the first eight bytes of a text.
func word(text string) uint64 {
	return uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
		uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
}
