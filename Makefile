# Everything here sets itself up: a machine needs Python >= 3.11, make and a package index.
# A recipe that fails makes `make` itself exit with 2 and print the command's own code ("Error 1");
# `python -m stress` gives the code itself.

PYTHON ?= python3
# One environment per interpreter, so that `make PYTHON=python3.12 test` does not undo `make test`.
VENV ?= $(if $(filter python3,$(PYTHON)),.venv,.venv-$(notdir $(PYTHON)))
PY := $(VENV)/bin/python

WORKLOAD ?=
SCHEME ?=
STRATEGY ?=
EXECUTIONS ?=
MAX_EXECUTIONS ?=
RESUME ?=
SEED ?=
VCPUS ?=
REGISTRARS ?=
ENTRIES ?=
CALLS ?=
CROSS ?=
TRACE ?=
MODE ?=
SECONDS ?=
PROCESSES ?=
VERBOSE ?=
FILE ?=
SAMPLE ?=
ROW ?=
DETECT ?=
KEEP_GOING ?=

option = $(if $(strip $(2)),$(1) '$(strip $(2))')
flag = $(if $(filter-out 0 no false,$(strip $(2))),$(1))

SUBJECT = $(call option,--workload,$(WORKLOAD)) $(call option,--scheme,$(SCHEME)) \
	$(call option,--strategy,$(STRATEGY)) $(call option,--seed,$(SEED)) \
	$(call option,--vcpus,$(VCPUS)) $(call option,--registrars,$(REGISTRARS)) \
	$(call option,--entries,$(ENTRIES)) $(call option,--calls,$(CALLS)) \
	$(call option,--detect,$(DETECT)) $(call option,--trace,$(TRACE)) $(call flag,--cross,$(CROSS))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv stress verify mutants matrix regress reproduce replay test check lint types coverage bench determinism readme clean

help: ## show this list
	@echo 'racer: a race harness; the usual way in is `make stress`'
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20
	@echo
	@echo 'stress takes WORKLOAD= SCHEME= STRATEGY= EXECUTIONS= SEED= DETECT=all VCPUS= REGISTRARS= ENTRIES= CALLS='
	@echo '             CROSS=1 TRACE= MODE=free SECONDS= PROCESSES= VERBOSE=1; every target takes PYTHON=python3.12'
	@echo 'verify takes WORKLOAD=a..f SCHEME= ENTRIES= CALLS= MAX_EXECUTIONS= RESUME=1 PROCESSES= VERBOSE=1'
	@echo 'mutants takes SCHEME= SAMPLE= SEED= PROCESSES= VERBOSE=1; matrix takes ROW=B4,P1 SEED='
	@echo 'regress takes SCHEME= SEED= KEEP_GOING=1 PROCESSES='

# The test for the version comes first: an older interpreter fails in far stranger ways later on.
$(VENV)/.base: pyproject.toml
	@command -v '$(PYTHON)' >/dev/null || { echo "PYTHON=$(PYTHON): no such interpreter; racer needs Python >= 3.11" >&2; exit 2; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "PYTHON=$(PYTHON) is $$('$(PYTHON)' -V 2>&1); racer needs Python >= 3.11: make PYTHON=python3.12 ..." >&2; exit 2; }
	@echo "setting up $(VENV) with $$('$(PYTHON)' -V)"
	@# An environment that works is kept, so that a change of pyproject.toml does not take it from under a running command.
	@'$(PY)' -m pip --version >/dev/null 2>&1 || '$(PYTHON)' -m venv --clear '$(VENV)' || { echo "$(PYTHON) cannot make environments: is its venv module installed?" >&2; exit 2; }
	@'$(PY)' -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.base
	@'$(PY)' -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

$(VENV)/.dev: $(VENV)/.test
	@'$(PY)' -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(VENV)/.bench: $(VENV)/.base
	@'$(PY)' -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

venv: $(VENV)/.dev ## set up .venv (the other targets do it themselves)

stress: $(VENV)/.base ## every workload against every scheme, about a minute
	@'$(PY)' -m stress run $(SUBJECT) $(call option,--executions,$(EXECUTIONS)) $(call option,--mode,$(MODE)) \
		$(call option,--seconds,$(SECONDS)) $(call option,--processes,$(PROCESSES)) $(call flag,--verbose,$(VERBOSE))

verify: $(VENV)/.base ## a proof for small workloads: every interleaving of six under every scheme, some minutes
	@'$(PY)' -m stress verify $(call option,--workload,$(WORKLOAD)) $(call option,--scheme,$(SCHEME)) \
		$(call option,--max-executions,$(MAX_EXECUTIONS)) $(call option,--entries,$(ENTRIES)) $(call option,--calls,$(CALLS)) \
		$(call option,--processes,$(PROCESSES)) $(call flag,--resume,$(RESUME)) $(call flag,--verbose,$(VERBOSE))

mutants: $(VENV)/.base ## break a scheme in every small way there is: each has to be noticed; some minutes
	@'$(PY)' -m stress mutants $(call option,--scheme,$(SCHEME)) $(call option,--sample,$(SAMPLE)) \
		$(call option,--seed,$(SEED)) $(call option,--processes,$(PROCESSES)) $(call flag,--verbose,$(VERBOSE))

regress: $(VENV)/.base ## SCHEME=path.py:Class: every check of a scheme that was changed, under two minutes
	@'$(PY)' -m stress regress $(call option,--scheme,$(SCHEME)) $(call option,--seed,$(SEED)) \
		$(call flag,--keep-going,$(KEEP_GOING)) $(call option,--processes,$(PROCESSES))

matrix: $(VENV)/.base ## find every known bug of the code and write docs/bugs.md, some minutes
	@'$(PY)' -m stress matrix $(call option,--row,$(ROW)) $(call option,--seed,$(SEED)) \
		$(call option,--processes,$(PROCESSES))

reproduce: $(VENV)/.base ## WORKLOAD= SCHEME= SEED= [STRATEGY=]: one race again, from its seed
	@'$(PY)' -m stress reproduce $(SUBJECT)

replay: $(VENV)/.base ## FILE=: one execution again, from its schedule file
	@'$(PY)' -m stress replay $(call option,--workload,$(WORKLOAD)) $(call option,--scheme,$(SCHEME)) '$(FILE)'

test: $(VENV)/.test ## the tests
	@'$(PY)' -m pytest -q

lint: $(VENV)/.dev ## ruff
	@'$(PY)' -m ruff check .

types: $(VENV)/.dev ## mypy --strict
	@'$(PY)' -m mypy

check: lint types $(VENV)/.dev ## lint, types, tests
	@'$(PY)' -m pytest -q

coverage: $(VENV)/.dev ## tests with branch coverage
	@'$(PY)' -m coverage run -m pytest -q && '$(PY)' -m coverage report

bench: $(VENV)/.bench ## speed, as JSON and a table
	@'$(PY)' -m stress.bench

determinism: $(VENV)/.base ## one seed, 100 fresh processes, every Python >= 3.11 found: one digest
	@'$(PY)' -m stress.determinism

readme: $(VENV)/.base ## write what the README's commands print into it
	@'$(PY)' tools/readme.py

clean: ## remove environments, caches and .racer
	rm -rf .venv .venv-* .racer .mypy_cache .ruff_cache .pytest_cache .coverage htmlcov build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
