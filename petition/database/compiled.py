"""Statements that run at every signature: put together once, then handed to the driver as they are.

SQLAlchemy's own way to the driver costs about 0.2 ms a statement (cache key, parameters, context,
result), the statement itself 0.01 to 0.05. At a rush of signing that is most of the work.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.sql.compiler import SQLCompiler

from petition.database.base import UTCDateTime

_Bind = tuple[str, Any, Callable[[Any], Any] | None]

# How a moment is written, by dialect: a signature writes the same one nine times.
_MOMENTS: dict[str, Callable[[Any], Any]] = {}


class CompiledStatement:
    """One statement with named parameters. Rows come back as the driver gives them: plain tuples,
    truth as 0 and 1 on SQLite.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, list[_Bind], bool]] = {}

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """Run it inside the connection's transaction and return its first row, if any."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[Sequence[Any]]:
        """Run it inside the connection's transaction and return its rows."""
        cursor = _driver(connection).cursor()
        self._execute(cursor, connection.dialect, values)
        found: list[Sequence[Any]] = cursor.fetchall()
        cursor.close()
        return found

    def stream(
        self, connection: Connection, values: Mapping[str, Any], *, at_once: int
    ) -> Iterator[list[Sequence[Any]]]:
        """Run it and yield its rows in lists of `at_once`, all of one snapshot; none is held for
        longer, in the database's client neither.
        """
        named = ("stream",) if connection.dialect.name == "postgresql" else ()
        cursor = _driver(connection).cursor(*named)
        self._execute(cursor, connection.dialect, values)
        while rows := cursor.fetchmany(at_once):
            yield rows
        cursor.close()

    def _execute(self, cursor: Any, dialect: Dialect, values: Mapping[str, Any]) -> None:
        sql, binds, by_name = self._for(dialect)
        given = [
            values.get(name, default) if process is None else process(values.get(name, default))
            for name, default, process in binds
        ]
        if by_name:
            cursor.execute(sql, {bind[0]: value for bind, value in zip(binds, given, strict=True)})
        else:
            cursor.execute(sql, given)

    def _for(self, dialect: Dialect) -> tuple[str, list[_Bind], bool]:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _compile(self._statement, dialect)
        return compiled


def _driver(connection: Connection) -> Any:
    """Return the driver's own connection under a connection that is checked out."""
    return connection.connection.driver_connection


def _compile(statement: Executable, dialect: Dialect) -> tuple[str, list[_Bind], bool]:
    """Return the SQL, its parameters in order (name, default, how to write it), and whether the
    driver takes them by name.
    """
    compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 (what compiling an executable gives)
    names = compiled.positiontup if compiled.positional else list(compiled.params)
    binds: list[_Bind] = []
    for name in names or []:
        bind = compiled.binds[name]
        process: Callable[[Any], Any] | None
        process = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if process is not None and isinstance(bind.type, UTCDateTime):
            process = _MOMENTS.setdefault(dialect.name, lru_cache(maxsize=16)(process))
        binds.append((name, bind.value, process))
    return compiled.string, binds, not compiled.positional
