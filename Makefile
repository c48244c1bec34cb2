# Every target does its own set-up: a bare machine needs Python 3.11 or later and make.
# Node 20.19 or later is taken from PATH, else from PyPI into .venv.

PYTHON ?= python3
HOST   ?= 127.0.0.1
PORT   ?= 8000
DATA   ?= ./data

PREPARE = @$(PYTHON) tools/prepare.py
BIN     = .venv/bin
RUN     = @$(PYTHON) tools/steps.py

.DEFAULT_GOAL := help
.PHONY: help
help: ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##: Run

.PHONY: serve dev
serve: ## Run the chat; HOST=, PORT=, DATA=; DEMO=1 puts people and talk in it
	$(PREPARE) venv web
	$(BIN)/backchannel serve --data $(DATA) --host $(HOST) --port $(PORT) $(if $(DEMO),--demo)

dev: ## Run the app's sources with hot reload; `make serve` must run beside it
	$(PREPARE) node
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm run dev --workspace web

##: Prove

.PHONY: test prove check test-server test-sqlite test-postgres test-client e2e examples simulate faults mutants proxies lanes wheel-check
test: ## What a change has to pass, in under 10 minutes: every kind of proof, the slow ones in short
	$(RUN) test

prove: ## Everything else: 9,000 more worlds, mutants, all of PostgreSQL, processes, browser and random faults
	$(RUN) prove

check: ## The static checks alone, in under a minute
	$(RUN) check

test-server: ## All tests of the server, on SQLite and on PostgreSQL
	$(RUN) test-server

test-sqlite: ## All tests of the server on SQLite
	$(RUN) test-sqlite

test-postgres: ## All tests of the server on PostgreSQL
	$(RUN) test-postgres

test-client: ## The tests of the TypeScript packages
	$(RUN) test-client

e2e: ## The whole app in Chromium, through a proxy that breaks the network
	$(RUN) e2e

examples: ## The example sites: what their code does, and what people see in Chromium
	$(RUN) examples

simulate: ## 10,000 simulated worlds from seeds (SEEDS=0:10000), and the mutants they must notice
	$(RUN) simulate

# What the row `browser` needs beside the others.
FOR_BROWSER = $(if $(ROWS),$(if $(filter browser,$(ROWS)),venv-dev node web chromium),venv-dev node web chromium)
.PHONY: bench bench-quick
bench: ## Measure against the peers (ROWS="fanout sends", SERVERS=a,b) and write docs/performance.md; about 40 minutes
	$(PREPARE) venv services compiler nats $(FOR_BROWSER)
	$(BIN)/python -m lab.bench $(if $(SERVERS),--servers $(SERVERS)) $(ROWS)

bench-quick: ## The same in fewer and shorter runs, under 5 minutes
	$(PREPARE) venv services compiler nats $(if $(ROWS),$(FOR_BROWSER))
	$(BIN)/python -m lab.bench --quick $(if $(SERVERS),--servers $(SERVERS)) $(ROWS)

# What is not given is the program's own default; SECONDS= may stand for INJECTIONS=.
CHAOS = $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(DATABASE),--database $(DATABASE)) \
	$(if $(INJECTIONS),--injections $(INJECTIONS)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(NODES),--nodes $(NODES)) \
	$(if $(PAUSE_MS),--pause-ms $(PAUSE_MS)) $(if $(RESULTS),--results $(RESULTS))
faults: ## Real processes, broken at random: SEED=, SEEDS=1:11, DATABASE=sqlite|postgres, INJECTIONS=, SECONDS=, NODES=
	@CHAOS="$(CHAOS)" $(PYTHON) tools/steps.py faults

mutants: ## Break the database's settings, the process and the client on purpose; tests must notice
	$(RUN) mutants

proxies: ## The real client behind nginx, HAProxy, Caddy, Squid, mitmproxy and Varnish, in settings good and bad
	$(RUN) proxies

lanes: ## The tests that depend most on Django and Python, on the other versions that this machine has
	$(RUN) lanes

wheel-check: ## Build the wheel and see that it holds the app
	$(RUN) wheel-check

##: Make

.PHONY: setup web format generate generate-check lock sbom audit clean
setup: ## Install what development needs, and nothing else
	$(PREPARE) venv-dev node

web: ## Build the app into the Python package
	$(PREPARE) web

format: ## Format the code and repair what the linters can
	$(PREPARE) venv-dev node
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format -q .
	@PATH="$(CURDIR)/$(BIN):$$PATH" npx biome format --write --log-level=error

generate: ## Write the schemas and TypeScript types again from the protocol's declarations
	$(PREPARE) venv-dev
	$(BIN)/python -m backchannel.protocol.generate

generate-check: ## See that what is generated is what is committed
	$(RUN) generate-check

lock: ## Lock the newest versions that pyproject.toml admits; UPGRADE=0 keeps those there
	$(PREPARE) venv-dev
	$(BIN)/python tools/lock.py $(if $(filter 0,$(UPGRADE)),,--upgrade)

sbom: ## Write dist/sbom.cdx.json: what the server and the app are made of (CycloneDX); no network
	@$(PYTHON) tools/supply.py sbom

audit: ## Ask PyPI's and npm's advisories about the locks; without a network it says that nothing was checked
	$(PREPARE) node
	@$(PYTHON) tools/supply.py audit

clean: ## Remove everything made, but not ./data
	rm -rf .venv node_modules .cache .hypothesis .ruff_cache server/backchannel/web/dist dist
