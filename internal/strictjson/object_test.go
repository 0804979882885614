// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stapledjwt/stapled/internal/strictjson/strictjsontest"
	"github.com/stapledjwt/stapled/internal/testca"
)

func TestJSON(t *testing.T) {
	for _, c := range strictjsontest.Texts {
		t.Run(c.Name, func(t *testing.T) {
			_, err := ParseObject(c.Text, Claims, nil)
			if accepted := err == nil; accepted != c.Accepted {
				t.Fatalf("accepted is %t: %v", accepted, err)
			}
			compareWithEncodingJSON(t, c.Text)
			// Nor is any part of it taken for the whole; of long texts, every hundredth.
			for i := 0; i < len(c.Text); i += 1 + len(c.Text)/1000*100 {
				compareWithEncodingJSON(t, c.Text[:i])
				compareWithEncodingJSON(t, c.Text[i:])
			}
		})
	}
}

// FuzzJSON looks for a text that ParseObject and encoding/json read differently,
// also into a struct.
func FuzzJSON(f *testing.F) {
	for _, c := range strictjsontest.Texts {
		f.Add([]byte(c.Text))
	}
	for _, segment := range strings.Split(testca.New().Intermediate().Leaf().Token(), ".")[:2] {
		text, err := base64.RawURLEncoding.DecodeString(segment)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	if len(strictjsontest.Texts) == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		compareWithEncodingJSON(t, string(bytes.Clone(text)))
	})
}
