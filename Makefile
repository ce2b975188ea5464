# Needs Python >= 3.11 and GNU make. Tools go into .tools and .venv, nowhere else.
UV := $(if $(shell command -v uv),uv,.tools/bin/uv)
PY := .venv/bin/python
INSTALL := $(UV) pip install --quiet --python $(PY)
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

# Every branch of these is covered, by these tests.
WHOLE := */journal.py,*/streams.py,*/engines/fields.py,*/server/live.py
COVERING := $(wildcard tests/unit/test_*fields.py tests/unit/test_json_*.py tests/unit/test_xml_*.py) \
	$(patsubst %,tests/unit/test_%.py,admission allowance followers frames journal merge pulse reader streams transcript writer) \
	$(patsubst %,tests/integration/test_server_%.py,live rest viewers)

# A worker for each core, up to four; a file's tests stay together, and so do their servers and browsers.
SPREAD := --numprocesses=auto --maxprocesses=4 --dist=loadfile

# What the dashboard is built from; folders, too, for what is removed from them.
DASHBOARD := tools/dashboard.py $(shell find dashboard/ \( -name node_modules -o -name testing \) -prune -o ! -name '*.test.*' -print)

.DEFAULT_GOAL := help
.PHONY: help demo dashboard test test-long coverage mutate check bench bench-dashboard soak protocol docs lock clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 18

demo: .venv/.runtime ## Watch eight agents stream side by side (ARGS="--terminal": in the terminal)
	@$(PY) -m flock demo $(ARGS)

dashboard: .venv/.dev ## Build the dashboard, or say why that fails
	@$(PY) tools/dashboard.py build

test: check ## Check everything, then run every test (ARGS="-k journal": some of Python's)
	@$(PY) tools/dashboard.py run test
	@chromium=$$(tools/chromium.sh) && export FLOCK_CHROMIUM="$$chromium" && \
	{ $(PY) -m pytest $(SPREAD) -m "not long and not alone" $(ARGS) || [ $$? -eq 5 ]; } && \
	{ $(PY) -m pytest -m alone $(ARGS) || [ $$? -eq 5 ]; }

test-long: .venv/.dev ## Run the long tests: ten minutes of soak, 10,000 cuts, compared measurements
	@chromium=$$(tools/chromium.sh) && FLOCK_CHROMIUM="$$chromium" $(PY) -m pytest -m long -rP $(ARGS)

coverage: .venv/.dev ## Measure branch coverage; fails where a file that must be covered whole is not
	@$(PY) -m coverage run -m pytest -q $(COVERING)
	@$(PY) -m coverage report
	@$(PY) -m coverage report --fail-under=100 --include='$(WHOLE)'

mutate: .venv/.mutation ## Change the streaming core a little, again and again, and see what the tests notice
	@$(PY) tools/mutation.py $(ARGS)

check: .venv/.dev ## Lint, formatting, types, layers, of the dashboard, too
	$(PY) -m ruff check --quiet .
	$(PY) -m ruff format --check --quiet .
	$(PY) -m mypy --no-error-summary
	.venv/bin/lint-imports --no-logo
	$(PY) tools/dashboard.py run check

bench: .venv/.bench ## Measure the streaming path and write docs/performance.md (ARGS=--check: hold it to its bounds)
	@$(PY) -m benchmarks $(ARGS)

bench-dashboard: .venv/.dev ## Measure the dashboard in a browser, take its pictures, write both into docs/ (ARGS="--only cut")
	@chromium=$$(tools/chromium.sh) && FLOCK_CHROMIUM="$$chromium" $(PY) -m benchmarks.dashboard $(ARGS)

soak: .venv/.dev ## Let a watched flock work for an hour, and measure its memory (ARGS="--minutes 10": shorter)
	@$(PY) -m benchmarks.soak $(ARGS)

protocol: .venv/.dev ## Write the dashboard's wire types from the server's events and bodies
	@$(PY) tools/protocol.py

docs: .venv/.docs ## Build the documentation into site/
	@$(PY) -m zensical build --strict

lock: | $(filter .tools/%,$(UV)) ## Compile the pinned requirements anew (ARGS=--upgrade: to the newest versions)
	$(COMPILE) $(ARGS) pyproject.toml --group dev --output-file requirements-dev.txt
	$(COMPILE) $(ARGS) pyproject.toml --constraint requirements-dev.txt --output-file requirements.txt
	$(COMPILE) $(ARGS) --group bench --constraint requirements-dev.txt --output-file requirements-bench.txt
	$(COMPILE) $(ARGS) --group docs --constraint requirements-dev.txt --output-file requirements-docs.txt
	$(COMPILE) $(ARGS) --group mutation --constraint requirements-dev.txt --output-file requirements-mutation.txt
	$(COMPILE) $(ARGS) --group tools --constraint requirements-dev.txt --output-file requirements-tools.txt

clean: ## Remove what the other targets made
	rm -rf dashboard/node_modules src/flock/server/static .venv .tools .cache .*_cache .hypothesis dist site mutants .coverage

.tools/bin/uv: requirements-tools.txt
	@tools/uv.sh

.venv/bin/python: | $(filter .tools/%,$(UV))
	@$(UV) venv --quiet --allow-existing .venv

.venv/.runtime: requirements.txt requirements-tools.txt pyproject.toml src/flock/version.py $(DASHBOARD) | .venv/bin/python
	@echo "Installing the pinned requirements into .venv"
	@$(INSTALL) --require-hashes --requirements requirements.txt
	@$(INSTALL) --no-deps --build-constraints requirements-tools.txt --editable .
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	@$(INSTALL) --require-hashes --requirements requirements-dev.txt
	@touch $@

.venv/.mutation: requirements-mutation.txt .venv/.dev
	@$(INSTALL) --require-hashes --requirements requirements-mutation.txt
	@touch $@

.venv/.bench: requirements-bench.txt .venv/.dev
	@$(INSTALL) --require-hashes --requirements requirements-bench.txt
	@touch $@

.venv/.docs: requirements-docs.txt | .venv/bin/python
	@$(INSTALL) --require-hashes --requirements requirements-docs.txt
	@touch $@
