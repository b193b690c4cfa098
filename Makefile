# What a newcomer types. Every target prepares what it needs; nothing has to be installed first but Python 3.11.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
# Two workers pay only on long suites; `make test WORKERS=0` runs in one process, with a debugger at hand.
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run setup venv runtime test proof pictures check security bench lock clean

help: ## says what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: runtime ## starts the portal with a made-up community on http://127.0.0.1:8000 (PORT=...)
	@PORT=$(PORT) exec $(BIN)/portal run

setup: venv ## makes .venv with everything that tests and development need, and installs the tests' peers
	@$(PYTHON) tools/peers.py

venv:
	@$(PYTHON) tools/environment.py development

runtime:
	@$(PYTHON) tools/environment.py runtime

test: setup ## proves the portal, on SQLite and PostgreSQL, within ten minutes
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "not proof" $(ARGS)

proof: setup ## runs the long proofs
	@$(BIN)/python -m pytest -m proof $(ARGS)

pictures: setup ## walks the journeys and keeps a picture of every page, wide and narrow, in var/screenshots
	@PORTAL_PICTURES=1 $(BIN)/python -m pytest tests/journeys $(ARGS)

check: venv ## reads the code: lint, types, imports, templates, migrations, the tree
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --no-cache
	@$(BIN)/python -m tools.check

security: venv ## scans the portal with Wapiti and sqlmap, after they have found planted faults (docs/security.md)
	@$(BIN)/python -m tools.security_scan $(ARGS)

bench: venv ## measures, prints a table and writes var/bench.json
	@$(BIN)/python -m bench.run $(ARGS)

lock: ## writes the locks anew
	@$(PYTHON) tools/lock.py $(ARGS)

clean: ## removes .venv, caches and everything under var/, the local database too
	rm -rf .venv tests/peers/*/node_modules var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
