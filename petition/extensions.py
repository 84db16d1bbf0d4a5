"""What the application is built on: the database with its one way to write, migrations, mail,
languages, CSRF.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from sqlite3 import OperationalError as SQLiteError
from typing import Any, BinaryIO, ClassVar, cast

from flask import Flask
from flask_mail import Mail
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    Table,
    TypeDecorator,
    event,
    func,
    select,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry

try:
    import fcntl
except ImportError:  # not on Windows: SQLite's own waiting does
    fcntl = None  # type: ignore[assignment]

SQLITE_BUSY_SECONDS = 30


class UTCDateTime(TypeDecorator[datetime]):
    """A moment. Refuses naive values and always answers aware UTC, on SQLite too, which keeps no
    zone.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What every record inherits: constraints named by convention, moments in UTC."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UTCDateTime}

    @classmethod
    def table(cls) -> Table:
        """Return the table itself, for statements that need no objects made of its rows."""
        return cast("Table", cls.__table__)


db = SQLAlchemy(
    metadata=Base.metadata,
    disable_autonaming=True,
    session_options={"expire_on_commit": False, "autoflush": False},
)
migrate = Migrate()
mail = Mail()
csrf = CSRFProtect()


@contextmanager
def transaction() -> Iterator[Connection]:
    """Write: everything inside is kept together or not at all. The only place that commits.

    Records are read as objects (`db.session`) and written by statements, here. On SQLite the write
    lock is taken at the start (BEGIN IMMEDIATE): a transaction that reads first and writes later
    would fail at once when another writer came between, however long the busy timeout.
    """
    with db.engine.connect() as connection, _in_turn(connection):
        connection.execution_options(write=True)
        with connection.begin():
            yield connection


@contextmanager
def _in_turn(connection: Connection) -> Iterator[None]:
    """Let the processes of this machine write one after the other.

    SQLite would keep them apart, too, but a writer that finds the database busy sleeps for longer
    and longer before it looks again. Waiting for a lock on a file, it goes on at once: a quarter
    more signatures a second from two processes, and half the longest wait. A process that dies
    gives its turn back.
    """
    turn: BinaryIO | None = connection.info.get("turn")
    if turn is None:
        yield
        return
    fcntl.flock(turn, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(turn, fcntl.LOCK_UN)


def queue_up(connection: Connection, *names: str, wait: bool = True) -> bool:
    """Let no other transaction under one of these names go on until the caller's ends, and say
    whether it is the caller's turn, which it may not be with no `wait`. Comes before anything that
    locks a row, or two could wait for each other. On SQLite all writers take turns anyway.
    """
    if connection.dialect.name != "postgresql":
        return True
    take = func.pg_advisory_xact_lock if wait else func.pg_try_advisory_xact_lock
    for name in sorted({*names}):
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        if connection.scalar(select(take(number))) is False:
            return False
    return True


def prepare_database(app: Flask) -> None:
    """Bind the database to the application and teach SQLite durability, foreign keys and honest
    transactions.
    """
    db.init_app(app)
    with app.app_context():
        engine = db.engine
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
