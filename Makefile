# Two commands on a fresh machine do everything: make capture, make test.
# On Windows, README.md has the same in plain pip.
# Tests of devices run alone: real audio loses blocks where other tests want the processor.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INPUTS := pyproject.toml constraints.txt

.PHONY: capture test test-slow lint types clean

capture: $(VENV)/.installed
	$(BIN)/rig capture rig.yaml

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m "not slow" --ignore=tests/devices -n 2 --dist loadfile
	$(BIN)/python -m pytest -m "not slow" tests/devices

test-slow: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(INPUTS) | $(BIN)/python
	$(BIN)/pip install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/.installed-test: $(INPUTS) | $(BIN)/python
	$(BIN)/pip install --quiet -c constraints.txt -e ".[test]"
	touch $@ $(VENV)/.installed

$(VENV)/.installed-dev: $(INPUTS) | $(BIN)/python
	$(BIN)/pip install --quiet -c constraints.txt -e ".[test,dev]"
	touch $@ $(VENV)/.installed $(VENV)/.installed-test

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
