// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/big"
	"strconv"
	"strings"
)

// serial is a serial number as 20 octets, the most that RFC 5280 §4.1.2.2
// permits.
type serial [20]byte

func serialOf(n *big.Int) (serial, error) {
	var s serial
	if n == nil || n.Sign() < 0 || n.BitLen() > 8*len(s) {
		return s, errors.New("ledger: serial number is missing, negative or longer than 20 octets (RFC 5280 §4.1.2.2)")
	}
	n.FillBytes(s[:])
	return s, nil
}

// A file begins with a header that names its format and the CA. Each line after
// it has a serial number in hexadecimal, the end of the certificate's validity
// in seconds since 1970 (0 if that is not known), and a checksum of both. Of two
// lines about a serial, the later one counts.
func header(id string) string { return "stapled-revocations 1 " + id + "\n" }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendRecord(to []byte, s serial, notAfter int64) []byte {
	begin := len(to)
	var digits [2 * len(s)]byte
	hex.Encode(digits[:], s[:])
	if significant := bytes.TrimLeft(digits[:], "0"); len(significant) > 0 {
		to = append(to, significant...)
	} else {
		to = append(to, '0')
	}
	to = append(to, ' ')
	to = strconv.AppendInt(to, notAfter, 10)
	sum := crc32.Checksum(to[begin:], castagnoli)
	to = append(to, ' ')
	to = hex.AppendEncode(to, binary.BigEndian.AppendUint32(nil, sum))
	return append(to, '\n')
}

// parseRecord parses a line with its end. It accepts only what appendRecord
// writes.
func parseRecord(line []byte) (s serial, notAfter int64, ok bool) {
	digits, rest, _ := bytes.Cut(line, []byte(" "))
	end, _, _ := bytes.Cut(rest, []byte(" "))
	if len(digits) > 2*len(s) {
		return s, 0, false
	}
	padded := [2 * len(s)]byte([]byte("0000000000000000000000000000000000000000"))
	copy(padded[len(padded)-len(digits):], digits)
	if _, err := hex.Decode(s[:], padded[:]); err != nil {
		return s, 0, false
	}
	notAfter, err := strconv.ParseInt(string(end), 10, 64)
	if err != nil {
		return s, 0, false
	}
	var again [128]byte
	return s, notAfter, bytes.Equal(appendRecord(again[:0], s, notAfter), line)
}

// contents is what a file holds.
type contents struct {
	entries map[serial]entry
	records int
	// size is the length in bytes up to the last whole record; 0 if even the
	// header is not whole.
	size int64
	// torn is what follows: the rest of a write that was not finished.
	torn int64
}

// read reads a file. Damage after which a whole record follows is an error: that
// record was written later, so what is damaged was whole once.
func read(in io.Reader, name, id string) (contents, error) {
	c := contents{entries: make(map[serial]entry)}
	lines := bufio.NewReaderSize(in, 64<<10)
	bad := 0
	for number := 1; ; number++ {
		line, err := lines.ReadSlice('\n')
		length := int64(len(line))
		for errors.Is(err, bufio.ErrBufferFull) {
			var more []byte
			more, err = lines.ReadSlice('\n')
			length += int64(len(more))
			line = []byte("too long")
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return contents{}, fmt.Errorf("%s: %w", name, err)
		}
		switch {
		case length == 0:
			return c, nil
		case number == 1 && string(line) == header(id):
			c.size = length
			continue
		case number == 1 && !(errors.Is(err, io.EOF) && strings.HasPrefix(header(id), string(line))) && !isZeros(line):
			return contents{}, fmt.Errorf("%s:1: file is not a ledger of this CA, in a format that this version knows", name)
		}
		s, notAfter, ok := serial{}, int64(0), false
		if number > 1 {
			s, notAfter, ok = parseRecord(line)
		}
		switch {
		case !ok:
			c.torn += length
			if bad == 0 {
				bad = number
			}
		case bad > 0:
			return contents{}, fmt.Errorf("%s:%d: line is damaged, and whole ones follow; restore the file from a backup, or delete the line", name, bad)
		default:
			c.entries[s] = entry{notAfter: notAfter, written: true}
			c.records++
			c.size += length
		}
		if errors.Is(err, io.EOF) {
			return c, nil
		}
	}
}

// isZeros reports whether a file system has extended a file without its data.
func isZeros(line []byte) bool {
	return len(line) > 0 && len(bytes.Trim(line, "\x00")) == 0
}
