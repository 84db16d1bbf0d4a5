"""Transactions that write, and advisory locks."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.database.engine import write_lock
from petition.database.group_commit import group_commit_of

_number = bindparam("number", type_=BigInteger)
_take = CompiledStatement(select(func.pg_advisory_xact_lock(_number)))
_try_to_take = CompiledStatement(select(func.pg_try_advisory_xact_lock(_number)))


@contextmanager
def transaction() -> Iterator[Connection]:
    """Commit what is written inside, or roll back on an error. The only place that commits.

    Objects are read with `db.session`; rows are written with statements on this connection. On
    SQLite the transaction begins with the write lock (BEGIN IMMEDIATE): one that read first and
    wrote later would fail if another had written in between, whatever the busy timeout. There it is
    a member of a group commit, and reads with `db.session` do not see what the group has written:
    inside, read with this connection.
    """
    engine = db.engine
    begin = group_commit_of(engine).join if engine.dialect.name == "sqlite" else engine.begin
    with begin() as connection:
        yield connection


@contextmanager
def alone() -> Iterator[Connection]:
    """Replace what a database holds in one transaction that nobody shares, such as of a restore.

    On SQLite foreign keys hold at its end alone: tables may be copied, and rows come in any order.
    What ON DELETE says is done then. Raises: ValueError where it does not help.
    """
    with db.engine.connect().execution_options(write=True) as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:  # without effect inside a transaction
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        try:
            with write_lock(connection), connection.begin():
                yield connection
                if is_sqlite:
                    _follow_deletions(connection)
        finally:
            if is_sqlite:
                connection.connection.cursor().execute("PRAGMA foreign_keys=ON")


def _follow_deletions(connection: Connection) -> None:
    """Do what ON DELETE says of rows that refer to one that is gone. Raises: ValueError."""
    while violations := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        for table, rowid, _, number in violations:
            keys = connection.exec_driver_sql(f"PRAGMA foreign_key_list({table})").mappings()
            key = next(key for key in keys if key["id"] == number)
            if key["on_delete"] == "CASCADE" and rowid is not None:
                statement = f"DELETE FROM {table} WHERE rowid = ?"  # noqa: S608 (SQLite's names)
            elif key["on_delete"] == "SET NULL" and rowid is not None:
                statement = f"UPDATE {table} SET {key['from']} = NULL WHERE rowid = ?"  # noqa: S608
            else:
                raise ValueError(f"{table} refers to a row that is not there")
            connection.exec_driver_sql(statement, (rowid,))


@contextmanager
def snapshot() -> Iterator[Connection]:
    """Read the database as it is now, whatever others write meanwhile. It holds up no writer."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            yield connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            return
        cursor = connection.connection.cursor()
        cursor.execute("BEGIN")
        try:
            cursor.execute("SELECT count(*) FROM sqlite_master").fetchone()  # it begins here
            yield connection
        finally:
            cursor.execute("ROLLBACK")


def advisory_lock(connection: Connection, *names: str, wait: bool = True) -> bool:
    """Take an advisory lock for each name until the transaction ends; return whether all were free.

    Without `wait`, returns False for a taken one. Take them before any row lock, against deadlocks.
    Does nothing on SQLite, where one transaction writes at a time.
    """
    if connection.dialect.name != "postgresql":
        return True
    take = _take if wait else _try_to_take
    for name in sorted({*names}):
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        if take.first(connection, {"number": number}) == (False,):
            return False
    return True
