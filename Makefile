# Two commands on a fresh machine do everything: make capture, make test. 'make help' lists the rest.
# On Windows, README.md has the same in plain pip.
# Real audio loses blocks where other tests want the processor: only where the system grants the
# audio server real time do the others run beside the tests of devices.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INPUTS := pyproject.toml constraints.txt
# Of a process each: JACK's library, once its server has died under it, is not to be trusted.
DEVICE_TESTS := tests/devices tests/player/test_performance.py
# Real audio, terminals and killed processes may lose to the machine that they are on: what fails is
# tried once more, and the summary names it as a rerun.
AGAIN := --reruns 1 -rfER
BESIDE := $(shell chrt --fifo 10 true 2>/dev/null && echo -j2)

.PHONY: help capture test test-devices test-others test-slow slowest lint types format check docs player wheel clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

capture: $(VENV)/.installed ## Install, then capture the built-in amp with real guitar.
	$(BIN)/rig capture rig.yaml

test: $(VENV)/.installed-test ## Install, then run the tests, without those that take minutes.
	$(MAKE) $(BESIDE) test-devices test-others

test-devices: $(VENV)/.installed-test ## Run the tests of devices.
	$(BIN)/python -m pytest -m "not slow" $(AGAIN) tests/devices
	$(BIN)/python -m pytest -m "not slow" $(AGAIN) tests/player/test_performance.py

# Files in the order of their names: with those first that hold most tests, long ones with few tests
# are left for the end, where one processor has nothing to do.
test-others: $(VENV)/.installed-test ## Run all other tests; what they say comes at their end.
	@nice -n 19 $(BIN)/python -m pytest -m "not slow" $(AGAIN) $(DEVICE_TESTS:%=--ignore=%) \
	  -n 2 --dist loadfile --no-loadscope-reorder >.test-others.log 2>&1; found=$$?; cat .test-others.log; rm -f .test-others.log; exit $$found

test-slow: $(VENV)/.installed-test ## Run the tests that take minutes, those of a Ray cluster among them.
	$(BIN)/pip install --quiet -c constraints.txt -e ".[ray]"
	$(BIN)/python -m pytest -m slow

slowest: $(VENV)/.installed-test ## Run the tests but those of devices, and list the ten slowest.
	$(BIN)/python -m pytest -m "not slow" $(DEVICE_TESTS:%=--ignore=%) --durations=10

lint: $(VENV)/.installed-dev ## Check style, format and spelling.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

types: $(VENV)/.installed-dev ## Check types.
	$(BIN)/mypy

format: $(VENV)/.installed-dev ## Mend style and format where a machine can.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint types test ## Check what must pass before a change lands: lint, types, test.

docs: $(VENV)/.installed-dev ## Write anew what is generated in docs/.
	$(BIN)/python -m tools.make_reference
	$(BIN)/python -m tools.picture

player: $(VENV)/.installed ## Compile what plays models in a report (needs clang and lld).
	$(BIN)/python -m tools.make_player

wheel: $(VENV)/.installed-dev ## Build the wheel and the source archive into dist/.
	$(BIN)/python -m build

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

clean: ## Remove everything that was installed or built here.
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
