# What a person types. Every command that needs Python makes its environment first (once, in .venv).
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
PYTHON := $(VENV)/bin/python
READY := $(VENV)/.ready
# Two test processes: each has its own PostgreSQL (tests/support/cluster.py).
TEST_PROCESSES ?= 2
PYTEST_ARGS ?=
ARGS ?=

.PHONY: help setup chromium demo test soak lint sure bench clean docs coverage-table constraints hooks clients

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## the product with demo data on http://127.0.0.1:8000; Ctrl+C stops it
	@exec $(VENV)/bin/huying demo $(ARGS)

test: $(READY) chromium clients ## all tests (PYTEST_ARGS="tests/unit -k plates" for some)
	$(PYTHON) -m pytest -n $(TEST_PROCESSES) --dist worksteal $(PYTEST_ARGS)

soak: $(READY) ## 10,000 schedules of misfortunes for the offline sync, with printed seeds (takes an hour or more)
	HUYING_SCHEDULES=10000 $(PYTHON) -m pytest -s -q tests/worker/test_sync_machine.py -k schedules $(PYTEST_ARGS)

lint: $(READY) ## ruff, types, import contracts
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

sure: lint test ## everything that must pass before a change is handed in

bench: $(READY) ## the figures, each with its bound (ARGS="plates sync" for some; all take half an hour)
	$(PYTHON) -m benchmarks $(ARGS)

docs: $(READY) ## write the generated pages: docs/workflow.md
	$(PYTHON) -m tools.workflow_page --write

coverage-table: $(READY) ## which mechanism of docs/mechanisms.md is proven by which tests
	@$(PYTHON) -m tools.coverage_table $(ARGS)

setup: $(READY) ## only the environment

hooks: $(READY) ## run the linters at every git commit
	$(VENV)/bin/pre-commit install

constraints: $(READY) ## pin anew what pyproject.toml allows
	sh tools/pin.sh

clean: ## remove the environment, caches and demo data
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist var
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt
	@sh tools/setup.sh $(VENV)
	@touch $(READY)

chromium:
	@sh tools/chromium.sh

clients:
	@sh tools/clients.sh
