# Two commands are all one needs: `make demo` runs the main job, `make test` proves it.
# Everything is installed into .venv from requirements/pins.txt; nothing outside this folder is changed, but that
# `make test` installs Debian's chromium when it is missing and it may.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
UV := $(BIN)/python -m uv
LAN ?=
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo up test test-all check web bench format clean

help:  ## What can be done here
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml requirements/pins.txt hatch_build.py
	@echo "· making .venv (once; a minute or two)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Partsong needs Python 3.11 or later: make PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "· fetching the packages"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/pins.txt uv
	@$(UV) pip install --python $(BIN)/python --quiet --group dev -c requirements/pins.txt
	@echo "· installing partsong"
	@$(UV) pip install --python $(BIN)/python --quiet --no-build-isolation -e '.[tls]' -c requirements/pins.txt
	@touch $@

demo: $(READY) web  ## The main job: a hub, 2,000 synthetic people, the stage (LAN=1 opens it to phones)
	@$(BIN)/partsong demo $(if $(LAN),--lan) $(ARGS)

up: $(READY) web  ## A hub for real people (ARGS="--lan --question ...")
	@$(BIN)/partsong up $(ARGS)

test: $(READY) web  ## Lint, types, contracts, unit, property, fuzz, browser: within 8 minutes
	@sh scripts/chromium.sh
	@$(MAKE) --no-print-directory check
	@$(BIN)/pytest -q -n 2 --dist loadgroup $(ARGS)

test-all: $(READY) web  ## The same with full statistics, crash loops and soaks: within 45 minutes
	@sh scripts/chromium.sh
	@$(MAKE) --no-print-directory check
	@$(BIN)/pytest -q -n 2 --dist loadgroup --full $(ARGS)

check: $(READY)  ## Lint, format, types, import contracts
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python web/build.py --check

web: $(READY)  ## Build the pages when they are stale
	@$(BIN)/python web/build.py

bench: $(READY) .venv-bench/.ready web  ## All benches beside their peers, as a table
	@.venv-bench/bin/partsong bench --all $(ARGS)

.venv-bench/.ready: pyproject.toml requirements/bench.txt
	@echo "· making .venv-bench with the peers"
	@$(UV) venv --quiet --python $(BIN)/python .venv-bench
	@$(UV) pip install --python .venv-bench/bin/python --quiet -r requirements/bench.txt -c requirements/pins-bench.txt
	@$(UV) pip install --python .venv-bench/bin/python --quiet --group dev -e '.[tls]' -c requirements/pins-bench.txt
	@touch $@

format: $(READY)  ## Put the code in order
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

clean:  ## Remove what make made
	rm -rf .venv .venv-bench .cache dist build web/node_modules src/partsong/hub/static
