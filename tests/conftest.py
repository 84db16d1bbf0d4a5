"""Fixtures of all tests. A test that uses `database` runs twice: on SQLite and on PostgreSQL."""

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache, FileSystemBytecodeCache

from petition import create_app
from petition.abuse.rate_limits import WINDOW
from petition.core import clock
from petition.web.support.image_cache import ImageCache
from tests import databases
from tests.browsing import Client, browser
from tests.compiled_rules import CompiledRule
from tests.factories import SITE, MakeApp, make_petition
from tests.post_office import PostOffice


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of `make emails`."""
    parser.addoption("--write-emails", action="store_true", help="write tests/mails again")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of tests that the accessibility statement is about."""
    config.addinivalue_line(
        "markers", "accessibility_statement(id): tests this check of the accessibility statement"
    )


def pytest_collection_finish() -> None:
    """Do as a web process does after its start: what is loaded by now is never garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_this_machine() -> None:
    for name in [name for name in os.environ if name.startswith("PETITION_")]:
        del os.environ[name]


@pytest.fixture(scope="session", autouse=True)
def _rules_compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "url_rule_class", CompiledRule)
        yield


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Stop the clock of the site, so that everything falls into one window of the rate limits."""
    now = clock.now()
    left = WINDOW - timedelta(seconds=now.timestamp() % WINDOW.total_seconds())
    time = now - max(timedelta(minutes=1) - left, timedelta())  # and not into its last minute
    monkeypatch.setattr(clock, "datetime", SimpleNamespace(now=lambda _zone: time))
    return time


@pytest.fixture(scope="session")
def sqlite_source(tmp_path_factory: pytest.TempPathFactory) -> databases.Source:
    """Return the source of SQLite files."""
    return databases.SQLiteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[databases.Source]:
    """Return the source of PostgreSQL databases."""
    with databases.postgresql(tmp_path_factory.mktemp("postgresql")) as server:
        yield server


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of a new, migrated database."""
    source: databases.Source = request.getfixturevalue(f"{request.param}_source")
    uri = source.new(tmp_path)
    yield uri
    source.end(uri)


@pytest.fixture
def post_office() -> Iterator[PostOffice]:
    """Return a running SMTP server."""
    with PostOffice() as office:
        yield office


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """Return the compiled templates: the applications of all tests compile each once."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def make_app(
    database: str, post_office: PostOffice, tmp_path: Path, compiled_templates: BytecodeCache
) -> Iterator[MakeApp]:
    """Return a function that makes an application with settings on the test's database."""

    def make(**settings: Any) -> Flask:
        app = create_app(
            {
                "INSTANCE_PATH": str(tmp_path),
                "SECRET_KEY": databases.SECRET_KEY,
                "SITE_URL": SITE,
                "SQLALCHEMY_DATABASE_URI": database,
                "MAIL_SERVER": "127.0.0.1",
                "MAIL_PORT": post_office.port,
                "CHECK_MX": False,  # the tests' domains are not in the DNS
                "MIN_FORM_SECONDS": 0,
                "RATELIMIT_ENABLED": False,
                "TOR_EXITS": "",  # no test sends a request to the Tor project
                **settings,
            }
        )
        app.jinja_env.bytecode_cache = compiled_templates
        # Time stands still for the drawings: none is refused because this machine is slow.
        app.extensions["image_cache"] = ImageCache(tmp_path / "artwork", cpu_timer=lambda: 0.0)
        return apps.enter_context(databases.disconnecting(databases.without_fsync(app)))

    with ExitStack() as apps:
        yield make


@pytest.fixture
def app(make_app: MakeApp) -> Iterator[Flask]:
    """Return the application, its context pushed."""
    app = make_app()
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> Client:
    """Return a client that keeps no cookie, as the public."""
    return browser(app, use_cookies=False)


@pytest.fixture
def petition(app: Flask) -> str:
    """Return the slug of an open petition in English and Russian."""
    return make_petition()
