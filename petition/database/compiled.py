"""Statements of the busiest paths, compiled once and passed to the driver directly.

SQLAlchemy needs about 0.2 ms for each execution (cache key, parameters, context, result), the
statement itself 0.01 to 0.05. Under load that was most of the time of a signature.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.sql.compiler import SQLCompiler

from petition.database.base import UTCDateTime

_Bind = tuple[str, Any, Callable[[Any], Any] | None]

# Conversions of datetimes, by dialect. They are cached: a signature writes one value nine times.
_DATETIMES: dict[str, Callable[[Any], Any]] = {}


class CompiledStatement:
    """A statement with named parameters. Runs in the transaction of the connection it is given.

    Rows are tuples of the driver's values: on SQLite a boolean is 0 or 1, a datetime is text.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, list[_Bind], bool]] = {}

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """Execute the statement and return its first row, if any."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Execute the statement and return its rows."""
        cursor = _driver(connection).cursor()
        self._execute(cursor, connection.dialect, values)
        rows: list[Sequence[Any]] = cursor.fetchall()
        cursor.close()
        return rows

    def _execute(self, cursor: Any, dialect: Dialect, values: Mapping[str, Any]) -> None:
        sql, binds, by_name = self._for(dialect)
        parameters = [
            values.get(name, default) if process is None else process(values.get(name, default))
            for name, default, process in binds
        ]
        names = (bind[0] for bind in binds)
        cursor.execute(sql, dict(zip(names, parameters, strict=True)) if by_name else parameters)

    def _for(self, dialect: Dialect) -> tuple[str, list[_Bind], bool]:
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = _compile(self._statement, dialect)
        return self._compiled[dialect.name]


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _compile(statement: Executable, dialect: Dialect) -> tuple[str, list[_Bind], bool]:
    """Return the SQL, its binds in order, and whether the driver takes them by name."""
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 (what compiling an executable gives)
    names = compiled.positiontup if compiled.positional else list(compiled.params)
    binds: list[_Bind] = []
    for name in names or []:
        bind = compiled.binds[name]
        process: Callable[[Any], Any] | None
        process = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if process is not None and isinstance(bind.type, UTCDateTime):
            process = _DATETIMES.setdefault(dialect.name, lru_cache(maxsize=16)(process))
        binds.append((name, bind.value, process))
    return compiled.string, binds, not compiled.positional
