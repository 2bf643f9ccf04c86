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

.PHONY: format
format: deps ## Format the sources in place
	@oxfmt .

.PHONY: unit
unit: deps ## Unit tests only
	@vitest run --project unit
