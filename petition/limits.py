"""How often a key may be used: counts in the database, so that all processes share them.

A key is a keyed hash (a network, a proof) or a number; windows are fixed, and their counts are kept
for no longer than 48 hours.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from petition.errors import StepWanted, TooMany
from petition.models import Spent
from petition.prepared import Prepared

WINDOW = timedelta(minutes=10)
KEPT_FOR = timedelta(hours=48)

_spent = Spent.table()


@dataclass(frozen=True, slots=True)
class Spending:
    """One use of a key within a window: `free` times at once, `most` times with an extra step done
    before each (`proven`), and none after that. No `most` means that it is never refused.

    `until` is for a key that is used up once for all, in place of a window.
    """

    key: str
    free: int
    most: int | None
    proven: bool = False
    until: datetime | None = None


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
    for spending in spendings:
        if spending.until is None:
            times, until = _use_in_window(connection, spending.key, WINDOW, now)
        else:
            times, until = _use(connection, spending.key, spending.until), spending.until
        if spending.most is not None and times > spending.most:
            raise TooMany(until - now)
        if times > spending.free and not spending.proven:
            raise StepWanted


def use_up(
    connection: Connection, key: str, *, most: int, window: timedelta, now: datetime
) -> bool:
    """Count a use and say whether it was one of the first `most` in its window."""
    return _use_in_window(connection, key, window, now)[0] <= most


def _use_in_window(
    connection: Connection, key: str, window: timedelta, now: datetime
) -> tuple[int, datetime]:
    number = int(now.timestamp() // window.total_seconds())
    until = datetime.fromtimestamp((number + 1) * window.total_seconds(), UTC)
    return _use(connection, f"{key}:{number}", until), until


def _use(connection: Connection, key: str, until: datetime) -> int:
    values = {"key": key, "until": until}
    ((times,),) = _USE[connection.dialect.name].all(connection, values)
    return int(times)


def used(
    connection: Connection, prefix: str, *, least: int, now: datetime
) -> list[tuple[str, int]]:
    """Return the keys that begin with `prefix` and were used at least so often in their present
    window.
    """
    rows = connection.execute(
        select(_spent.c.key, _spent.c.times).where(
            _spent.c.key.startswith(prefix, autoescape=True),
            _spent.c.times >= least,
            _spent.c.until > now,
        )
    )
    return [(key.removeprefix(prefix).rpartition(":")[0], times) for key, times in rows]


def forget(connection: Connection, *, now: datetime) -> int:
    """Erase the counts of windows that ended 48 hours ago, and return how many."""
    return connection.execute(delete(_spent).where(_spent.c.until < now - KEPT_FOR)).rowcount


def _counting(dialect: Any) -> Prepared:
    return Prepared(
        dialect.insert(_spent)
        .values(key=bindparam("key"), times=1, until=bindparam("until"))
        .on_conflict_do_update(index_elements=["key"], set_={"times": _spent.c.times + 1})
        .returning(_spent.c.times)
    )


_USE = {"sqlite": _counting(sqlite), "postgresql": _counting(postgresql)}
