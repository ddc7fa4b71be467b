# Everything runs in .venv, which is made once: a second run of any target needs no network.
# PYTHON= names an interpreter; without it, the first one that is new enough is taken.

PORT ?= 8787
CONFIG ?=
EXAMPLES ?= ci
ARGS ?=
BIN := .venv/bin
# Tests start many programs: none has to compile again what the last one compiled.
unexport PYTHONDONTWRITEBYTECODE
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)

.PHONY: help install serve test check bench bench-peers flame growth scaling soak fuzz

help:
	@echo 'make serve   start the FastAPI example on 127.0.0.1:$(PORT), answered by the mock provider (PORT=, CONFIG=)'
	@echo 'make test    run the whole suite, and hold the core to full coverage'
	@echo 'make check   ruff, mypy, import contracts'
	@echo 'make growth  measure how costs grow with targets, keys, configs, bodies and streams'
	@echo 'make scaling simulate what 1 to 1,000 workers share, and what each learns by itself'
	@echo 'make bench   measure; make soak: run long'
	@echo 'make fuzz    search for inputs that break a reader, led by coverage (ARGS="--seconds 10 --targets sse host")'
	@echo 'make faults  play all that can go wrong with an upstream below ten servers'
	@echo 'make bench-peers   measure next to Portkey, LiteLLM, TensorZero and nginx (ARGS=--verdicts; ARGS=--help)'
	@echo 'make flame   draw where CPU goes into docs/flame-*.svg'
	@echo 'make install make .venv, with everything in it'

install: .venv/.test

serve: .venv/.serve
	@sed 's/8787/$(PORT)/' examples/curl.sh
	@DEMO_PUBLIC=1 GATEWAYMW_CONFIG='$(CONFIG)' $(BIN)/python -m uvicorn --app-dir examples/fastapi app:app --port $(PORT)

# nginx is put into .peers once, if the system has none: the transports are tried before it.
test: .venv/.test
	cd bench && ../$(BIN)/python -m peers.install nginx
	HYPOTHESIS_PROFILE=$(EXAMPLES) $(BIN)/python -m pytest --cov --cov-report=
	$(BIN)/python -m coverage report --fail-under=100

check: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.test
	$(BIN)/python bench/run.py

# The others are fetched into .peers, each into an environment of its own, by this target alone.
bench-peers: .venv/.test
	cd bench && ../$(BIN)/python -m peers.run $(ARGS)

# Samples by py-spy, which has an environment of its own in .peers as well.
flame: .venv/.test
	$(BIN)/python bench/flame.py --write $(ARGS)

growth: .venv/.test
	$(BIN)/python bench/growth.py $(ARGS)

# A simulation: the same each time, on any machine. ARGS=--write puts it into docs/scaling.md.
scaling: .venv/.test
	$(BIN)/python bench/scaling.py $(ARGS)

faults: .venv/.test
	$(BIN)/python tests/faults/run.py

soak: .venv/.test
	$(BIN)/python bench/soak.py

fuzz: .venv/.test .venv/.fuzz
	$(BIN)/python tests/faults/fuzz.py $(ARGS)
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest tests/core tests/config/test_laws.py tests/faults/test_fuzz.py --timeout 0

.venv/.serve: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	@touch $@

.venv/.test: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@ .venv/.serve

# Not for each Python is there a wheel of atheris: without one, hypothesis alone searches.
.venv/.fuzz: pyproject.toml | .venv/.test
	@$(BIN)/python -m pip install --quiet --only-binary atheris --editable '.[fuzz]' && touch $@ \
		|| echo 'atheris cannot be installed here: nothing is searched by coverage' >&2

# Debian's python3 may come without ensurepip: then the system's own pip is asked to put one in.
.venv/bin/python:
	@{ test -n '$(PYTHON)' && $(PYTHON) -c '$(NEW_ENOUGH)'; } 2>/dev/null || { \
		echo 'gatewaymw needs Python 3.11 or newer, which $(or $(PYTHON),python3) is not.' >&2; \
		echo 'Name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)' >&2; exit 1; }
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || { $(PYTHON) -m venv --clear --without-pip .venv \
		&& $(PYTHON) -m pip --python $@ install --quiet pip; } || { rm -rf .venv; \
		echo 'This Python can make no environment with pip in it. On Debian and Ubuntu: apt install python3-venv' >&2; exit 1; }
