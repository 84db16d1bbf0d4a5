"""Tables as the database has them, whatever the models say, and their rows as JSON values."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from graphlib import TopologicalSorter
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    collate,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.types import TypeEngine

from petition.core.errors import BackupRefused
from petition.database.base import UTCDateTime
from petition.operations.backup.stream import encode_line

MIGRATIONS = "alembic_version"  # the header of a backup names the migration instead
ROWS_AT_ONCE = 1_000
MAX_ID = 2**31 - 1

# By the name that a backup has for a type: the types of both databases that it stands for, the type
# by which it is read and written, to JSON, from JSON.
_Convert = Callable[[Any], Any]
_KINDS: dict[str, tuple[type[TypeEngine[Any]], TypeEngine[Any], _Convert | None, _Convert | None]]
_KINDS = {
    "boolean": (Boolean, Boolean(), None, None),
    "integer": (Integer, Integer(), None, None),
    "number": (Float, Float(), None, None),
    "time": (
        DateTime,
        UTCDateTime(timezone=True),
        lambda at: at.astimezone(UTC).isoformat(timespec="microseconds"),
        datetime.fromisoformat,
    ),
    "date": (Date, Date(), date.isoformat, date.fromisoformat),
    "bytes": (
        LargeBinary,
        LargeBinary(),
        lambda value: base64.b64encode(value).decode(),
        base64.b64decode,
    ),
    "json": (JSON, JSON(none_as_null=True), None, None),
    "text": (String, String(), None, None),
}


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table: the kind of each column, the key by which its rows are ordered."""

    name: str
    columns: dict[str, str]
    key: list[str]

    def as_table(self) -> Table:
        """Return it for statements of SQLAlchemy Core."""
        columns = [Column(name, _KINDS[kind][1]) for name, kind in self.columns.items()]
        return Table(self.name, MetaData(), *columns)


def read_tables(connection: Connection) -> list[StoredTable]:
    """Return the tables of a database, each after those that its rows refer to."""
    inspector = inspect(connection)
    names = [name for name in inspector.get_table_names() if name != MIGRATIONS]
    order: TopologicalSorter[str] = TopologicalSorter()
    for name in sorted(names):
        referred = {key["referred_table"] for key in inspector.get_foreign_keys(name)}
        order.add(name, *sorted(referred - {name}))
    return [
        StoredTable(
            name,
            {column["name"]: _kind_of(column["type"]) for column in inspector.get_columns(name)},
            list(inspector.get_pk_constraint(name)["constrained_columns"]),
        )
        for name in order.static_order()
    ]


def _kind_of(column: TypeEngine[Any]) -> str:
    for kind, (of, *_) in _KINDS.items():
        if isinstance(column, of):
            return kind
    raise BackupRefused(f"the database has a column of a type that no site has: {column!r}")


def encode_rows(connection: Connection, stored: StoredTable) -> Iterator[bytes]:
    """Yield the rows of a table as lines: arrays in the order of its key, the same everywhere."""
    table = stored.as_table()
    # A locale would order texts otherwise than SQLite does.
    key = [
        collate(table.c[name], "C" if connection.dialect.name == "postgresql" else "BINARY")
        if stored.columns[name] == "text"
        else table.c[name]
        for name in stored.key
    ]
    encoders = [_KINDS[kind][2] for kind in stored.columns.values()]
    query = select(table).order_by(*key)
    options = {"yield_per": ROWS_AT_ONCE}  # with a cursor of the server's on PostgreSQL
    for rows in connection.execute(query, execution_options=options).partitions():
        for row in rows:
            yield encode_line(
                [
                    value if value is None or encode is None else encode(value)
                    for value, encode in zip(row, encoders, strict=True)
                ]
            )


def digest_rows(connection: Connection, stored: StoredTable) -> tuple[int, str]:
    """Return the number of rows of a table, and the SHA-256 of their lines."""
    digest, rows = hashlib.sha256(), 0
    for line in encode_rows(connection, stored):
        digest.update(line)
        rows += 1
    return rows, digest.hexdigest()


def insert_rows(connection: Connection, stored: StoredTable, rows: Iterable[list[Any]]) -> None:
    """Insert rows as `encode_rows` has them. Raises: ValueError, TypeError for wrong ones."""
    decoders = [(name, _KINDS[kind][3]) for name, kind in stored.columns.items()]
    values = [
        {
            name: value if value is None or decode is None else decode(value)
            for (name, decode), value in zip(decoders, row, strict=True)
        }
        for row in rows
    ]
    if values:
        connection.execute(insert(stored.as_table()), values)


def has_rows(connection: Connection, stored: StoredTable) -> bool:
    """Return whether a table has a row."""
    return connection.execute(select(stored.as_table()).limit(1)).first() is not None


def last_id(connection: Connection, stored: StoredTable) -> int | None:
    """Return the last id that a table has given, also to a row that is gone; None without ids."""
    if [stored.columns[name] for name in stored.key] != ["integer"]:
        return None
    if connection.dialect.name == "postgresql":
        sequence = _sequence(connection, stored)
        if sequence is None:
            return None
        query = text(f"SELECT last_value, is_called FROM {sequence}")  # noqa: S608 (its own name)
        value, is_called = connection.execute(query).one()
        return int(value) if is_called else 0
    if not inspect(connection).dialect.has_table(connection, "sqlite_sequence"):
        return None
    query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    value = connection.scalar(query, {"name": stored.name})
    return None if value is None else int(value)


def skip_ids(connection: Connection, stored: StoredTable, last: int) -> None:
    """Let a table give ids above `last` to new rows, if it gives ids that are never used again."""
    last = min(last, MAX_ID - 1)
    if connection.dialect.name == "postgresql":
        if sequence := _sequence(connection, stored):
            set_value = text("SELECT setval(:sequence, :last)")
            connection.execute(set_value, {"sequence": sequence, "last": last})
        return
    # A row of this table is there for each table with AUTOINCREMENT that had a row.
    values = {"name": stored.name, "last": last}
    definition = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
    if "AUTOINCREMENT" in (connection.scalar(definition, values) or ""):
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
        add = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)")
        connection.execute(add, values)


def _sequence(connection: Connection, stored: StoredTable) -> str | None:
    query = text("SELECT pg_get_serial_sequence(:table, :column)")
    quoted = connection.dialect.identifier_preparer.quote(stored.name)
    name = connection.scalar(query, {"table": quoted, "column": stored.key[0]})
    return None if name is None else str(name)
