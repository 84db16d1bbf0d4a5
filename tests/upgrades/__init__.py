"""Databases of earlier releases, one file each by its last migration, for both kinds of database.

0009 to 0014 landed together, so 0014 stands for them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any

import pytest
from sqlalchemy import create_engine

from tests import databases

NAMES = sorted(file.stem for file in Path(__file__).parent.glob("*.sql"))

_PLACEHOLDERS = {
    "sqlite": {
        "serial": "INTEGER",
        "autoincrement": "AUTOINCREMENT",
        "moment": "DATETIME",
        "bytes": "BLOB",
        "hex": "X'",
        "without_rowid": "WITHOUT ROWID",
        # SQLite cannot rename constraints; 0007 does so on PostgreSQL.
        "letter": "letter",
        "verdict": "verdict",
    },
    "postgresql": {
        "serial": "SERIAL",
        "autoincrement": "",
        "moment": "TIMESTAMP WITH TIME ZONE",
        "bytes": "BYTEA",
        "hex": r"'\x",
        "without_rowid": "",
        "letter": "email",
        "verdict": "state",
    },
}
RELEASES = [(kind, name) for kind in databases.KINDS for name in NAMES]


def since(name: str) -> list[tuple[str, str]]:
    """Return the releases that have a migration."""
    return [release for release in RELEASES if release[1] >= name]


@contextmanager
def migrated(request: pytest.FixtureRequest, folder: Path, *statements: str) -> Iterator[str]:
    """Give a database of the release in the request's parameter, migrated to this one.

    The `statements` are executed before, to add rows.
    """
    kind, name = request.param
    source: databases.Source = request.getfixturevalue(f"{kind}_source")
    uri = source.empty(folder)
    load(name, uri)
    if statements:
        engine = create_engine(uri)
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()
    databases.migrate(uri, folder)
    yield uri
    source.end(uri)


def load(name: str, uri: str) -> None:
    """Fill an empty database with the schema and rows of a file."""
    engine = create_engine(uri)
    kind = engine.dialect.name
    script = (Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8")
    script = Template(script.partition("\n\n")[2]).substitute(_PLACEHOLDERS[kind])
    connection = engine.raw_connection()
    try:
        if kind == "sqlite":
            connection.driver_connection.executescript(script)  # type: ignore[union-attr]
        else:
            cursor = connection.cursor()
            cursor.execute("SET TIME ZONE 'UTC'")
            cursor.execute(script)
            _move_sequences(cursor)
        connection.commit()
    finally:
        connection.close()
        engine.dispose()


def _move_sequences(cursor: Any) -> None:
    """Move PostgreSQL's sequences past the ids that the rows were given."""
    cursor.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE column_default LIKE 'nextval%'"
    )
    for table, column in cursor.fetchall():
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column}))"  # noqa: S608
            f" FROM {table}"
        )
