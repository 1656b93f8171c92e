# `make serve` and `make test` set up everything that they need: a machine with Python 3.11 or later, make and git is enough.
# Stamp files remember what is done, so that a second run starts at once.

VENV := .venv
PY := $(VENV)/bin/python
CLIENT := static/dist/.vite/manifest.json
CLIENT_SOURCES := $(wildcard static/*.json static/*.ts) $(shell find static/src static/build -type f 2>/dev/null)
ARGS ?= notebooks

.PHONY: help serve client test oracle bench format reference build clean
.NOTPARALLEL:

# node and npm may come from the venv; a caller's Python settings must not reach it.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export JUPYTER_PREFER_ENV_PATH := 1
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME JUPYTER_PATH

help:
	@echo "make serve      serve the example notebooks (make serve ARGS='path --port 9000' for others)"
	@echo "make client     build the web client"
	@echo "make test       every check and test"
	@echo "make oracle     compare generated notebooks with a fresh run of all cells, for long"
	@echo "make bench      the benchmarks"
	@echo "make format     format the code"
	@echo "make reference  write docs/reference.md"
	@echo "make build      wheel and sdist, in dist/"
	@echo "make clean      remove everything that was built"

serve: $(VENV)/.serve $(CLIENT)
	$(VENV)/bin/kernelapp serve $(ARGS)

client: $(CLIENT)

test: $(VENV)/.test $(CLIENT)
	.ci/checks

oracle: $(VENV)/.test
	$(PY) -m tests.oracle --events 10000

bench: $(VENV)/.test $(CLIENT)
	for benchmark in benchmarks/[a-z]*.py; do $(PY) -m "benchmarks.$$(basename "$$benchmark" .py)" || exit 1; done

format: $(VENV)/.test static/node_modules/.installed
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	cd static && npx biome check --write .

reference: $(VENV)/.serve
	$(PY) -m kernelapp.reference > docs/reference.md

build: $(VENV)/.python $(CLIENT)
	$(PY) -m pip install --quiet build
	$(PY) -m build --outdir dist

clean:
	rm -rf $(VENV) static/node_modules static/dist kernelapp/static dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The venv, with the first Python that will do. PYTHON=... names one.
$(VENV)/.python:
	@PATH="$${PATH#$(CURDIR)/$(VENV)/bin:}"; found=; for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	    if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "No Python 3.11 or later with venv and pip found (looked for: $(PYTHON) python3.13 python3.12 python3.11 python3)." >&2; \
	    echo "Install one (on Debian: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3" >&2; \
	    exit 1; \
	fi; \
	echo "$$("$$found" --version) in $(VENV)"; \
	"$$found" -m venv --clear $(VENV)
	$(PY) -m pip install --quiet --upgrade pip hatchling editables
	@touch $@

$(VENV)/.node: $(VENV)/.python hatch_build.py
	$(PY) hatch_build.py has-node || $(PY) -m pip install "$$($(PY) -c 'import hatch_build; print(hatch_build.NODE_WHEEL)')"
	@touch $@

static/node_modules/.installed: $(VENV)/.node static/package.json static/package-lock.json
	$(PY) hatch_build.py install
	@touch $@

$(CLIENT): static/node_modules/.installed $(CLIENT_SOURCES)
	$(PY) hatch_build.py build

# The editable install comes after the client, or it would build the client by itself.
$(VENV)/.serve: pyproject.toml hatch_build.py kernelapp/version.py | $(CLIENT)
	$(PY) -m pip install --quiet --no-build-isolation --editable '.[examples]'
	@touch $@

$(VENV)/.test: $(VENV)/.serve
	$(PY) -m pip install --quiet --no-build-isolation --editable '.[examples,test,widgets-test]'
	$(PY) -m bash_kernel.install --sys-prefix
	@touch $@
