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
	@node scripts/generate-deployment.ts --check

.PHONY: format
format: deps ## Format the sources in place
	@oxfmt .

.PHONY: unit
unit: deps ## Unit tests only
	@vitest run --project unit

# no: none; names of Debian's packages without postgresql-17-: these; "default NAME...": more than the default ones.
export EXTENSIONS ?=
.PHONY: image
image: deps machine ## Build all images (cached by their sources; EXTENSIONS=no leaves out those of PostgreSQL)
	@node images/build.ts postgres operator pooler

# What the demo and the measurements run; there the operator is a process beside the API server.
.PHONY: database-image
database-image: deps machine
	@node images/build.ts postgres

.PHONY: pooler-image
pooler-image: deps machine
	@node images/build.ts pooler

.PHONY: machine
machine: deps
	@node scripts/machine.ts demo

.PHONY: demo
demo: database-image pooler-image ## Set everything up and run a PostgreSQL cluster on this machine
	@node scripts/demo.ts

.PHONY: test
test: deps ## Every check and test; ends with "N passed, N failed"
	@node scripts/machine.ts test
	@node images/build.ts postgres operator pooler
	@node scripts/test.ts

RUNS ?= 20
.PHONY: fuzz
fuzz: deps ## Property tests with fresh seeds, RUNS=20 times (make test has a fixed seed)
	@node scripts/fuzz.ts $(RUNS)

# SEED=N repeats the faults of a run that had it; STORE=configmaps keeps Patroni's state there. CRASH_POINTS=no: only faults.
MINUTES ?= 30
CRASH_POINTS ?=
.PHONY: chaos
chaos: deps ## Break a cluster again and again, and kill the operator at every write (MINUTES=30, SEED, CRASH_POINTS=no)
	@node scripts/machine.ts test
	@node images/build.ts postgres pooler
	@$(if $(filter no,$(CRASH_POINTS)),,node test/chaos/crash-points.ts || failed=1;) \
		node test/chaos/chaos.ts --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(if $(STORE),--store $(STORE)) || failed=1; exit $${failed:-0}

.PHONY: conformance
conformance: deps ## What a Kubernetes does, kubectl, the official client, all of Patroni's own suite (about 13 minutes)
	@node scripts/machine.ts test
	@node images/build.ts postgres
	@node scripts/test.ts conformance judges behave-all

# Where to, is kubectl's business: KUBECONFIG, its current context.
OPERATOR_IMAGE ?=
.PHONY: install
install: ## Install the operator with kubectl (OPERATOR_IMAGE=REGISTRY/pgherd/operator:TAG)
	@kubectl apply -f manifests/crds/ -f manifests/operator-service-account-rbac.yaml -f manifests/user-facing-clusterroles.yaml -f manifests/operator-viewer-rbac.yaml
	@kubectl wait --for=condition=Established --timeout=60s -f manifests/crds/
	@kubectl get -f manifests/configmap.yaml -o name 2>/dev/null || kubectl create -f manifests/configmap.yaml
	@sed 's|localhost/pgherd/operator:[^ ]*|$(or $(OPERATOR_IMAGE),&)|' manifests/postgres-operator.yaml | \
		kubectl apply -f - -f manifests/api-service.yaml
	@kubectl rollout status --timeout=120s -f manifests/postgres-operator.yaml

EVERYTHING ?=
.PHONY: uninstall
uninstall: ## Remove the operator; clusters, definitions and configuration stay (EVERYTHING=yes: without clusters, these too)
	@if [ -n "$(EVERYTHING)" ] && [ -n "$$(kubectl get postgresqls -A -o name 2>/dev/null)" ]; then \
		echo 'there are still clusters, and only the operator can delete them:'; kubectl get postgresqls -A; exit 1; fi
	@kubectl delete --ignore-not-found -f manifests/postgres-operator.yaml -f manifests/api-service.yaml \
		-f manifests/user-facing-clusterroles.yaml -f manifests/operator-viewer-rbac.yaml
	@kubectl delete --ignore-not-found -n default serviceaccount,role,rolebinding postgres-operator
	@kubectl delete --ignore-not-found clusterrole,clusterrolebinding postgres-operator
	@if [ -n "$(EVERYTHING)" ]; then kubectl delete --ignore-not-found clusterrole postgres-pod; \
		kubectl delete --ignore-not-found -f manifests/configmap.yaml -f manifests/crds/; \
	else echo 'kept: clusters and their volumes, definitions, the ConfigMap, and the ClusterRole postgres-pod that database pods need'; fi

.PHONY: clean
clean: ## Remove what was fetched and built here (not the images, not instances)
	@rm -rf node_modules .node .cache

RUNS ?= 5
.PHONY: bench
bench: database-image bench-herd bench-postgres ## Measure; prints tables and writes bench/results (RUNS=5, CLUSTERS=1000)
	@node bench/first-cluster.ts --runs $(RUNS)

CLUSTERS ?= 1000
.PHONY: bench-failover
bench-failover: database-image pooler-image ## Measure how long nobody can write when a primary dies or moves; runs add up (MINUTES=30)
	@node scripts/machine.ts test
	@node bench/failover.ts --minutes $(MINUTES)

.PHONY: bench-plots
bench-plots: deps ## Write the tables and plots of failovers from what was measured
	@node bench/failover.ts --report

.PHONY: bench-herd
bench-herd: deps ## Measure one operator with many clusters (CLUSTERS=1000)
	@node bench/herd.ts --clusters $(CLUSTERS)

.PHONY: bench-postgres
bench-postgres: deps ## Measure what is done inside PostgreSQL, with 1,000 roles and 100 databases
	@node scripts/machine.ts test
	@node bench/inside-postgres.ts

.PHONY: generate
generate: deps ## Write CRDs and generated documentation anew
	@node scripts/generate-crds.ts
	@node scripts/generate-reference.ts
	@node scripts/generate-field-support.ts
	@node scripts/generate-deployment.ts
