# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `make` alone prints what there is. Every target has a `##` text; `##@` starts a group.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:

TOOLS := collection/tools
BIN := .venv/bin
PYTHON_ENV := $(BIN)/python
PYTEST = $(BIN)/python -m pytest -q
# Only for tests that share nothing and measure nothing: one worker for each core.
SPREAD := --numprocesses auto --dist worksteal
# Everything that `make test` leaves out runs in `make test-all`, which sets MARKS to nothing, and STEADFAST_FULL for scenarios.
MARKS ?= not slow
LAB := molecule/lab/lab
# Where a stage needs root and we are not: without a terminal nobody could type a password.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo $(if $(CI),--non-interactive) --preserve-env)

export PYTHONDONTWRITEBYTECODE := 1
export ANSIBLE_INJECT_FACT_VARS := false
# A stage must not pick up collections or settings of the user's.
unexport ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH ANSIBLE_COLLECTIONS_PATHS ANSIBLE_ROLES_PATH PYTHONPATH

##@ See it work
.PHONY: help demo gameday
help: ## List the targets
	@awk -f $(TOOLS)/help.awk $(firstword $(MAKEFILE_LIST))

demo: prepare ## Two nodes, a VIP, three faults, a verdict: make demo [SYSTEM=heartbeat]
	@$(TOOLS)/demo $(or $(SYSTEM),heartbeat)

gameday: prepare ## Every fault of a system, one after the other: make gameday [SYSTEM=heartbeat]
	@$(TOOLS)/gameday $(or $(SYSTEM),heartbeat)

##@ Prepare
.PHONY: prepare prerequisites setup
prepare: prerequisites setup ## Everything a fresh Debian machine lacks (the other targets do this themselves)

prerequisites: ## Install missing Debian packages (sudo when not root)
	@$(TOOLS)/prerequisites

setup: prerequisites ## Make .venv with the pinned tools, link the checkout as steadfast.ha
	@$(TOOLS)/venv

##@ Check
.PHONY: test test-all lint unit simulation integration bench sanity molecule format
test: ## Everything below that a change must pass, cheap to dear, with a summary
	@python3 $(TOOLS)/stages.py setup build unit+lint+sanity simulation integration molecule

test-all: ## The same with the slow tests, all drills of every scenario, and on every Debian release
	@MARKS= RELEASE=all STEADFAST_FULL=1 python3 $(TOOLS)/stages.py setup build unit+lint+sanity simulation integration molecule

lint: setup ## Style, types, YAML, roles, shell, changelog
	@$(TOOLS)/lint

unit: setup ## Pure functions, recorded datagrams, the house rules
	@$(PYTEST) $(SPREAD) -m "$(MARKS)" tests/unit

simulation: setup ## Whole clusters on a virtual clock under seeded faults
	@$(PYTEST) $(SPREAD) -m "$(MARKS)" tests/simulation

integration: setup ## The real daemon in network namespaces (root)
	@$(AS_ROOT) $(PYTEST) -p no:cacheprovider -m "$(MARKS)" tests/integration

bench: setup ## Tight figures, for a quiet machine: writes the tables of docs/bench (root)
	@$(AS_ROOT) $(PYTEST) -p no:cacheprovider tests/bench

sanity: build ## ansible-test sanity on the built artefact
	@$(TOOLS)/sanity

molecule: build ## Real systemd nodes, the built artefact: make molecule [SCENARIO=heartbeat] [RELEASE=trixie|all]
	@STEADFAST_RELEASE=$(RELEASE) $(TOOLS)/scenarios $(SCENARIO)

format: setup ## Let ruff put the Python files into shape
	@$(BIN)/ruff check --quiet --fix . && $(BIN)/ruff format --quiet .

##@ Ship
.PHONY: build docs figures changelog release
build: setup ## The collection's artefact in build/, checked and installed into build/collections
	@$(PYTHON_ENV) $(TOOLS)/artefact.py build

figures: prepare build ## Example reports and the picture in docs/, from runs of now: make figures [SYSTEM=heartbeat] [PART=demo|gameday|full]
	@$(TOOLS)/figures $(or $(SYSTEM),heartbeat) $(PART)

docs: setup ## Write the variable tables of docs/roles from the argument specs
	@$(PYTHON_ENV) $(TOOLS)/role_docs.py write

changelog: setup ## Write CHANGELOG.md from changelogs/fragments
	@$(TOOLS)/changelog

release: ## Check, build and sign off a release; publishing stays a person's step
	@$(TOOLS)/release

##@ Clean up
.PHONY: clean
clean: ## Remove lab, build/, .venv and caches; list the Debian packages that stay
	@$(TOOLS)/clean
