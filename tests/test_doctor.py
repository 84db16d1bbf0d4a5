"""`flask doctor`: a line for each check, status 1 on any problem."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from petition.abuse.proxy_headers import ProxyProblem, ProxyProblems
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.outbox import pausing
from tests.factories import MakeApp, make_petition
from tests.post_office import PostOffice


def examine(app: Flask) -> tuple[int, dict[str, str]]:
    """Run it; return its status, and the problem of each check by name, "" without one."""
    db.session.rollback()
    result = app.test_cli_runner().invoke(args=["doctor"])
    problems = {}
    for line in result.stdout.splitlines():
        kind, _, rest = line.partition("\t")
        name, _, problem = rest.partition(": ")
        assert (kind == "problem") == bool(problem)
        problems[name] = problem
    return result.exit_code, problems


@pytest.mark.parametrize(
    ("settings", "problems"),
    [
        ({"SITE_URL": "http://petition.example.org"}, {"settings": "SITE_URL begins with http:"}),
        ({"SITE_URL": "http://192.168.1.5:5000"}, {}),
        ({"SITE_URL": f"http://{'a' * 56}.onion"}, {}),
        ({"SECRET_KEY": "я" * 15}, {"settings": "SECRET_KEY has fewer than 32 bytes"}),
        ({"SECRET_KEY": "я" * 16}, {}),
        ({"FEATURED": "to-be"}, {"featured petition": "FEATURED names to-be"}),
        ({"FEATURED": "free-them"}, {}),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_a_site_starts_with_and_should_not_is_named(
    make_app: MakeApp, settings: dict[str, str], problems: dict[str, str]
) -> None:
    app = make_app(**settings)
    with app.app_context():
        make_petition()
        make_petition("to-be", state="draft")
        found = {name: problem for name, problem in examine(app)[1].items() if problem}
        assert found.keys() == problems.keys()
        assert all(found[name].startswith(begins) for name, begins in problems.items())


def test_a_sound_site_has_no_problem(app: Flask) -> None:
    status, problems = examine(app)
    assert (status, set(problems.values())) == (0, {""})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_each_problem_is_named(make_app: MakeApp, post_office: PostOffice, tmp_path: Path) -> None:
    app = make_app(SITE_URL="", FEATURED="nobody", BACKUP_FOLDER=str(tmp_path))
    with app.app_context():
        post_office.stop()
        ProxyProblems(tmp_path).record({ProxyProblem.NO_ADDRESS: True})
        tmp_path.chmod(0o755)
        with transaction() as connection:
            pausing.pause(connection, "554 5.7.1", now=now())
            connection.execute(text("ALTER TABLE signature RENAME TO other"))
        status, problems = examine(app)
        assert status == 1
        assert problems.pop("settings").startswith("SITE_URL is not set")
        assert problems.pop("instance folder").endswith(f"chmod -R go= {tmp_path}")
        assert problems.pop("database").startswith("has no column ")
        assert problems.pop("featured petition").startswith("FEATURED names nobody, which is")
        server = f"127.0.0.1:{post_office.port}: ConnectionRefusedError"
        assert problems.pop("mail server").startswith(server)
        assert problems.pop("outbox").endswith("554 5.7.1")
        assert "X-Forwarded-For" in problems.pop("proxy headers")
        assert problems.pop("backups").startswith("there is none")
        assert problems == {}


@pytest.mark.parametrize("uri", ["sqlite:///new.db", "postgresql+psycopg://127.0.0.1:1/nothing"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_database_that_is_not_there_is_a_line(make_app: MakeApp, uri: str) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=uri)
    with app.app_context():
        status, problems = examine(app)
        assert status == 1
        assert ("flask db upgrade" in problems["database"]) == uri.startswith("sqlite")
        assert "127.0.0.1" not in problems["mail server"]
