# Everything here runs in .venv, which the first command makes. Light commands install only what tagging needs.
PYTHON ?= python3
DOCS ?= examples
RECIPE ?= data/recipes/corpus.toml
DATASET ?= build/dataset
RUN ?= build/run
MODEL ?= models/default
TEACHER ?=
MODEL3 ?=
SECONDS ?= 300
SETTINGS ?= benchmarks/compare/settings.toml
EVAL ?=
POOL ?=
GOLD := data/gold/test.jsonl data/gold/everyday.jsonl data/gold/long.jsonl

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# Of files from elsewhere only totals are shown, and their use is logged. A path that does not exist counts as elsewhere.
inside = $(filter $(realpath $(1))/%,$(realpath $(2)))
known = $(or $(call inside,data/gold,$(1)),$(wildcard $(1)/aikind.json))
elsewhere = $(foreach file,$(EVAL),$(if $(call $(1),$(file)),,$(file)))
here = $(call inside,.,$(1))
EVAL_OPTIONS = $(if $(call elsewhere,known),--totals-only) $(if $(call elsewhere,here),--log benchmarks/evaluations.jsonl)

.PHONY: help tag test lint docs licences wheel-check dataset train export evaluate compare behaviour bench load clean
.DEFAULT_GOAL := help

help: ## List these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

.venv/light: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) -e .
	@touch $@

.venv/dev: .venv/light
	$(PIP) -e '.[dev]'
	@touch $@

tag: .venv/light ## Tag the documents in DOCS=folder; prints a table and writes tags.jsonl
	$(BIN)/aikind tag $(DOCS) -o tags.jsonl --table

test: .venv/dev ## Install what the tests need, and run them all
	$(BIN)/python -m pytest

lint: .venv/dev ## Check style (ruff), types (mypy), the Dockerfile (hadolint), Compose file and workflow (their schemas)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@rm -rf build/types && mkdir -p build/types/aikind
	@ln -s $(CURDIR)/aikind/* build/types/aikind/
	@for folder in data train serve annotate models; do ln -s $(CURDIR)/$$folder build/types/aikind/$$folder; done
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml

docs: .venv/dev ## Write docs/cli.md anew from the help of the commands
	$(BIN)/python tools/cli_reference.py > docs/cli.md

licences: .venv/dev ## Write THIRD_PARTY.md anew; installs every extra
	$(PIP) -e '.[dev,remote]'
	$(BIN)/python tools/third_party.py > THIRD_PARTY.md

wheel-check: ## Build the wheel, and tag with it in an empty environment of PYTHON=python3.11
	tools/wheel_check.sh $(PYTHON)

dataset: .venv/dev ## Build RECIPE=file into DATASET=folder
	$(BIN)/aikind dataset build $(RECIPE) -o $(DATASET)

train: .venv/dev ## Fine-tune on DATASET; started again after a kill, it goes on
	@test -d $(DATASET) || $(MAKE) dataset
	$(BIN)/aikind model train $(DATASET) -o $(RUN)

export: .venv/dev ## Export RUN to build/model: int8 ONNX, calibrated and checked
	$(BIN)/aikind model export $(RUN) -o build/model

evaluate: .venv/dev ## Measure MODEL=folder on the gold files, or on EVAL=file, with baselines beside it
	@test -d $(DATASET) || $(MAKE) dataset
	$(BIN)/aikind model evaluate $(MODEL) $(or $(EVAL),$(GOLD)) --baselines $(DATASET) -o build/evaluation $(EVAL_OPTIONS)

compare: .venv/dev ## Train peers (fastText, SetFit and others) on DATASET and set them beside MODEL, RUN, TEACHER= and MODEL3=
	@test -d $(DATASET) || $(MAKE) dataset
	$(BIN)/python -m benchmarks.compare $(DATASET) $(EVAL) --model $(MODEL) --run $(RUN) --settings $(SETTINGS) \
	  $(if $(TEACHER),--teacher $(TEACHER)) $(if $(MODEL3),--model3 $(MODEL3)) --log benchmarks/evaluations.jsonl

behaviour: .venv/dev ## Measure how MODEL=folder behaves; writes build/behaviour.json and .md
	$(BIN)/python -m tests.behaviour $(MODEL) -o build/behaviour.json

bench: .venv/dev ## Time aikind beside peers and the machine, on POOL=folder of *.jsonl.gz, else on the corpus
	$(BIN)/python -m benchmarks.bench $(if $(POOL),--pool $(POOL))

load: .venv/dev ## Overload aikind serve for SECONDS, and see that it sheds, stays quick and recovers
	$(BIN)/python benchmarks/service_load.py --seconds $(SECONDS)

clean: ## Delete what these commands made
	rm -rf .venv build tags.jsonl *.egg-info .mypy_cache .ruff_cache .pytest_cache
