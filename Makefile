# Countinghouse. `make run` and `make test` set everything up first; `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHOP ?=
shop_option = $(if $(SHOP),--shop $(SHOP),)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup run test backfill ui status check format bench bench-backfill bench-demand bench-reliability bench-replenishment bench-coupons bench-customers lock docs clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## install the locked dependencies and the package into .venv

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Countinghouse needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 run")'
	@echo "setting up: installing the locked packages (once; a few minutes)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

run: setup ## decide the last day of the shop: make run [SHOP=folder]
	@$(BIN)/countinghouse run $(shop_option)

backfill: setup ## decide a range of days in one run: make backfill FROM=2025-11-01 TO=2025-12-30 [SHOP=folder]
	@$(BIN)/countinghouse backfill --from $(FROM) --to $(TO) $(shop_option)

ui: setup ## Dagster's UI with daemon, schedule and backfills: make ui [SHOP=folder]
	@$(BIN)/countinghouse ui $(shop_option)

status: setup ## print the page of the newest day decided
	@$(BIN)/countinghouse status $(shop_option)

test: setup ## all tests
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup

check: setup ## lint, format, types, import rules, secrets, known vulnerabilities
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/basedpyright
	@PATH="$(BIN):$$PATH" lint-imports
	@$(BIN)/python .ci/audit.py

format: setup ## put the code into the house's format
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: bench-backfill bench-demand bench-reliability bench-replenishment bench-coupons bench-customers ## all benchmarks (SIZE=small for a quick run)

bench-backfill: setup ## a 60-day backfill in one run against a one-day run and against day by day
	@$(BIN)/python -m benchmarks.backfill $(if $(SIZE),--size $(SIZE),)

bench-demand: setup $(VENV)/.peers ## forecasts against peers on M5 and UCI Online Retail (needs COUNTINGHOUSE_DATA)
	@$(BIN)/python -m benchmarks.demand $(if $(SIZE),--size $(SIZE),)

$(VENV)/.peers: benchmarks/peers.lock $(VENV)/.ready
	@echo "setting up: installing the peers of the benchmarks (once)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r $<
	@touch $@

bench-reliability: setup ## the promises under fire: kills, readers, repeats, late and bad records, locks, erasure
	@$(BIN)/python -m benchmarks.reliability $(if $(SIZE),--size $(SIZE),)

bench-replenishment: setup $(VENV)/.peers ## purchase plans beside monolithic models, a textbook library and rules (needs COUNTINGHOUSE_DATA)
	@$(BIN)/python -m benchmarks.replenishment $(if $(SIZE),--size $(SIZE),)

bench-coupons: setup $(VENV)/.peers ## coupon plans beside whole models and simpler rules, and what promotions, ads and policies are worth
	@$(BIN)/python -m benchmarks.coupons $(if $(SIZE),--size $(SIZE),)

bench-customers: setup $(VENV)/.peers ## recommendations, basket rules, outlook and segments beside peers, a million customers, erasure (needs COUNTINGHOUSE_DATA)
	@$(BIN)/python -m benchmarks.customers $(if $(SIZE),--size $(SIZE),)

docs: setup ## print the generated pages again (input contract, table contracts, bad input)
	@$(BIN)/python -m dagster_project.generated_docs
	@$(BIN)/python -m benchmarks.reliability.bad_input.page

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-header --extra dev -o requirements.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-header --constraint requirements.lock --extra peers -o benchmarks/peers.lock pyproject.toml

clean: ## remove what can be made again: state, caches, environment
	rm -rf var $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache
