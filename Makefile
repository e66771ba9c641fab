# One line each: what it does is in scripts that a person can read.
PYTHON ?= python3
BIN = .venv/bin
STAMP = .venv/.ready

# A newer processor as an ordinary one: AVX2, no bfloat16.
ORDINARY = ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 ZORKI_BFLOAT16=0

.PHONY: setup demo test check ordinary bench docs cards clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit('Zorki needs Python 3.11 or newer, this is %d.%d.' % sys.version_info[:2] if sys.version_info < (3, 11) else 0)"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[imagenet,dev]'
	touch $(STAMP)

demo: setup
	$(BIN)/python benchmarks/demo.py

check: setup
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

test: check ordinary
	$(BIN)/python -m pytest

# Where the processor is an ordinary one, everything runs like this anyway.
ordinary: setup
	if $(BIN)/python -c "from zorki.core import processor; raise SystemExit(not processor.bfloat16())"; then \
	$(ORDINARY) $(BIN)/python -m pytest tests/nets tests/pixels tests/painting tests/exciting tests/explaining tests/wings tests/style; \
	else echo 'This processor computes no bfloat16: all tests run as on an ordinary one.'; fi

bench: setup
	$(BIN)/python -m benchmarks.run
	$(ORDINARY) $(BIN)/python -m benchmarks.run drawing tour

docs: setup
	$(BIN)/python docs/build.py

cards: setup
	$(BIN)/python -m recipes.cards

clean:
	rm -rf .venv build dist *.egg-info
