# `make demo` and `make test` need Python 3.11 or newer with pip, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-all test-models check fix clean

demo: $(VENV)/.installed
	@$(BIN)/python examples/demo.py

# Tests make hundreds of small databases: on a disk they wait half of their time, in memory they do not.
ROOMY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 { print "/dev/shm" }')
test test-all: export TMPDIR := $(or $(ROOMY),$(TMPDIR),/tmp)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -q

test-all: export COMMONPLACE_TEST_KILLS := 20
test-all: .venv-all/.installed
	.venv-all/bin/python -m pytest -q

# Pretrained families against their own libraries. They need torchvision, which comes with the CUDA build alone (6 GB).
test-models: .venv-models/.installed
	.venv-models/bin/python -m pytest -q tests/encoders/test_families.py

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .venv-all .venv-models .demo

# A stamp per environment: pyproject.toml decides when it is made again.
$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(None if sys.version_info >= (3, 11) else 'commonplace needs Python 3.11 or newer; this is ' + sys.version.split()[0] + '. Name another: make demo PYTHON=python3.12')"
	@echo "Setting up $(VENV): about 550 MB, a minute or two."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

# The CPU build of torch where one is offered: the newest one brings several GB of CUDA.
TORCH ?= torch==2.13.0

.venv-all/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-all
	.venv-all/bin/python -m pip install --quiet --disable-pip-version-check $(TORCH) --editable '.[dev,train,servers,parquet]'
	touch $@

.venv-models/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-models
	.venv-models/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,train,clip,transformers,sentence-transformers]'
	touch $@
