"""A site whose database lacks a column says so before people meet an error."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, text

from petition.database.base import db
from petition.database.transactions import transaction
from tests import databases
from tests.browsing import Client


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the address of a database that no other test gets."""
    source: databases.Source = request.getfixturevalue(f"{request.param}_source")
    uri = source.empty(tmp_path)
    databases.migrate(uri, tmp_path)
    yield uri
    source.end(uri)


def test_a_missing_column_is_named(app: Flask, client: Client) -> None:
    with transaction() as connection:
        connection.execute(text("ALTER TABLE petition_text DROP COLUMN organiser"))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.text == "the database has no column petition_text.organiser\n"
    with transaction() as connection:
        connection.execute(text("ALTER TABLE petition_text ADD COLUMN organiser VARCHAR(200)"))
    assert client.get("/readyz").status_code == 200


def test_a_complete_database_is_inspected_once(app: Flask, client: Client) -> None:
    assert client.get("/readyz").status_code == 200
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    assert client.get("/readyz").status_code == 200
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(statements) == 1
