# Each target does all its own set-up: a virtual environment in .venv with exactly the packages of requirements.lock.
# Needs make and Python 3.11 or newer. Options go in by name: make report MONTH=2026-08, make bench AREA=forecast.

SOURCE  ?= data/sample
MONTH   ?= 2026-09
OUT     ?= reports
AREA    ?=
OPTIONS ?=
PYTHON3 ?=

PY       := .venv/bin/python
SALESOPS := .venv/bin/salesops
READY    := .venv/.installed
PYTEST   := $(PY) -m pytest -n 2 --dist loadscope -p no:benchmark --nbval-lax tests notebooks

.DEFAULT_GOAL := help
.PHONY: help report test test-all bench lab sample dictionary lint lock clean broken

help: ## what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "make %-11s %s\n", $$1, $$2}'

report: $(READY) data/sample/company.toml ## the monthly report of the sample company (SOURCE=, MONTH=, OUT=, OPTIONS=)
	@$(SALESOPS) report "$(SOURCE)" --month "$(MONTH)" --out "$(OUT)" $(OPTIONS)

test: $(READY) data/sample/company.toml ## style, tests on two processes, every notebook by nbval
	@$(PY) -m ruff check .
	@$(PYTEST) -m "not slow"

test-all: $(READY) data/sample/company.toml ## the same with the long simulations, and new random examples
	@$(PY) -m ruff check .
	@$(PYTEST) --hypothesis-profile=new

bench: $(READY) data/sample/company.toml ## benchmarks against their goals, to bench.json (AREA=run, data, kpis, reps, forecast, pay or plan)
	@$(PY) tests/benchmarks/run.py $(AREA)

lab: $(READY) data/sample/company.toml ## JupyterLab on the notebooks
	@$(PY) -m jupyterlab notebooks $(if $(filter 0,$(shell id -u)),--allow-root)

sample: $(READY) ## the sample company anew, in data/sample
	@$(SALESOPS) sample data/sample

dictionary: $(READY) ## the data dictionary anew, data/README.md
	@$(SALESOPS) dictionary data/README.md

lint: $(READY) ## style, stripped notebooks, notebook structure; changes nothing
	@$(PY) -m ruff check .
	@$(PY) -m nbstripout --keep-id --verify notebooks/*.ipynb
	@$(PY) tests/notebooks/structure.py notebooks/*.ipynb

lock: $(READY) ## requirements.lock anew from pyproject.toml (fetches uv)
	@$(PY) -m pip install --quiet uv
	@$(PY) -m uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --quiet -o requirements.lock

clean: ## forget the environment, reports and caches
	rm -rf .venv reports bench.json .benchmarks .pytest_cache .ruff_cache .hypothesis

data/sample/company.toml: | $(READY)
	@$(SALESOPS) sample data/sample

# No stamp, or an environment that does not answer or belongs to another folder: it is made from nothing.
# A stamp older than the lock: the environment is brought up to date.
SOUND := $(PY) -P -c "import os, pip, salesops_helpers as s; assert os.path.samefile(s.__path__[0], 'salesops_helpers')"
ifneq ($(shell $(SOUND) >/dev/null 2>&1 || echo broken),)
$(READY): broken
endif

$(READY): requirements.lock pyproject.toml
	@set -e; \
	if [ ! -f $@ ] || ! $(SOUND) >/dev/null 2>&1; then \
	  python=""; \
	  for p in $(PYTHON3) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	    if $$p -c "import sys; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1; then python=$$p; break; fi; \
	  done; \
	  if [ -z "$$python" ]; then echo "No Python 3.11 or newer on the PATH: install one, or name it with PYTHON3=/path/to/python3" >&2; exit 1; fi; \
	  if ! $$python -c "import venv, ensurepip" >/dev/null 2>&1; then echo "$$python cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; fi; \
	  echo "Making .venv with the locked packages: some minutes, once"; \
	  rm -f $@; if [ -L .venv ]; then rm .venv; fi; $$python -m venv --clear .venv; \
	fi; \
	rm -f $@; \
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	touch $@
