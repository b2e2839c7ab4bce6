# make demo: see the main job done on real data.  make test: run the tests.  Both set up what they need.

WANTED := $(shell cat .python-version)
PYTHON ?= $(shell for one in python3 python$(WANTED) python3.13 python3.12; do \
	$$one -c 'import sys; sys.exit(sys.version_info[:2] != tuple(map(int, "$(WANTED)".split("."))))' \
	2>/dev/null && echo $$one && break; done || true)
ifeq ($(strip $(PYTHON)),)
PYTHON := $(shell for one in python3 python3.13 python3.12 python3.14; do \
	$$one -c 'import sys; sys.exit(sys.version_info[:2] < (3, 12))' 2>/dev/null && echo $$one && break; done || true)
endif

BIN   := .venv/bin
STAMP := .venv/.ready
DOCS  := .venv/.docs

.PHONY: setup demo test browser notebooks docs lint bench calibrate truth scores clean
.DEFAULT_GOAL := test

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(strip $(PYTHON))" || { echo "Python 3.12 or newer is needed, and none was found."; exit 1; }
	@echo "Setting up .venv; this takes a few minutes, once."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e ".[dev]"
	@touch $@

demo: $(STAMP)
	$(BIN)/python -m bayesfactor demo

# By as many workers as there are cores, four at most; WORKERS=1 for one.
WORKERS ?= auto

test: $(STAMP) browser
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder -p tests.support.workers

# What the tests of the report in a browser need; without it they are skipped, and say why.
browser:
	@command -v chromium > /dev/null && command -v chromedriver > /dev/null \
	|| { echo "Installing Chromium, in which the report is tested; this takes a minute, once."; \
	(apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium chromium-driver) > /dev/null 2>&1; } \
	|| echo "Chromium is not here and cannot be installed: the report is not tested in a browser."
	@test -f .cache/node_modules/axe-core/axe.min.js \
	|| npm install --silent --no-save --prefix .cache axe-core@4.14.1 > /dev/null 2>&1 \
	|| echo "axe-core is not here and cannot be installed: the report's accessibility is not tested."

$(DOCS): $(STAMP)
	@$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e ".[dev,docs]"
	@touch $@

# Run every notebook from its beginning, and keep what it shows.
notebooks: $(DOCS)
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace --ExecutePreprocessor.record_timing=False notebooks/*.ipynb

# The pages and notebooks as a website, in docs/_build; warnings are errors.
docs: $(DOCS)
	rm -rf docs/reference/api
	$(BIN)/sphinx-build -q -W --keep-going docs docs/_build

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e ".[dev,bench]"
	$(BIN)/python -m benchmarks

calibrate: $(STAMP)
	$(BIN)/python -m benchmarks.calibration
	$(BIN)/python -m benchmarks.moving_calibration
	$(BIN)/python -m benchmarks.premia

# Walk forward on real data, and write docs/truth.md; about half an hour.
truth: $(STAMP)
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e ".[dev,truth]"
	$(BIN)/python -m benchmarks.truth

# Score the presets beside other forecasts on real data, and write docs/scores.md; about half an hour.
scores: $(STAMP)
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e ".[dev,truth]"
	$(BIN)/python -m benchmarks.scores

clean:
	rm -rf .venv
