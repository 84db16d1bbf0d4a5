"""How connections are set up, on SQLite and on PostgreSQL."""

from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from sqlite3 import OperationalError as SQLiteError
from typing import Any, cast

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

try:
    import fcntl
except ImportError:  # not on Windows: SQLite's own waiting does
    fcntl = None  # type: ignore[assignment]

SQLITE_BUSY_SECONDS = 30


def configure(engine: Engine) -> None:
    """Set up every connection of an engine: durability, foreign keys and transactions on SQLite,
    UTC on PostgreSQL.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        if engine.url.database not in {None, "", ":memory:"} and fcntl is not None:
            _queue_writers(engine)
    else:
        event.listen(engine, "connect", _set_up_postgresql)


def _set_up_sqlite(connection: SQLiteConnection, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin_sqlite` does
    for pragma in (
        f"busy_timeout={SQLITE_BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",  # an acknowledged signature is on the disk
        "foreign_keys=ON",
        "secure_delete=ON",  # what is erased is gone from the file, too
    ):
        connection.execute(f"PRAGMA {pragma}")


def _queue_writers(engine: Engine) -> None:
    file = Path(f"{engine.url.database}-turn")

    @event.listens_for(engine, "connect")
    def take_place(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["turn"] = file.open("ab")

    @event.listens_for(engine, "close")
    def leave(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info.pop("turn").close()


def _set_up_postgresql(connection: Any, _record: Any) -> None:
    connection.autocommit = True
    connection.execute("SET TIME ZONE 'UTC'")  # days are UTC's, whatever the server's own zone
    connection.autocommit = False


def _begin_sqlite(connection: Connection) -> None:
    """Begin to write. A read begins nothing: each statement sees the newest state, as on PostgreSQL
    (READ COMMITTED), and no snapshot is held against the write-ahead log.
    """
    if connection.get_execution_options().get("write", False):
        driver = cast("SQLiteConnection", connection.connection.driver_connection)
        try:
            driver.execute("BEGIN IMMEDIATE")
        except SQLiteError as error:  # as SQLAlchemy says it of any other statement
            raise OperationalError("BEGIN IMMEDIATE", (), error) from error
