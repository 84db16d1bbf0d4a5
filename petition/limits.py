"""How often a key may be used: counts in the database, so that all processes share them.

A key is a keyed hash (a network, a proof) or a number; windows are fixed, and their counts are kept
for no longer than 48 hours.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from petition.errors import StepWanted, TooMany
from petition.models import Spent
from petition.prepared import Prepared

WINDOW = timedelta(minutes=10)
SIGNING = "sign"  # how keys begin that count signatures: after it the petition and the network
KEPT_FOR = timedelta(hours=48)

_spent = Spent.table()


@dataclass(frozen=True, slots=True)
class Spending:
    """One use of a key within a window: `free` times at once, `most` times with an extra step done
    before each (`proven`), and none after that. No `most` means that it is never refused.

    `until` is for a key that is used up once for all, in place of a window. One that is `lenient`
    asks nothing of who uses the key before it for the first time.
    """

    key: str
    free: int
    most: int | None
    proven: bool = False
    until: datetime | None = None
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a form, as far as rules need to know: `spendings` count it, `network` is a keyed
    hash, `trapped` says that a field was filled which no person sees.
    """

    spendings: tuple[Spending, ...] = ()
    network: str = ""
    trapped: bool = False


def spend(connection: Connection, spendings: tuple[Spending, ...], *, now: datetime) -> None:
    """Count each use, inside the caller's transaction; what is raised takes the counts back.

    Raises StepWanted beyond the free times, TooMany (with the time to come back) beyond the most.
    """
    if not spendings:
        return
    number, ends = _window(WINDOW, now)
    uses = [
        (f"{spending.key}:{number}", ends)
        if spending.until is None
        else (spending.key, spending.until)
        for spending in spendings
    ]
    earlier = 0
    for spending, (_, until), times in zip(spendings, uses, _use(connection, uses), strict=True):
        if spending.most is not None and times > spending.most:
            raise TooMany(until - now)
        excused = spending.proven or (spending.lenient and earlier == 1)
        if times > spending.free and not excused:
            raise StepWanted
        earlier = times


def use_up(
    connection: Connection, key: str, *, most: int, window: timedelta, now: datetime
) -> bool:
    """Count a use and say whether it was one of the first `most` in its window."""
    number, ends = _window(window, now)
    return _use(connection, [(f"{key}:{number}", ends)])[0] <= most


def use_up_until(connection: Connection, key: str, until: datetime, *, most: int) -> bool:
    """Count a use and say whether it was one of the first `most`. `until` is when the count may be
    forgotten, as its first use has set it.
    """
    return _use(connection, [(key, until)])[0] <= most


def give_back(connection: Connection, key: str, *, window: timedelta, now: datetime) -> None:
    """Take the uses of a key in its present window back."""
    number, _ = _window(window, now)
    connection.execute(delete(_spent).where(_spent.c.key == f"{key}:{number}"))


def _window(length: timedelta, now: datetime) -> tuple[int, datetime]:
    """Return the number of the window that now is in, and when it ends."""
    number = int(now.timestamp() // length.total_seconds())
    return number, datetime.fromtimestamp((number + 1) * length.total_seconds(), UTC)


def _use(connection: Connection, uses: list[tuple[str, datetime]]) -> list[int]:
    """Count one use of each key, all in one statement, and return how often each was used."""
    values: dict[str, Any] = {}
    for at, (key, until) in enumerate(uses):
        values[f"key{at}"], values[f"until{at}"] = key, until
    counted = _counting(len(uses), connection.dialect.name).all(connection, values)
    times = {str(key): int(number) for key, number in counted}
    return [times[key] for key, _ in uses]


def used(
    connection: Connection, prefix: str, *, now: datetime
) -> tuple[list[tuple[str, int]], int]:
    """Return the keys that begin with `prefix` with how often they were used in their present
    window, most used first, and how often the busiest one was in any window before.
    """
    like = _spent.c.key.between(prefix, f"{prefix}~")  # which an index finds, unlike LIKE
    rows = connection.execute(
        select(_spent.c.key, _spent.c.times)
        .where(like, _spent.c.until > now)
        .order_by(_spent.c.times.desc())
        .limit(100)
    )
    present = [(key.removeprefix(prefix).rpartition(":")[0], times) for key, times in rows]
    before = connection.scalar(select(func.max(_spent.c.times)).where(like, _spent.c.until <= now))
    return present, before or 0


def forget(connection: Connection, *, now: datetime) -> int:
    """Erase the counts of windows that ended 48 hours ago, and return how many."""
    return connection.execute(delete(_spent).where(_is_past(now))).rowcount


def forgettable(now: datetime) -> Select[str]:
    """Return the query for what `forget` would erase."""
    return select(_spent.c.key).where(_is_past(now))


def _is_past(now: datetime) -> ColumnElement[bool]:
    return _spent.c.until < now - KEPT_FOR


@cache
def _counting(number: int, dialect: str) -> Prepared:
    rows = [
        {"key": bindparam(f"key{at}"), "times": literal(1), "until": bindparam(f"until{at}")}
        for at in range(number)
    ]
    return Prepared(
        (sqlite if dialect == "sqlite" else postgresql)
        .insert(_spent)
        .values(rows)
        .on_conflict_do_update(index_elements=["key"], set_={"times": _spent.c.times + 1})
        .returning(_spent.c.key, _spent.c.times)
    )
