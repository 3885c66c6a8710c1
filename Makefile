# One command sets everything up and runs the graph: make. The rest: make help.
.DEFAULT_GOAL := run
include tools/setup.mk

LOCK := uv pip compile pyproject.toml --group test --group data --universal --generate-hashes --no-emit-index-url --no-header

.PHONY: run test check lock wheel help

run: .venv/installed ## set up everything, bring every stage up to date, print the outcome
	@$(BIN)/interlock run

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
