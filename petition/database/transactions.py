"""Transactions that write, and advisory locks."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from petition.database.base import db
from petition.database.compiled import CompiledStatement
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
