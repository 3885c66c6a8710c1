# One command sets everything up and runs the graph: make. The rest: make help.
.DEFAULT_GOAL := run
SHELL := /bin/sh
PYTHON ?=
BIN := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)

LOCK := uv pip compile pyproject.toml --group test --group data --universal --generate-hashes --no-emit-index-url --no-header

# The first Python that is new enough, or the one that PYTHON names.
FIND := found=; for p in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && found=$$p && break; done; \
	[ -n "$$found" ] || { echo "error: no Python 3.11 or later is on the PATH" >&2; \
	  echo "  → install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }

# An environment that was copied or moved here points to where it was.
ifneq "$(shell sed -n 2p .venv/installed 2>/dev/null)" "$(CURDIR)"
.PHONY: .venv/installed
endif

.PHONY: run test check lock wheel help

run: .venv/installed ## set up everything, bring every stage up to date, print the outcome
	@$(BIN)/interlock run

.venv/installed: requirements.txt pyproject.toml
	@$(FIND); "$$found" tools/install.py

check: .venv/installed ## this project's own checks: params, pins, deps, docs, sources, dvc.lock and the remote are up to date
	@$(BIN)/interlock check

test: .venv/installed ## lint, types, architecture, and every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interlock compose --check
	$(BIN)/interlock pins --check
	$(BIN)/pytest -n 2 --dist worksteal

lock: .venv/installed ## lock what pyproject.toml asks for, then pins.yaml; the newest of all: make lock UPGRADE=--upgrade
	$(BIN)/$(LOCK) $(UPGRADE) --quiet --output-file requirements.txt
	$(BIN)/python -m tools.lock
	$(BIN)/interlock pins

wheel: .venv/installed ## the library as a wheel for a team's own project, in dist/
	@$(BIN)/python -m interlock.scaffold.running

help: ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-6s %s\n", $$1, $$2}' Makefile
