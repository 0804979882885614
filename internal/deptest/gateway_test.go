// SPDX-FileCopyrightText: 2026 The stapled authors
// SPDX-License-Identifier: Apache-2.0

package deptest

import (
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// adapters are the files of package gateway that speak net/http. All others are
// the core, which other protocols share.
var adapters = []string{
	"clientcert.go", "failure.go", "forwardauth.go", "frontproxy.go", "middleware.go", "patience.go", "proxy.go", "require.go", "target.go",
}

// TestGatewayCoreDecidesAboutValues: without its adapters the gateway is a whole
// program still, and knows nothing of net/http.
func TestGatewayCoreDecidesAboutValues(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "gateway", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var core, speaking []string
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range parsed.Imports {
			if strings.HasPrefix(imported.Path.Value, `"net/http`) && !slices.Contains(speaking, name) {
				speaking = append(speaking, name)
			}
		}
		if !slices.Contains(adapters, name) {
			core = append(core, file)
		}
	}
	if !slices.Equal(speaking, adapters) {
		t.Errorf("net/http is imported by %v, not by %v", speaking, adapters)
	}
	for _, p := range list(t, append([]string{"-deps"}, core...)...) {
		if p.ImportPath == "net/http" {
			t.Error("the core depends on net/http")
		}
	}
	if out, err := exec.Command("go", append([]string{"vet"}, core...)...).CombinedOutput(); err != nil {
		t.Errorf("the core does not compile without its adapters: %v\n%s", err, out)
	}
}
