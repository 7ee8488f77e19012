# Everything a person or a machine does with this project. `make help` lists it.

PYTHON ?= python3
PORT ?= 8080
WORKERS ?= 2

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# One file per installed lock; it is older than the lock exactly when something must be installed again.
STAMPS := $(VENV)/installed
# Folders too: their time changes when a file goes.
WEB_SOURCES := $(shell find web/src web/public web/index.html web/vite.config.ts web/tsconfig.json)

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench lint services

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMPS)/runtime $(STAMPS)/web ## install Wayline into .venv; quick when nothing has changed

run: setup ## serve the demo desk on http://127.0.0.1:8080 (PORT=… for another port)
	WAYLINE_PORT=$(PORT) $(BIN)/wayline demo

test: services lint ## everything: lint, types, import contract, tests on SQLite and PostgreSQL
	$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

check: lint ## the quick part of test: lint, types, import contract, tests of the core
	$(BIN)/python -m pytest tests/core $(PYTEST_ARGS)

bench: services $(STAMPS)/bench ## measure against peers on this machine (ONLY=W1,W8 for a selection)
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))

lint: $(STAMPS)/test $(STAMPS)/web
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd web && npm run --silent check && npm test --silent

services:
	scripts/install-test-services

$(STAMPS)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Wayline needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Try: make setup PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot create virtual environments. On Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/node: scripts/check-node | $(STAMPS)/python
	@scripts/check-node
	@touch $@

$(STAMPS)/web-libraries: web/package.json web/package-lock.json web/.npmrc | $(STAMPS)/node
	npm --prefix web ci --no-progress --loglevel error
	@touch $@

$(STAMPS)/web: $(STAMPS)/web-libraries $(WEB_SOURCES)
	npm --prefix web run --silent build -- --logLevel warn
	@touch $@

# Without build isolation the build backend comes from the lock as well.
# What is installed contains the web app, so that has to be there first.
$(STAMPS)/runtime: requirements/runtime.txt pyproject.toml | $(STAMPS)/python $(STAMPS)/web
	$(PIP_INSTALL) --require-hashes -r requirements/runtime.txt
	$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(STAMPS)/test: requirements/test.txt $(STAMPS)/runtime
	$(PIP_INSTALL) --require-hashes -r requirements/test.txt
	@touch $@

$(STAMPS)/bench: requirements/bench.txt $(STAMPS)/runtime
	$(PIP_INSTALL) --require-hashes -r requirements/bench.txt
	@touch $@
