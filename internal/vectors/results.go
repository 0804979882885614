// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Tallies reads the files that [Tally.Write] wrote into a directory.
func Tallies(dir string) ([]*Tally, error) {
	var all []*Tally
	err := eachJSON(dir, func(data []byte) error {
		y := new(Tally)
		all = append(all, y)
		return json.Unmarshal(data, y)
	})
	return all, err
}

// Sizes returns the number of cases of each suite in a directory.
func Sizes(dir string) (map[string]int, error) {
	sizes := make(map[string]int)
	err := eachJSON(dir, func(data []byte) error {
		var suite Suite[json.RawMessage]
		err := json.Unmarshal(data, &suite)
		sizes[suite.Name] = len(suite.Cases)
		return err
	})
	return sizes, err
}

func eachJSON(dir string, read func([]byte) error) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s: no JSON file", dir)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := read(data); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}
