# Two commands from a fresh clone: `make reproduce` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: reproduce test test-slow lint setup setup-dev clean

reproduce: setup          ## set up, then figure 1 at laptop scale
	$(BIN)/retrodict reproduce fig1 --scale laptop --out runs

test: setup-dev lint      ## lint, types, import arrows, fast tests
	$(BIN)/python -m pytest

test-slow: setup-dev      ## the tests that take minutes
	$(BIN)/python -m pytest -m slow

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

setup: $(VENV)/.ready
setup-dev: $(VENV)/.ready-dev

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV)
