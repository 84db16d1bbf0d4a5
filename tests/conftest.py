"""What every test may ask for. A test that asks for the database runs twice: on SQLite and on
PostgreSQL.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextvars import Context
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from petition import create_app
from petition.abuse.rate_limits import WINDOW
from petition.cli.service import worker_for
from petition.core import tokens
from petition.core.clock import now
from petition.database.base import db
from petition.petitions import lifecycle, petition_file
from tests import databases
from tests.post_office import PostOffice

SITE = "https://petition.example.org"
TODAY = datetime(2016, 5, 26, 12, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of tests that the accessibility statement is about."""
    config.addinivalue_line(
        "markers", "accessibility_statement(id): tests this check of the accessibility statement"
    )


def in_one_window(seconds: float, of: timedelta = WINDOW) -> None:
    """Wait for the next window of the clock if this one ends within so many seconds: limits count
    in such windows, and what takes that long is to be counted in one.
    """
    left = of.total_seconds() - now().timestamp() % of.total_seconds()
    if left < seconds:
        time.sleep(left)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_this_machine() -> None:
    for name in [name for name in os.environ if name.startswith("PETITION_")]:
        del os.environ[name]


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
    office = PostOffice()
    office.start()
    yield office
    office.stop()


MakeApp = Callable[..., Flask]


@pytest.fixture
def make_app(database: str, post_office: PostOffice, tmp_path: Path) -> Iterator[MakeApp]:
    """Return what makes an application on the test's database; settings may be named."""
    made: list[Flask] = []

    def make(**settings: Any) -> Flask:
        app = create_app(
            {
                "INSTANCE_PATH": str(tmp_path),
                "SECRET_KEY": databases.SECRET_KEY,
                "SITE_URL": SITE,
                "SQLALCHEMY_DATABASE_URI": database,
                "MAIL_SERVER": "127.0.0.1",
                "MAIL_PORT": post_office.port,
                "CHECK_MX": False,  # the addresses of the tests are in no DNS
                "MIN_FORM_SECONDS": 0,
                "RATELIMIT_ENABLED": False,
                "TOR_EXITS": "",  # no test asks the Tor project
                **settings,
            }
        )
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def app(make_app: MakeApp) -> Iterator[Flask]:
    """Return the application, its context pushed."""
    app = make_app()
    with app.app_context():
        yield app


class Client(FlaskClient):
    """A browser without JavaScript that keeps no cookie unless it is told to."""

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        """Ask under the site's own name, in a context of its own: a test's must not shine
        through.
        """
        options.setdefault("base_url", SITE)
        options.setdefault("buffered", True)
        return Context().run(super().open, *arguments, **options)


def browser(app: Flask, **options: Any) -> Client:
    """Return a client of the application."""
    app.test_client_class = Client
    client = app.test_client(**options)
    assert isinstance(client, Client)
    return client


@pytest.fixture
def client(app: Flask) -> Client:
    """Return a client that keeps no cookie, as the public."""
    return browser(app, use_cookies=False)


@pytest.fixture
def petition(app: Flask) -> str:
    """Return the slug of an open petition in English and Russian."""
    return make_petition()


def make_petition(slug: str = "free-them", **changes: Any) -> str:
    """Keep a petition and return its slug."""
    text = {
        "title": "Free them",
        "target": "the Government",
        "lede": "They are in prison for what they said.",
        "letter": "We **ask** you to free them.",
        "story": "They spoke.",
        "share": "Sign for their freedom:",
        "demands": ["Free them.", "Let others speak."],
    }
    russian = text | {"title": "Свободу им", "target": "Правительство"}
    written = {
        "slug": slug,
        "state": "open",
        "source_language": "en",
        "organiser": "The committee",
        "contact": "committee@example.org",
        "text": {"en": text, "ru": russian},
    }
    kept = petition_file.parse(written | changes)
    lifecycle.create(kept, now=TODAY)
    return kept.slug


def filled(**changes: str | None) -> dict[str, str]:
    """Return the fields of a good form; None leaves one out."""
    fields: dict[str, str | None] = {
        "name": "Anna Berg",
        "email": "anna@example.org",
        "country": "SE",
        "consent": "yes",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def deliver(app: Flask) -> int:
    """Run the mail worker over what is due, over real SMTP, and return how many letters it
    settled.
    """
    db.session.rollback()  # the worker begins with no snapshot of earlier
    return worker_for(app).work_off(Event())


def signed(client: FlaskClient, post_office: PostOffice, slug: str, **changes: str | None) -> str:
    """Sign and return the path of the link in the mail that came."""
    before = len(post_office.arrived)
    answer = client.post(f"/p/{slug}/sign", data=filled(**changes))
    assert answer.status_code == 303, answer.text
    deliver(client.application)
    return path_of(post_office.wait_for(before + 1)[-1].link)


def confirmed(
    client: FlaskClient, post_office: PostOffice, slug: str, **changes: str | None
) -> str:
    """Sign, confirm, and return the path of the thank-you page."""
    answer = client.post(signed(client, post_office, slug, **changes))
    assert answer.status_code == 303
    return str(answer.location)


def count_of(client: FlaskClient, slug: str) -> int:
    """Return the public counter."""
    counted = client.get(f"/p/{slug}/count.json").json
    assert counted is not None
    return int(counted["count"])


def path_of(link: str) -> str:
    """Return a link of this site without the site."""
    assert link.startswith(f"{SITE}/")
    return link.removeprefix(SITE)


def token_for(app: Flask, purpose: tokens.Purpose, *ids: int, at: datetime | None = None) -> str:
    """Return a token made at a given moment."""
    made: str = app.extensions["tokens"].make(purpose, *ids, now=at or now())
    return made


def text_of(answer: TestResponse) -> str:
    """Return what a page says, without its tags and with single blanks."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
