"""Counters that all processes share: how often something happened within a window of time.

A counter is known by its `scope` (what is counted) and its `subject` (a keyed hash or a number,
never an address). Windows are fixed; a row is deleted 48 hours after it expired.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    bindparam,
    delete,
    func,
    literal,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.database.compiled import CompiledStatement
from petition.database.upsert import insert_for

KEPT_AFTER_EXPIRY = timedelta(hours=48)


class Counter(Base):
    """One count. `window` is the number of its window, 0 for one with an expiry of its own."""

    __tablename__ = "counter"
    # Rows live in the tree of the key: SQLite writes one page less at every signature.
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 (SQLAlchemy's way)

    scope: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    window: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    value: Mapped[int]
    expires_at: Mapped[datetime]


class Use(NamedTuple):
    """One use to count: in the current `window`, or until `expires_at` where that is given."""

    scope: str
    subject: str
    window: timedelta
    expires_at: datetime | None = None


class Count(NamedTuple):
    """A counter after it was incremented."""

    value: int
    expires_at: datetime


_counter = Counter.table()


def increment(connection: Connection, uses: Sequence[Use], *, now: datetime) -> list[Count]:
    """Increment a counter for each use, in one statement; return them in the order of `uses`."""
    values: dict[str, Any] = {}
    counters: list[tuple[str, str, int]] = []
    for at, use in enumerate(uses):
        number, ends = _window(use.window, now)
        if use.expires_at is not None:
            number, ends = 0, use.expires_at
        counters.append((use.scope, use.subject, number))
        values |= {
            f"scope{at}": use.scope,
            f"subject{at}": use.subject,
            f"window{at}": number,
            f"expires_at{at}": ends,
        }
    rows = _increment(len(uses), connection.dialect.name).all(connection, values)
    found = {(str(row[0]), str(row[1]), int(row[2])): int(row[3]) for row in rows}
    return [Count(found[counter], values[f"expires_at{at}"]) for at, counter in enumerate(counters)]


def is_within(connection: Connection, use: Use, *, limit: int, now: datetime) -> bool:
    """Count a use; return whether it is one of the first `limit`."""
    return increment(connection, [use], now=now)[0].value <= limit


def reset(
    connection: Connection, scope: str, subject: str, *, window: timedelta, now: datetime
) -> None:
    """Delete the count of the current window."""
    number, _ = _window(window, now)
    connection.execute(
        delete(_counter).where(
            _counter.c.scope == scope, _counter.c.subject == subject, _counter.c.window == number
        )
    )


def current(
    connection: Connection, scope: str, *, now: datetime
) -> tuple[list[tuple[str, int]], int]:
    """Return up to 100 (subject, value) of the windows under way in a scope, highest first, and the
    highest value of any window that has ended.
    """
    within = _counter.c.scope == scope
    rows = connection.execute(
        select(_counter.c.subject, _counter.c.value)
        .where(within, _counter.c.expires_at > now)
        .order_by(_counter.c.value.desc())
        .limit(100)
    )
    before = connection.scalar(
        select(func.max(_counter.c.value)).where(within, _counter.c.expires_at <= now)
    )
    return [(subject, value) for subject, value in rows], before or 0


def delete_expired(connection: Connection, *, now: datetime) -> int:
    """Delete the counts that expired 48 hours ago; return how many."""
    return connection.execute(delete(_counter).where(_is_expired(now))).rowcount


def expired(now: datetime) -> Select[str]:
    """Return the query for the rows that `delete_expired` would delete."""
    return select(_counter.c.subject).where(_is_expired(now))


def _is_expired(now: datetime) -> ColumnElement[bool]:
    return _counter.c.expires_at < now - KEPT_AFTER_EXPIRY


def _window(length: timedelta, now: datetime) -> tuple[int, datetime]:
    """Return the number of the window that contains `now`, and when it ends."""
    number = int(now.timestamp() // length.total_seconds())
    return number, datetime.fromtimestamp((number + 1) * length.total_seconds(), UTC)


@cache
def _increment(number: int, dialect: str) -> CompiledStatement:
    rows = [
        {
            "scope": bindparam(f"scope{at}"),
            "subject": bindparam(f"subject{at}"),
            "window": bindparam(f"window{at}"),
            "value": literal(1),
            "expires_at": bindparam(f"expires_at{at}"),
        }
        for at in range(number)
    ]
    return CompiledStatement(
        insert_for(dialect, _counter)
        .values(rows)
        .on_conflict_do_update(
            index_elements=["scope", "subject", "window"], set_={"value": _counter.c.value + 1}
        )
        .returning(_counter.c.scope, _counter.c.subject, _counter.c.window, _counter.c.value)
    )
