# One line each: what it does is in scripts that a person can read.
PYTHON ?= python3
BIN = .venv/bin
STAMP = .venv/.ready

# A newer processor as an ordinary one: AVX2, no bfloat16.
ORDINARY = ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 ZORKI_BFLOAT16=0

# Two processes of one thread each: what is small gains nothing from a second thread. A file's tests stay together, so what they share is made
# once. In the end the slowest are named. `make test PROCESSES=0`: one after the other, in this process.
PROCESSES ?= 2
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder --durations 50 --durations-min 5

# Whose numbers depend on the processor: what draws with nets that zorki opened, in bfloat16 where there is one, and the passes that ask for it.
# All else computes in float32 everywhere.
ASKING = $(addprefix tests/, exciting painting/test_brushwork.py painting/test_painter.py style/test_apply.py style/test_from.py \
	style/test_photo.py style/test_train.py style/test_transfer.py $(addprefix nets/test_, brush.py fused.py lite_rough.py winograd.py) \
	$(addprefix pixels/test_, boards.py climb.py driver.py) \
	$(addprefix wings/test_, atlas.py classify.py directions.py dream.py eye.py filters.py globals.py lite.py maps.py patches.py threads.py))

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
	$(PYTEST)

# Where the processor is an ordinary one, everything runs like this anyway.
ordinary: setup
	if $(BIN)/python -c "from zorki.core import processor; raise SystemExit(not processor.bfloat16())"; then \
	$(ORDINARY) $(PYTEST) $(ASKING); \
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
