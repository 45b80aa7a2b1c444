# Everything a developer or a build server does here. `make` alone lists it.
#
#   PYTHON=…   the interpreter that .venv is made with (3.11 or newer)
#   ARGS=…     passed on by run, test, bench and faults: make test ARGS="tests/unit -x"
#   JOBS=…     test processes

PYTHON ?= $(shell command -v python3.11 || command -v python3)
JOBS ?= 2
BIN := .venv/bin
INSTALLED := .venv/.installed
# The plugin does nothing unless REQUIRE_SERVICES is set.
PYTEST := $(BIN)/python -m pytest -p tests.architecture.service_skips

.DEFAULT_GOAL := help
.PHONY: help setup run test check format lock bench faults clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) ## .venv with exactly what requirements.lock says, and the git hooks

# uv is quick, pip is everywhere: uv from the PATH, else the locked uv through pip, else pip alone.
# Compiled at once: where PYTHONDONTWRITEBYTECODE is set, every start would compile the libraries again (2 s).
$(INSTALLED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed: make setup PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@uv=uv; \
	if ! uv --version >/dev/null 2>&1; then \
		uv=$(BIN)/uv; \
		awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements.lock > .venv/uv.txt; \
		$(BIN)/python -m pip install --quiet --require-hashes -r .venv/uv.txt; \
	fi; \
	$$uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock || \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@if [ -z "$$CI" ] && [ "$$(git rev-parse --show-toplevel 2>/dev/null)" = "$$(pwd -P)" ]; then \
		$(BIN)/pre-commit install >/dev/null 2>&1 || echo "The git hooks could not be installed; all else works."; \
	fi
	@touch $@

run: setup ## Carillon in one process: API, worker and scheduler
	@exec $(BIN)/python -m app $(ARGS)

test: setup ## every test but the nightly ones; REQUIRE_SERVICES=1 refuses to skip
	@$(PYTEST) -n $(JOBS) --dist loadfile $(ARGS) 2>&1

check: setup ## format, lint, types, layers; prints the sizes
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	@$(BIN)/python -m tests.architecture.sizes

format: setup ## rewrite the code the way check wants it
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock: setup ## requirements.lock anew from pyproject.toml; UPGRADE=1 takes newer versions
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --quiet \
		--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) --output-file requirements.lock

bench: setup ## every benchmark of tests/bench, as ratios to a peer; ARGS=--full takes the large sizes
	@failed=; for file in tests/bench/bench_*.py; do \
		name=$$(basename $$file .py); echo "== $$name"; \
		$(BIN)/python -m tests.bench.$$name $(ARGS) || failed="$$failed $$name"; echo; \
	done; test -z "$$failed" || { echo "Without figures:$$failed" >&2; exit 1; }

faults: setup ## kill, cut and starve it: tests/faults, the nightly ones included
	@if [ -d tests/faults ]; then $(PYTEST) -m "" tests/faults $(ARGS); \
	else echo "There is no fault test yet: tests/faults does not exist."; fi

clean: ## remove what tools left behind; .venv and data stay
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .schemathesis build dist
	find app application domain infrastructure tests -name __pycache__ -type d -prune -exec rm -rf {} +
