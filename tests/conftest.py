"""What every test may ask for. A test that asks for the database runs twice: on SQLite and on
PostgreSQL.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from petition import create_app
from petition.database.base import db
from tests import databases
from tests.browsing import Client, browser
from tests.factories import SITE, MakeApp, make_petition
from tests.post_office import PostOffice


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


@pytest.fixture
def client(app: Flask) -> Client:
    """Return a client that keeps no cookie, as the public."""
    return browser(app, use_cookies=False)


@pytest.fixture
def petition(app: Flask) -> str:
    """Return the slug of an open petition in English and Russian."""
    return make_petition()
