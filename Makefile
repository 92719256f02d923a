# What people and CI run. Needs Python 3.11+ and make; `make test` also uses Java 17+ and Maven where they are.

VENV := .venv
BIN := $(VENV)/bin
PIP := -m pip --disable-pip-version-check
INSTALL := $(BIN)/python $(PIP) install --quiet --constraint constraints.txt --editable
CODE := detectors sinks stream serving dashboard scripts benchmarks tests

# A PYTHON that somebody chose is taken as it is; otherwise the first that is new enough.
ifeq ($(origin PYTHON),undefined)
PYTHONS := python3 python3.13 python3.12 python3.11
else
PYTHONS := $(PYTHON)
endif

.DEFAULT_GOAL := help
.PHONY: help demo test test-aws test-browser soak screenshots chaos check lint unit bench profile bench-quality bench-incidents bench-geography bench-invocations bench-explain constraints clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-18s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.demo ## show it at work; CSV=file, SUMMARY=file and KEEP=1 (stay up afterwards) are optional
	@$(BIN)/riskstream demo $(if $(CSV),--csv "$(CSV)") $(if $(SUMMARY),--summary "$(SUMMARY)") $(if $(KEEP),--keep)

test: $(VENV)/.dev ## run all tests; those on a real Apache Kafka only where Java 17+ and Maven are installed
	@$(BIN)/python -m pytest tests

test-aws: $(VENV)/.dev ## run the tests on emulators of AWS; JSON=file writes what they measured
	@$(if $(JSON),rm -f "$(JSON)")
	@RISKSTREAM_AWS_JSON="$(if $(JSON),$(abspath $(JSON)))" $(BIN)/python -m pytest tests/aws

test-browser: $(VENV)/.dev ## run the tests of the dashboard in Chromium; JSON=file writes what they measured
	@$(if $(JSON),rm -f "$(JSON)")
	@RISKSTREAM_BROWSER_JSON="$(if $(JSON),$(abspath $(JSON)))" $(BIN)/python -m pytest tests/browser

soak: $(VENV)/.dev ## 1,000 alerts a minute on an open dashboard, for MINUTES (5), and what that costs; JSON=file is optional
	@$(BIN)/python -m tests.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(JSON),--json "$(JSON)")

screenshots: $(VENV)/.dev ## take the pictures of the README anew, from a demo of their own
	@$(BIN)/python -m tests.screenshots

chaos: $(VENV)/.dev ## kill workers by the plan of a SEED, and see what is lost; KILLS=20 VARIANT=outage|poison LOGS=dir
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(KILLS),--kills $(KILLS)) \
		$(if $(VARIANT),--variant $(VARIANT)) $(if $(LOGS),--logs "$(LOGS)")

check: lint unit ## format, lint, types, import contracts, unit tests

lint: $(VENV)/.dev ## check without the unit tests
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

unit: $(VENV)/.dev ## run the unit tests
	@$(BIN)/python -m pytest tests/unit

bench: $(VENV)/.dev ## measure speed beside rivals on a real Apache Kafka; JSON=file and ONLY=part,part are optional
	@$(BIN)/python -m benchmarks.speed $(if $(JSON),--json "$(JSON)") $(if $(ONLY),--only "$(ONLY)")

profile: $(VENV)/.dev ## where a worker's CPU time goes, on a real Apache Kafka; OUT=file.svg NATIVE=1 are optional
	@$(BIN)/python -m benchmarks.profile $(if $(OUT),--out "$(OUT)") $(if $(NATIVE),--native)

bench-quality: $(VENV)/.dev ## detection on the handbook's protocol; TRANSACTIONS=file TRAIN_START=date JSON=file SCORES=file
	@$(BIN)/python -m benchmarks.quality --transactions "$(TRANSACTIONS)" --train-start "$(TRAIN_START)" \
		$(if $(WEEKS),--weeks $(WEEKS)) $(if $(JSON),--json "$(JSON)") $(if $(SCORES),--scores "$(SCORES)")

bench-incidents: $(VENV)/.dev ## incidents injected into the bank CSV; TRANSACTIONS=file JSON=file are optional
	@$(BIN)/python -m benchmarks.incidents $(if $(TRANSACTIONS),--transactions "$(TRANSACTIONS)") $(if $(JSON),--json "$(JSON)")

bench-geography: $(VENV)/.dev ## what places and addresses are worth, on simulated traffic; JSON=file
	@$(BIN)/python -m benchmarks.geography $(if $(JSON),--json "$(JSON)")

bench-invocations: $(VENV)/.dev ## how long the SageMaker container takes over 1, 100 and 1,000 rows; JSON=file
	@$(BIN)/python -m benchmarks.invocations $(if $(JSON),--json "$(JSON)")

bench-explain: $(VENV)/.dev ## how fast, faithful and stable explanations are, beside LIME as it comes; JSON=file
	@$(BIN)/python -m benchmarks.explain $(if $(JSON),--json "$(JSON)")

constraints: $(VENV)/.made ## renew constraints.txt from the newest versions that pyproject.toml allows
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && \
	$(BIN)/python -m venv "$$scratch" && \
	"$$scratch/bin/python" $(PIP) install --quiet --editable '.[dev]' && \
	{ echo '# Every version that `.[dev]` was tested with. Written by `make constraints`; not edited by hand.' && \
	  "$$scratch/bin/python" $(PIP) freeze --exclude-editable; } > "$$scratch/constraints.txt" && \
	cp "$$scratch/constraints.txt" constraints.txt

clean: ## remove the virtual environment and all caches
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info

# Stamp files: an install is repeated only when what it rests on has changed.

$(VENV)/.demo: $(VENV)/.made pyproject.toml constraints.txt
	@echo 'Installing into $(VENV): once, a minute or two.'
	@$(INSTALL) '.[demo]'
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml constraints.txt
	@echo 'Installing into $(VENV), with what the tests need: once, a minute or two.'
	@$(INSTALL) '.[dev]'
	@touch $@ $(VENV)/.demo

$(VENV)/.made:
	@for candidate in $(PYTHONS); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			python=$$candidate; break; \
		fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'Python 3.11 or newer is needed; tried: $(PYTHONS).' >&2; \
		echo 'Install it, or say where it is: make PYTHON=/path/to/python3 ...' >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; \
	fi; \
	"$$python" -m venv $(VENV)
	@touch $@
