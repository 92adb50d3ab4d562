# Backoffice: what a person or a machine does with this tree. `make` alone lists it.

PORT  ?= 8000
ARGS  ?=
VENV  := .venv
RUN   := $(VENV)/bin/python
STAMP := $(VENV)/.complete

.DEFAULT_GOAL := help
.PHONY: help env demo lint test bench night clean

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1	/p' Makefile

env: $(STAMP) ## the environment only: .venv with exactly what requirements.lock names

# The first Python that is new enough; uv where it is or can be had (seconds), else pip (a minute). Hashes are checked by both.
$(STAMP): requirements.lock
	@set -e; \
	for python in $(PYTHON) python3.11 python3.12 python3.13 python3; do \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	done; \
	test -n "$$python" || { echo "Python 3.11 or newer was not found. Name it: make env PYTHON=/path/to/python3" >&2; exit 1; }; \
	test -x $(RUN) || $$python -m venv $(VENV) || \
	    { rm -rf $(VENV); echo "$$python cannot make environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
	uv=$$(command -v uv || true); \
	test -n "$$uv" || { $(RUN) -m pip install --quiet --disable-pip-version-check uv 2>/dev/null && uv=$(VENV)/bin/uv; } || true; \
	{ test -n "$$uv" && "$$uv" pip install --quiet --python $(RUN) --compile-bytecode --require-hashes -r requirements.lock; } || \
	    $(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

demo: $(STAMP) ## the demo company on http://127.0.0.1:8000 (PORT=8001, ARGS="--scale 10")
	@exec $(RUN) manage.py demo --port $(PORT) $(ARGS)

lint: $(STAMP) ## style and the directions of imports
	@exec $(RUN) -m tests.gate --only style,directions

test: $(STAMP) ## everything, on SQLite and, where there is one, on PostgreSQL (ARGS="--only sqlite -k stock")
	@exec $(RUN) -m tests.gate $(ARGS)

bench: $(STAMP) ## the benchmark cases, one JSON line each
	@exec $(RUN) -m tests.postgres -- $(RUN) -m tests.bench $(ARGS)

night: $(STAMP) ## the long form of the tests: hours
	@exec $(RUN) -m tests.gate --night $(ARGS)

clean: ## remove what these commands made, except the data in var/
	@rm -rf $(VENV) staticfiles .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} + ; find . -name '*.mo' -delete
