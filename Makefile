# Targets carry their help behind `##`; `make help` prints them.
NODE_VERSION := 24.21.0
NODE_PACKAGE := node-linux-$(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x64)
NODE_BIN := $(CURDIR)/.node/node_modules/$(NODE_PACKAGE)/bin
export PATH := $(NODE_BIN):$(CURDIR)/node_modules/.bin:$(PATH)
.DEFAULT_GOAL := help

.PHONY: help
help: ## List every target
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | awk -F'\t' '{printf "  %-14s %s\n", $$1, $$2}'

# Node 24 comes first, from npm, so that whatever Node the machine has only has to run npm once.
$(NODE_BIN)/node:
	@echo "fetching Node $(NODE_VERSION) from npm"
	@mkdir -p .node
	@npm install --prefix .node --no-save --no-audit --no-fund --loglevel=error $(NODE_PACKAGE)@$(NODE_VERSION)

node_modules/.package-lock.json: package-lock.json | $(NODE_BIN)/node
	@echo "installing npm packages"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: deps
deps: node_modules/.package-lock.json ## Fetch Node 24 and the npm packages

.PHONY: check
check: deps ## Types, lint, format, import direction, generated files (under 30 s)
	@tsc --noEmit -p .
	@oxlint --type-aware
	@oxfmt --check .
	@node scripts/check-imports.ts
	@node scripts/generate-crds.ts --check
	@node scripts/generate-reference.ts --check
	@node scripts/generate-field-support.ts --check

.PHONY: format
format: deps ## Format the sources in place
	@oxfmt .

.PHONY: unit
unit: deps ## Unit tests only
	@vitest run --project unit

.PHONY: image
image: deps machine ## Build all images (cached by their sources)
	@node images/build.ts postgres operator

# What the demo and the measurements run; there the operator is a process beside the API server.
.PHONY: database-image
database-image: deps machine
	@node images/build.ts postgres

.PHONY: machine
machine: deps
	@node scripts/machine.ts demo

.PHONY: demo
demo: database-image ## Set everything up and run a PostgreSQL cluster on this machine
	@node scripts/demo.ts

.PHONY: test
test: deps ## Every check and test; ends with "N passed, N failed"
	@node scripts/machine.ts test
	@node images/build.ts postgres operator
	@node scripts/test.ts

.PHONY: conformance
conformance: deps ## What a Kubernetes does, kubectl, the official client, all of Patroni's own suite (about 13 minutes)
	@node scripts/machine.ts test
	@node images/build.ts postgres
	@node scripts/test.ts conformance judges behave-all

.PHONY: clean
clean: ## Remove what was fetched and built here (not the images, not instances)
	@rm -rf node_modules .node .cache

RUNS ?= 5
.PHONY: bench
bench: database-image bench-herd ## Measure; prints tables and writes bench/results (RUNS=5, CLUSTERS=1000)
	@node bench/first-cluster.ts --runs $(RUNS)

CLUSTERS ?= 1000
.PHONY: bench-herd
bench-herd: deps ## Measure one operator with many clusters (CLUSTERS=1000)
	@node bench/herd.ts --clusters $(CLUSTERS)

.PHONY: generate
generate: deps ## Write CRDs and generated documentation anew
	@node scripts/generate-crds.ts
	@node scripts/generate-reference.ts
	@node scripts/generate-field-support.ts
