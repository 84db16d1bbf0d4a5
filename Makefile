# `make help` lists the targets.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 5000
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin

CATALOGUES := $(wildcard petition/translations/*/LC_MESSAGES/messages.po)
COMPILED := $(CATALOGUES:.po=.mo)
TEMPLATE := petition/translations/messages.pot
EXTRACT := $(BIN)/pybabel --quiet extract --mapping-file pyproject.toml --no-location --sort-output \
	--project petition --copyright-holder "the petition site" --msgid-bugs-address ""

PYTEST := $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder  # some tests wait: four keep two processors busy
UNMEASURED := postgresql or browser or test_fuzz

LOCK := $(VENV)/locking/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url --extra postgresql

.DEFAULT_GOAL := help
.PHONY: help run install serve test coverage check lint types imports catalogues bench timing audit browser lighthouse screenshots emails language lock translations clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*  ## /  make \1 - /p' $(MAKEFILE_LIST) | expand -t 24

run: $(VENV)/runtime $(COMPILED)  ## run a trial site: secret key, database, sample petition, web server and mail worker
	@$(BIN)/flask setup
	@export PETITION_SITE_URL="$${PETITION_SITE_URL:-http://$(if $(filter 0.0.0.0,$(HOST)),127.0.0.1,$(HOST)):$(PORT)}"; \
	exec $(BIN)/flask serve --trial --workers 1 --host $(HOST) --port $(PORT)

install: $(VENV)/runtime $(COMPILED)  ## install what the site needs, without running it

serve: $(VENV)/runtime $(COMPILED)  ## run the site in production: requires PETITION_SECRET_KEY, _SITE_URL and _MAIL_SERVER
	@exec $(BIN)/flask serve --host $(HOST) --port $(PORT) --workers $(WORKERS)

test: $(VENV)/development $(COMPILED) browser  ## run the whole suite, on SQLite and PostgreSQL, in a real browser
	$(PYTEST) $(TESTS)

# Measured in full, the suite would take half as long again, and random inputs would count.
coverage: $(VENV)/development $(COMPILED) browser  ## run the whole suite, with the branch coverage of its SQLite half
	$(PYTEST) -k "not ($(UNMEASURED))" --cov --cov-report=term
	$(PYTEST) -k "$(UNMEASURED)"

check: lint types imports catalogues audit coverage  ## run all checks, as CI does

lint: $(VENV)/development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --quiet --lint templates

types: $(VENV)/development
	$(BIN)/mypy

imports: $(VENV)/development
	$(BIN)/lint-imports

catalogues: $(VENV)/development
	@$(EXTRACT) --output-file $(VENV)/messages.pot .
	@$(BIN)/python tests/catalogues.py $(VENV)/messages.pot $(CATALOGUES)

bench: $(VENV)/development $(COMPILED)  ## measure speed, as ratios to a bare Flask page in the same run
	$(BIN)/python -m tests.bench

timing: $(VENV)/development $(COMPILED)  ## measure whether response times reveal if an address has signed
	$(BIN)/python -m tests.bench.timing

audit: $(VENV)/development  ## look up known vulnerabilities of the dependencies, if the database can be reached
	@$(BIN)/python -m tests.audit requirements.lock

browser: $(VENV)/development
	@$(BIN)/python -m tests.browser.install
	@$(BIN)/python -m tests.programs

lighthouse: $(VENV)/development $(COMPILED) browser  ## run Lighthouse (mobile, throttled) on the petition page; requires npx
	@$(BIN)/python -m tests.browser.lighthouse

screenshots: $(VENV)/development $(COMPILED) browser  ## take the pictures in docs/screenshots again
	$(BIN)/python -m tests.browser.screenshots

emails: $(VENV)/development $(COMPILED)  ## write every email in every language to tests/mails again, for reviewers to read
	$(BIN)/pytest --quiet tests/test_emails.py --write-emails

translations: $(VENV)/development  ## update the catalogues from the code
	$(EXTRACT) --output-file $(TEMPLATE) .
	for catalogue in $(CATALOGUES); do \
		language=$$(basename $$(dirname $$(dirname $$catalogue))); \
		$(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete --input-file $(TEMPLATE) --output-file $$catalogue --locale $$language; \
	done
	$(MAKE) $(COMPILED)

language: $(VENV)/development  ## create the catalogue of a language: make language LANGUAGE=uk
	$(BIN)/pybabel --quiet init --input-file $(TEMPLATE) --output-dir petition/translations --locale $(LANGUAGE)
	@echo "now translate petition/translations/$(LANGUAGE)/LC_MESSAGES/messages.po; see docs/languages.md"

lock:  ## resolve the lock files again: name, version and hash, no host
	$(PYTHON) -m venv $(VENV)/locking && $(VENV)/locking/bin/pip install --quiet uv
	$(LOCK) --output-file requirements.lock pyproject.toml
	$(LOCK) --group dev --constraints requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:  ## remove what make created, except instance/
	rm -rf $(VENV) $(COMPILED) .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "this needs Python 3.11 or newer; name one with PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/runtime: requirements.lock | $(VENV)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

$(VENV)/development: requirements-dev.lock $(VENV)/runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

%.mo: %.po | $(VENV)/runtime
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@
