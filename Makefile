# Two commands from a fresh clone: `make reproduce` and `make test`.
# With another Python, or packages in another place: `make reproduce PYTHON=python3.12 VENV=DIR`.
VENV   ?= .venv
BIN    := $(subst $() ,\ ,$(VENV))/bin

# The Python that is asked for; else the one that was, if it is new enough; else python3.
PYTHON ?= $(if $(filter new,$(call look,$(VENV)/bin/python)),$(VENV)/bin/python,python3)
LOOK   := import sys; v = sys.version_info; print("%s Python %d.%d" % ("old" if v < (3, 11) else "new", v[0], v[1]))
look    = $(shell "$(1)" -E -c '$(LOOK)' 2>/dev/null)
require_python = $(if $(filter new,$(call look,$(PYTHON))),,$(error $(PYTHON) \
	$(or $(patsubst old,is,$(call look,$(PYTHON))),cannot be run); Python 3.11 or newer is \
	needed, say where it is: make $(or $(MAKECMDGOALS),reproduce) PYTHON=python3.12))

# What a shell sets for the Python of other projects is not for this one.
unexport $(filter-out PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED,$(filter PYTHON%,$(.VARIABLES)))

# Two at a time. BLAS threads of two processes would wait for each other, spinning: one each.
TESTS  := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile
SHAPES := --jaxtyping-packages=retrodict,beartype.beartype

.PHONY: reproduce test test-fast test-slow test-portable lint setup setup-dev clean

reproduce: setup          ## set up, then figure 1 at laptop scale
	$(BIN)/retrodict reproduce fig1 --scale laptop --out runs

test: setup-dev lint      ## lint, types, import arrows, all tests but the slow ones
	$(TESTS) -m "not slow and shapes" $(SHAPES)
	$(TESTS) -m "not slow and not shapes"

test-fast: setup-dev      ## what one runs while editing: under a minute
	$(TESTS) -m "not slow and not seconds"

test-slow: setup-dev      ## the tests that take minutes
	$(TESTS) -m slow

test-portable: setup-dev  ## the fast tests in surroundings unlike this one
	$(BIN)/python tests/surroundings.py

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

setup:                    ## makes VENV, or mends it
	$(require_python)@"$(PYTHON)" .ci/set_up.py "$(VENV)"

setup-dev: setup
	@"$(PYTHON)" .ci/set_up.py "$(VENV)" dev

clean:
	rm -rf "$(VENV)"
