"""Set up connections to SQLite and PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from sqlite3 import OperationalError as SQLiteError
from typing import Any, BinaryIO, cast

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

try:
    import fcntl
except ImportError:  # on Windows SQLite's own busy timeout must do
    fcntl = None  # type: ignore[assignment]

SQLITE_BUSY_SECONDS = 10  # then a form is answered with 503, before the proxy gives up
CONNECT_SECONDS = 5  # to a PostgreSQL server
CHECKPOINT_SECONDS = 1  # that forms wait at most for readers, such as of a download


def connect_arguments(uri: str) -> dict[str, float]:
    """Return the driver's time limit, unless the address of the database has its own."""
    name, seconds = ("connect_timeout", CONNECT_SECONDS)
    if uri.startswith("sqlite"):
        name, seconds = ("timeout", SQLITE_BUSY_SECONDS)
    return {} if f"{name}=" in uri else {name: seconds}


def configure(engine: Engine) -> None:
    """Set up each new connection: pragmas and transactions on SQLite, UTC on PostgreSQL."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        if engine.url.database not in {None, "", ":memory:"} and fcntl is not None:
            _open_lock_files(engine)
    else:
        event.listen(engine, "connect", _set_up_postgresql)


def _set_up_sqlite(connection: SQLiteConnection, _record: Any) -> None:
    connection.isolation_level = None  # `_begin_sqlite` begins transactions, not the driver
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # a committed signature is on the disk
        "foreign_keys=ON",
        "wal_autocheckpoint=8000",  # pages: each checkpoint waits for the disk twice more
        "cache_size=-512",  # kB for each connection, of which a process has many
        "secure_delete=ON",  # overwrite deleted data in the file
    ):
        connection.execute(f"PRAGMA {pragma}")


def _open_lock_files(engine: Engine) -> None:
    file = Path(f"{engine.url.database}-turn")

    @event.listens_for(engine, "connect")
    def open_file(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info["lock_file"] = file.open("ab")

    @event.listens_for(engine, "close")
    def close_file(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info.pop("lock_file").close()


@contextmanager
def write_lock(connection: Connection) -> Iterator[None]:
    """Let the processes of this machine write to a SQLite file one after the other.

    A writer that finds SQLite busy sleeps longer and longer between tries; one that waits for a
    file lock goes on at once. With two processes: a quarter more signatures a second, half the
    longest wait. The system releases the lock of a process that dies.
    """
    file: BinaryIO | None = connection.info.get("lock_file")
    if file is None:
        yield
        return
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if not file.closed:  # as it is with an invalidated connection
            fcntl.flock(file, fcntl.LOCK_UN)


def empty_log(engine: Engine) -> bool:
    """Empty SQLite's write-ahead log, which still has what was erased; return whether that is done.

    What it has is written to the file first. It cannot be done while somebody reads. On PostgreSQL
    there is nothing to do: its log is the server's own.
    """
    if engine.dialect.name != "sqlite":
        return True
    with (
        engine.connect() as connection,
        write_lock(connection),
        busy_seconds(connection, CHECKPOINT_SECONDS),
    ):
        is_busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return not is_busy


@contextmanager
def busy_seconds(connection: Connection, seconds: float) -> Iterator[None]:
    """Let a connection to SQLite wait so long for others, for once."""
    driver = cast("SQLiteConnection", connection.connection.driver_connection)
    (before,) = driver.execute("PRAGMA busy_timeout").fetchone()
    driver.execute(f"PRAGMA busy_timeout={seconds * 1_000:.0f}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout={before}")


def _set_up_postgresql(connection: Any, _record: Any) -> None:
    connection.autocommit = True
    connection.execute("SET TIME ZONE 'UTC'")  # days are those of UTC
    connection.autocommit = False


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction that writes. A read begins none: each statement sees the newest state, as
    in READ COMMITTED, and no snapshot keeps the write-ahead log from being reset.
    """
    if connection.get_execution_options().get("write", False):
        driver = cast("SQLiteConnection", connection.connection.driver_connection)
        try:
            driver.execute("BEGIN IMMEDIATE")
        except SQLiteError as error:  # SQLAlchemy translates only its own statements
            raise OperationalError("BEGIN IMMEDIATE", (), error) from error
