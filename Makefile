# FinML in two commands: `make run` serves the dashboard, `make test` checks everything.

PYTHON ?= python3.11
PORT ?= 8501
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint format bench clean

run: $(VENV)/run.done ## install, prepare the store, serve the dashboard (PORT=8501)
	@$(BIN)/python scripts/check_system.py
	@$(BIN)/python -m finml_core prepare
	@echo "FinML is at http://localhost:$(PORT)  (Ctrl-C stops it)"
	@$(BIN)/streamlit run app.py --server.port $(PORT)

test: $(VENV)/test.done lint ## install, lint, run every test, the browser's included
	@sh scripts/install_chromium.sh
	@$(BIN)/python scripts/check_system.py
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(VENV)/test.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: $(VENV)/test.done
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/test.done ## ratios against named peers, printed, never asserted
	@for file in tests/benchmarks/*.py; do echo "== $$file"; $(BIN)/python -m tests.benchmarks.$$(basename $$file .py) || exit 1; done

$(VENV)/run.done: requirements.txt constraints.txt | $(VENV)/pip.done
	@echo "Installing what FinML needs into $(VENV) (a few minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet -r requirements.txt -c constraints.txt
	@touch $@

$(VENV)/test.done: requirements-dev.txt requirements.txt constraints.txt | $(VENV)/pip.done
	@echo "Installing what the tests need into $(VENV) (a few minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet -r requirements-dev.txt -c constraints.txt
	@touch $@ $(VENV)/run.done

$(VENV)/pip.done:
	@command -v $(PYTHON) >/dev/null || { echo "FinML needs Python 3.11: install it, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Creating $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

clean: ## remove the environment and caches; bars, runs and trials in data/ stay
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
