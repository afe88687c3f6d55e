# The two commands of README: `make demo` and `make test`. Both make .venv and install what they need at the locked versions.
VENV := .venv
PIP := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock
SOURCES := $(shell find TACEResponse -name '*.py')

# CPython 3.11 or 3.12: the first of these that runs and is one of them. Override with `make demo PYTHON=/path/to/python`.
PYTHON ?= $(shell for python in python3.11 python3.12 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null && echo $$python && break; done)

.PHONY: demo test fuzz test-slicer lint phantom-cd self-check benchmarks clean

demo: $(VENV)/.installed
	@rm -rf out/demo
	@$(VENV)/bin/tace-response phantom --patients 1 --seed 9 --out out/demo/phantom
	@$(VENV)/bin/tace-response predict out/demo/phantom/manifest.csv --model phantom-cd --out out/demo/prediction

test: $(VENV)/.installed-test
	$(VENV)/bin/python -m pytest -n 2 --dist worksteal

# Damaged images, masks, models and tables: N of each, in processes with limits; fails on what is read wrong in silence and on crashes.
N ?= 2000
SEED ?= 0
fuzz: $(VENV)/.installed-test
	OMP_NUM_THREADS=1 $(VENV)/bin/python Testing/fuzz/run.py --count $(N) --seed $(SEED)

# The panel in a real Slicer, on a screen of its own: `make test-slicer SLICER=/path/to/Slicer`. Needs Xvfb; ends after 30 minutes at
# most, with the self-test's exit code. SCREENSHOTS=folder keeps the documentation's pictures.
SCREENSHOTS ?= $(CURDIR)/out/screenshots
test-slicer:
	@test -x "$(SLICER)" || { echo "Name Slicer's executable: make test-slicer SLICER=/path/to/Slicer" >&2; exit 2; }
	TACE_RESPONSE_SCREENSHOTS="$(SCREENSHOTS)" timeout --kill-after=30 1800 \
		xvfb-run --auto-servernum --server-args="-screen 0 1280x1024x24" \
		"$(SLICER)" --no-splash --testing --additional-module-paths "$(CURDIR)/TACEResponse" \
		--python-script "$(CURDIR)/TACEResponse/Scripts/self_test.py"

lint: $(VENV)/.installed-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy

# How trained_models/phantom-cd is made: 144 phantoms, their features, training; about 15 minutes on two cores.
phantom-cd: $(VENV)/.installed-test
	rm -rf out/phantom-cohort trained_models/phantom-cd
	$(VENV)/bin/tace-response phantom --patients 144 --seed 1 --out out/phantom-cohort
	$(VENV)/bin/tace-response extract out/phantom-cohort/manifest.csv --out out/phantom-cohort/features.csv
	$(VENV)/bin/tace-response train out/phantom-cohort/manifest.csv --features out/phantom-cohort/features.csv \
		--out out/trained_models/phantom-cd
	mv out/trained_models/phantom-cd trained_models/phantom-cd
	$(VENV)/bin/python Testing/tools/update_shipped_models.py

self-check: $(VENV)/.installed
	$(VENV)/bin/tace-response self-check

benchmarks: $(VENV)/.installed-test
	for benchmark in Testing/benchmarks/bench_*.py; do $(VENV)/bin/python $$benchmark || exit 1; done

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "CPython 3.11 or 3.12 is needed and was not found; name it with PYTHON=/path/to/python." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml requirements.lock | $(VENV)/bin/python
	$(PIP) setuptools wheel
	$(PIP) --no-build-isolation --editable .
	@$(VENV)/bin/python -m compileall -q TACEResponse/TACEResponseLib
	@touch $@

# PyRadiomics is the oracle of the tests. Its source distribution is the only one there is and needs a C compiler; its build script
# uses two names that Python 3.12 no longer has, which the sitecustomize.py of pyradiomics_build gives back. slicer-core is Slicer's
# MRML without its windows.
$(VENV)/.installed-test: $(VENV)/.installed
	$(PIP) --no-build-isolation --editable '.[train,test]'
	@PYTHONPATH=$(CURDIR)/Testing/tools/pyradiomics_build $(PIP) --no-build-isolation pyradiomics==3.0.1 || \
		echo "PyRadiomics could not be built (it needs a C compiler): the tests against it are skipped." >&2
	@$(PIP) slicer-core || \
		echo "There is no slicer-core wheel for this machine: the tests on real MRML are skipped." >&2
	@touch $@

clean:
	rm -rf $(VENV) out
