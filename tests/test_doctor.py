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
from tests.factories import MakeApp
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


def test_a_sound_site_has_no_problem(app: Flask) -> None:
    status, problems = examine(app)
    assert (status, set(problems.values())) == (0, {""})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_each_problem_is_named(make_app: MakeApp, post_office: PostOffice, tmp_path: Path) -> None:
    app = make_app(SITE_URL="")
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
        server = f"127.0.0.1:{post_office.port}: ConnectionRefusedError"
        assert problems.pop("mail server").startswith(server)
        assert problems.pop("outbox").endswith("554 5.7.1")
        assert "X-Forwarded-For" in problems.pop("proxy headers")
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
