# Every target does its own set-up first, and only what is missing of it. `make help` lists them.
PYTHON := $(or $(INCIDENTS_PYTHON),python3)
BIN := .venv/bin
STAMP := .venv/.set-up
# Test files side by side, each row of them with an engine of its own: most of a test is waiting for one. The end-to-end
# stories run side by side by themselves, and alone: they are whole machines.
JOBS := 3

.DEFAULT_GOAL := help
.PHONY: help setup run test test-redrive check bench lock clean venv engine

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) engine ## virtual environment, pinned dependencies, Temporal engine (run, test and check do it too)

run: setup ## engine, worker, bridge and a practice world; plays one incident; stays up until Ctrl-C
	@$(BIN)/incidents up $(ARGS)

test: setup ## all tests, on a real engine (ARGS="tests/policy -k ack" for some)
	@$(if $(ARGS),$(BIN)/pytest $(ARGS),$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --ignore tests/e2e && $(BIN)/pytest tests/e2e)

test-redrive: setup ## re-drives at length, on both engines (CASES=all is the whole product; without, some thousand of it)
	@REDRIVE_CASES="$(or $(CASES),2000)" $(BIN)/pytest tests/redrive -s -W ignore --log-level=CRITICAL $(ARGS)
	@REDRIVE_CASES="$(or $(CASES),2000)" $(BIN)/python -m tests.redrive.other_engine $(BIN)/pytest tests/redrive -s -W ignore --log-level=CRITICAL $(ARGS)

check: setup ## format, lint, types, and which part may import which
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## alert to page under load, beside the bare engine's floor
	@$(BIN)/python -m bench $(ARGS)

# One install at a time and nothing unpinned: the build tool is in the lock file too, so no isolated build fetches one.
$(STAMP): requirements.lock pyproject.toml
	@$(MAKE) --no-print-directory venv
	@echo "set-up: installing the pinned dependencies (about a minute the first time) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
	@echo "set-up: done, in .venv"

venv:
	@command -v $(PYTHON) >/dev/null || { echo "set-up: no $(PYTHON) here. Install Python 3.11 or newer (Debian: apt-get install python3 python3-venv), or name one: make setup INCIDENTS_PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "set-up: $(PYTHON) is $$($(PYTHON) -V), 3.11 or newer is needed. Name another: make setup INCIDENTS_PYTHON=/path/to/python3" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "set-up: $(PYTHON) cannot make virtual environments. Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "set-up: making .venv with $$($(PYTHON) -V) …"; $(PYTHON) -m venv --clear .venv; }

engine: $(STAMP)
	@test -x $(BIN)/temporal || $(BIN)/python -m worker.engine ensure

lock: ## resolve dependencies anew into the lock files
	@command -v uv >/dev/null || { echo "lock: no uv here. Install it, for instance: $(PYTHON) -m pip install uv" >&2; exit 1; }
	echo 'setuptools>=77' | $(LOCK) --extra dev -o requirements.lock pyproject.toml -
	echo 'setuptools>=77' | $(LOCK) -o requirements-runtime.lock pyproject.toml -
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header $(UPGRADE)

clean: ## forget the set-up and all caches of this folder (the engine's own cache and INCIDENTS_HOME stay)
	rm -rf .venv build ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .schemathesis
