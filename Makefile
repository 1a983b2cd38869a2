# Thin: each target makes .venv where it is missing, installs what it needs, and runs one thing.
# The stamp files keep the second call quick; they age with what an install copies.

PYTHON ?= python3
JOBS ?= 2
PIP_FLAGS ?=
VENV := .venv
BIN := $(VENV)/bin
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
INSTALLED := pyproject.toml $(wildcard kernels/tensorlab/*)

# The kernelspec says a bare "python", which must be the one of the environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: tour test lab lint notebooks browser bench fuzz clean venv

# make tour ARGS="--image FILE --output FILE"
tour: $(VENV)/.stamp-tour
	$(BIN)/tensorlab tour $(ARGS)

lab: $(VENV)/.stamp-tour
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks $(ARGS)

test: lint
	$(BIN)/python -m pytest --nbval --nbval-cell-timeout=120 --nbval-sanitize-with notebooks/sanitize.cfg $(NOTEBOOKS)
	$(BIN)/python -m pytest tests --numprocesses $(JOBS) --dist loadfile $(ARGS)

lint: $(VENV)/.stamp-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright
	$(BIN)/lint-imports

# What the magics show, in Chromium (`make test` runs it too, where there is one). The pictures: build/browser.
browser: $(VENV)/.stamp-test
	$(BIN)/python -m pytest tests/browser $(ARGS)

# One thread each: tensorlab's loops, PyTorch (see tests/benchmarks/conftest.py), and NumPy's BLAS by this variable.
# make bench ARGS="--benchmark-json FILE"
bench: $(VENV)/.stamp-test
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest tests/benchmarks -q --benchmark-quiet $(ARGS) \
	  -o python_files='bench_*.py' -o python_functions='bench_*'

# Random programs, run in every way there is; what disagrees is printed as a program: make fuzz ARGS="--seconds 600 --seed N"
fuzz: $(VENV)/.stamp-test
	$(BIN)/python tests/jit/fuzz_run.py $(ARGS)

# Runs the notebooks again and keeps the new outputs: for when what they show has changed. One at a time: nbconvert would
# run all of them on the kernel that the first one names.
notebooks: $(VENV)/.stamp-test
	for notebook in $(NOTEBOOKS); do \
	  $(BIN)/jupyter nbconvert --to notebook --execute --inplace --ExecutePreprocessor.record_timing=False \
	    $$notebook || exit; done

# An environment with everything also serves the tour.
$(VENV)/.stamp-tour: $(INSTALLED) | $(BIN)/pip
	$(BIN)/python -m pip install --quiet $(PIP_FLAGS) --editable '.[lab,serve]'
	@touch $@

$(VENV)/.stamp-test: $(INSTALLED) | $(BIN)/pip
	$(BIN)/python -m pip install --quiet $(PIP_FLAGS) --editable '.[lab,serve,test]'
	@touch $@ $(VENV)/.stamp-tour

venv: $(BIN)/pip

$(BIN)/pip:
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo 'tensorlab: $(PYTHON) cannot make a virtual environment; on Debian: apt install python3-venv' >&2; exit 1; }

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
