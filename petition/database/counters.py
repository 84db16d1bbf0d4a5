"""Counters in fixed windows of time, shared by all processes.

A counter is identified by its `scope` (what is counted), its `subject` (a keyed hash or a number,
never an address) and the number of its window. It is deleted 48 hours after it has expired.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from petition.database import upsert
from petition.database.base import Base
from petition.database.compiled import CompiledStatement
from petition.database.upsert import insert_for

KEPT_AFTER_EXPIRY = timedelta(hours=48)


class Counter(Base):
    """A count. `window` is the number of its window, or 0 for a count with an expiry of its own."""

    __tablename__ = "counter"
    # The primary key is the table: SQLite writes one page less for each signature.
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 (SQLAlchemy's way)

    scope: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    window: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    value: Mapped[int]
    expires_at: Mapped[datetime]


class Use(NamedTuple):
    """A use to count: in the current window of this length, or until `expires_at` if given."""

    scope: str
    subject: str
    window: timedelta
    expires_at: datetime | None = None


class Count(NamedTuple):
    """A counter after it was incremented."""

    value: int
    expires_at: datetime


_counter = Counter.table()
_KEY = ("scope", "subject", "window")
_KEY_AND_EXPIRY = (*_KEY, "expires_at")


def increment(connection: Connection, uses: Sequence[Use], *, now: datetime) -> list[Count]:
    """Increment a counter for each use, in one statement; return them in the order of `uses`."""
    counters = []
    for use in uses:
        window, ends = (0, use.expires_at) if use.expires_at else _window(use.window, now)
        counters.append((use.scope, use.subject, window, ends))
    values = {
        f"{column}{index}": value
        for index, counter in enumerate(counters)
        for column, value in zip(_KEY_AND_EXPIRY, counter, strict=True)
    }
    rows = _increment(len(uses), connection.dialect.name).all(connection, values)
    counts = {tuple(key): value for *key, value in rows}
    return [
        Count(counts[scope, subject, window], ends) for scope, subject, window, ends in counters
    ]


def is_within(connection: Connection, use: Use, *, limit: int, now: datetime) -> bool:
    """Count a use; return whether it is among the first `limit`."""
    return increment(connection, [use], now=now)[0].value <= limit


def take(connection: Connection, use: Use, wanted: int, *, limit: int, now: datetime) -> int:
    """Count up to `wanted` uses in the window, as far as `limit` allows; return how many."""
    number, ends = _window(use.window, now)
    values = {"scope": use.scope, "subject": use.subject, "window": number, "expires_at": ends}
    first = upsert.insert(connection, _counter).values(**values, value=0)
    connection.execute(first.on_conflict_do_nothing(index_elements=_KEY))
    is_counter = and_(*(_counter.c[name] == values[name] for name in _KEY))
    taken = connection.scalar(select(_counter.c.value).where(is_counter).with_for_update())
    granted = max(0, min(wanted, limit - (taken or 0)))
    connection.execute(update(_counter).where(is_counter).values(value=_counter.c.value + granted))
    return granted


def give_back(connection: Connection, use: Use, number: int, *, now: datetime) -> None:
    """Count fewer uses in the window, of which `take` had granted more than were needed."""
    window, _ = _window(use.window, now)
    key = {"scope": use.scope, "subject": use.subject, "window": window}
    is_counter = and_(*(_counter.c[name] == value for name, value in key.items()))
    taken = update(_counter).where(is_counter, _counter.c.value >= number)
    connection.execute(taken.values(value=_counter.c.value - number))


def reset(
    connection: Connection, scope: str, subject: str, *, window: timedelta, now: datetime
) -> None:
    """Delete the counter of the current window."""
    number, _ = _window(window, now)
    connection.execute(
        delete(_counter).where(
            _counter.c.scope == scope, _counter.c.subject == subject, _counter.c.window == number
        )
    )


def current(
    connection: Connection, scope: str, *, now: datetime
) -> tuple[list[tuple[str, int]], int]:
    """Return (subject, value) of the 100 highest current counters of a scope, highest first, and
    the highest value of an expired one.
    """
    in_scope = _counter.c.scope == scope
    rows = connection.execute(
        select(_counter.c.subject, _counter.c.value)
        .where(in_scope, _counter.c.expires_at > now)
        .order_by(_counter.c.value.desc())
        .limit(100)
    )
    highest = connection.scalar(
        select(func.max(_counter.c.value)).where(in_scope, _counter.c.expires_at <= now)
    )
    return [(subject, value) for subject, value in rows], highest or 0


def delete_expired(connection: Connection, *, now: datetime) -> int:
    """Delete the counters that expired 48 hours ago; return how many."""
    is_expired = _counter.c.expires_at < now - KEPT_AFTER_EXPIRY
    return connection.execute(delete(_counter).where(is_expired)).rowcount


def expired(now: datetime) -> Select[str]:
    """Return the query for the counters that `delete_expired` would delete."""
    return select(_counter.c.subject).where(_counter.c.expires_at < now - KEPT_AFTER_EXPIRY)


def _window(length: timedelta, now: datetime) -> tuple[int, datetime]:
    """Return the number of the window that contains `now`, and when it ends."""
    number = int(now.timestamp() // length.total_seconds())
    return number, datetime.fromtimestamp((number + 1) * length.total_seconds(), UTC)


@cache
def _increment(number: int, dialect: str) -> CompiledStatement:
    rows = [
        {"value": literal(1)}
        | {column: bindparam(f"{column}{index}") for column in _KEY_AND_EXPIRY}
        for index in range(number)
    ]
    return CompiledStatement(
        insert_for(dialect, _counter)
        .values(rows)
        .on_conflict_do_update(index_elements=_KEY, set_={"value": _counter.c.value + 1})
        .returning(_counter.c.scope, _counter.c.subject, _counter.c.window, _counter.c.value)
    )
