# How `make` finds a Python and sets up .venv: the same in the repository of interlock and in every project made by it.
SHELL := /bin/sh
PYTHON ?=
BIN := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# The first Python that is new enough, or the one that PYTHON names.
FIND := found=; for p in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && found=$$p && break; done; \
	[ -n "$$found" ] || { echo "error: no Python 3.11 or later is on the PATH" >&2; \
	  echo "  → install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }

# An environment that was copied or moved here points to where it was.
ifneq "$(shell sed -n 2p .venv/installed 2>/dev/null)" "$(CURDIR)"
.PHONY: .venv/installed
endif

.venv/installed: requirements.txt pyproject.toml
	@$(FIND); "$$found" tools/install.py
