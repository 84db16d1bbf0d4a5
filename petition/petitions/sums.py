"""Kept sums of counted signatures, by country, day, channel, organisation and disposable address.

Every transaction that counts a signature, stops counting one or corrects a counted one calls
`change`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, text

from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.database.upsert import insert_for
from petition.models import Signature, SignatureSum
from petition.models.sums import SumKind

_signature, _sum = Signature.table(), SignatureSum.table()
_Key = tuple[int, str, str]
_KEY = ("petition_id", "kind", "key")
_ROWS_AT_ONCE = 10  # one signature changes at most ten sums: what it said, and what it says now

# What `change` needs of a signature.
COLUMNS = tuple(
    _signature.c[name]
    for name in ("petition_id", "country", "channel", "organisation", "disposable", "confirmed_at")
)


def change(
    connection: Connection, *, added: Iterable[Row[Any]] = (), removed: Iterable[Row[Any]] = ()
) -> None:
    """Add and subtract counted signatures, given as rows of `COLUMNS`.

    Sums are locked in the order of their keys, so that transactions do not deadlock.
    """
    differences: Counter[_Key] = Counter()
    for row in added:
        differences.update(_keys(row))
    for row in removed:
        differences.subtract(_keys(row))
    changed = sorted((*key, by) for key, by in differences.items() if by)
    for start in range(0, len(changed), _ROWS_AT_ONCE):
        _upsert(connection, changed[start : start + _ROWS_AT_ONCE])


def rebuild(connection: Connection, petition_id: int) -> None:
    """Replace the sums of a petition by what its signatures say; the caller holds its tally."""
    if connection.dialect.name == "postgresql":
        # Corrections do not wait for the tally. Let those under way commit, and hold new ones.
        connection.execute(text("LOCK TABLE signature_sum IN SHARE ROW EXCLUSIVE MODE"))
    connection.execute(delete(_sum).where(_sum.c.petition_id == petition_id))
    counted = scan(connection, petition_id)
    if counted:
        rows = [dict(zip(_KEY, key, strict=True), confirmed=counted[key]) for key in counted]
        connection.execute(insert(_sum), rows)


def scan(connection: Connection, petition_id: int) -> Counter[_Key]:
    """Return the sums of a petition from its signatures, one by one."""
    rows = connection.execute(
        select(*COLUMNS).where(_signature.c.petition_id == petition_id, Signature.counted),
        execution_options={"yield_per": 1_000},
    )
    return Counter(key for row in rows for key in _keys(row))


def get_sums(petition_id: int, kind: SumKind) -> dict[str, int]:
    """Return the sums of one kind by key."""
    query = select(_sum.c.key, _sum.c.confirmed).where(
        _sum.c.petition_id == petition_id, _sum.c.kind == kind
    )
    return dict(db.session.execute(query).all())


def largest_first(petition_id: int, kind: SumKind) -> list[tuple[str, int]]:
    """Return keys and sums of one kind, the largest first."""
    return sorted(get_sums(petition_id, kind).items(), key=lambda item: (-item[1], item[0]))


def count_organisations(petition_id: int) -> int:
    """Return how many organisations signers named, each once whatever its capitals."""
    query = select(func.count()).where(
        _sum.c.petition_id == petition_id, _sum.c.kind == SumKind.ORGANISATION
    )
    return db.session.scalar(query) or 0


def _keys(row: Row[Any]) -> Iterator[_Key]:
    yield row.petition_id, SumKind.COUNTRY, row.country
    yield row.petition_id, SumKind.DAY, row.confirmed_at.date().isoformat()
    if row.channel:
        yield row.petition_id, SumKind.CHANNEL, row.channel
    if row.organisation:
        yield row.petition_id, SumKind.ORGANISATION, row.organisation.casefold()
    if row.disposable:
        yield row.petition_id, SumKind.DISPOSABLE, ""


def _upsert(connection: Connection, changed: Sequence[tuple[int, str, str, int]]) -> None:
    values = {
        f"{name}{at}": value
        for at, row in enumerate(changed)
        for name, value in zip((*_KEY, "confirmed"), row, strict=True)
    }
    statement = _upsert_statement(len(changed), connection.dialect.name)
    for *key, confirmed in statement.all(connection, values):
        if confirmed <= 0:
            connection.execute(_DELETE, dict(zip(_KEY, key, strict=True)))


@cache
def _upsert_statement(rows: int, dialect: str) -> CompiledStatement:
    names = (*_KEY, "confirmed")
    statement = insert_for(dialect, _sum).values(
        [{name: bindparam(f"{name}{at}") for name in names} for at in range(rows)]
    )
    return CompiledStatement(
        statement.on_conflict_do_update(
            index_elements=_KEY,
            set_={"confirmed": _sum.c.confirmed + statement.excluded.confirmed},
        ).returning(_sum)
    )


_DELETE = delete(_sum).where(*(_sum.c[name] == bindparam(name) for name in _KEY))
