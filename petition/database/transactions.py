"""The one way to write, and locks that keep transactions apart."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from sqlalchemy import Connection, func, select

from petition.database.base import db

try:
    import fcntl
except ImportError:  # not on Windows: SQLite's own waiting does
    fcntl = None  # type: ignore[assignment]


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


def advisory_lock(connection: Connection, *names: str, wait: bool = True) -> bool:
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
