# SPDX-FileCopyrightText: 2026 The stapled authors
# SPDX-License-Identifier: Apache-2.0

# Short names for what CONTRIBUTING.md describes. `make ci` is the gate.
.PHONY: help build test all short race vectors mutate bench fuzz lint demo ci

VECTORS ?= ../shared/vectors
FUZZTIME ?= 20s

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1\t\2/' | expand -t 10

build: ## build ./bin/stapled
	go build -o bin/stapled ./cmd/stapled

test: ## run every test, in a minute; some try a sample of their variants
	go test ./...

all: ## run every test with every variant
	STAPLED_EXHAUSTIVE=1 go test ./...

short: ## run the tests without the scripts that wait for staples to end
	go test -short ./...

race: ## run every test twice in random order under the race detector
	go test -race -shuffle=on -count=2 ./...

vectors: ## check the command against the published vectors
	scripts/vectors.sh

mutate: ## remove every check of the verifier in turn; a test must notice
	scripts/mutate.sh

bench: ## measure, and rewrite docs/performance.md
	scripts/bench.sh

fuzz: ## run every fuzz target for FUZZTIME
	scripts/fuzz.sh $(FUZZTIME)

lint: ## gofmt, go vet, golangci-lint
	test -z "$$(gofmt -l .)"
	go vet ./...
	golangci-lint run ./...

demo: ## the whole story on an embedded CA
	go run ./cmd/stapled demo

ci: ## the gate: everything that must hold for a change to land
	STAPLED_VECTORS=$(VECTORS) .ci/run
