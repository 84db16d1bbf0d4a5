"""Kept sums of counted signatures, by country, language, time, channel, organisation and more.

Also of those that no longer count, by reason. Every transaction that counts a signature, stops
counting one or corrects a confirmed one calls `change`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    String,
    bindparam,
    case,
    cast,
    delete,
    func,
    select,
    text,
)

from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.database.upsert import insert_for
from petition.models import OrganisationName, Signature, SignatureSum
from petition.models.sums import SumKind

_signature, _sum = Signature.table(), SignatureSum.table()
_Key = tuple[int, str, str]
_KEY = ("petition_id", "kind", "key")
_SUM_COLUMNS = (*_KEY, "confirmed")
PACE_ABOVE = 10  # signatures of today, up to which a page does not tell their number
_ROWS_AT_ONCE = 16  # one signature changes at most so many sums: what it said, and says now

_VALUES: dict[SumKind, ColumnElement[Any]] = {
    SumKind.CHANNEL: _signature.c.channel,
    SumKind.COUNTRY: _signature.c.country,
    SumKind.DAY: func.date(_signature.c.confirmed_at),
    # Both databases write a time as `2016-05-26 12:00:00` and more.
    SumKind.HOUR: func.substr(cast(_signature.c.confirmed_at, String), 1, 13),
    SumKind.LANGUAGE: _signature.c.language,
    SumKind.DISPOSABLE: case((_signature.c.disposable, "yes"), else_=""),
    SumKind.ORGANISATION: _signature.c.organisation,
    SumKind.TEXT: _signature.c.text_language
    + "-"
    + cast(func.coalesce(_signature.c.confirmed_version, _signature.c.text_version), String),
    SumKind.INVALIDATED: _signature.c.invalidated_reason,
}
# What `change` needs of a signature: select or return them.
COLUMNS = (_signature.c.petition_id, *(value.label(kind) for kind, value in _VALUES.items()))


def change(
    connection: Connection, *, added: Iterable[Row[Any]] = (), removed: Iterable[Row[Any]] = ()
) -> None:
    """Add and subtract confirmed signatures, given as rows of `COLUMNS`.

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
    counted: Counter[_Key] = Counter()
    of_petition = (_signature.c.petition_id == petition_id, _signature.c.confirmed_at.is_not(None))
    for kind, column in _VALUES.items():
        has_sum = Signature.counted if kind != SumKind.INVALIDATED else column.is_not(None)
        query = select(column, func.count()).where(*of_petition, has_sum).group_by(text("1"))
        for value, number in connection.execute(query):
            if value:
                counted[petition_id, kind, _key(kind, value)] += number
    if counted:
        rows = [dict(zip(_SUM_COLUMNS, (*key, counted[key]), strict=True)) for key in counted]
        connection.execute(_sum.insert(), rows)


def get_sums(petition_id: int, kind: SumKind) -> dict[str, int]:
    """Return the sums of one kind by key."""
    query = select(_sum.c.key, _sum.c.confirmed).where(*_is_of(petition_id, kind))
    return dict(db.session.execute(query).all())


def get_sums_of(petition_id: int, *kinds: SumKind) -> dict[SumKind, dict[str, int]]:
    """Return the sums of several kinds by key, in one statement."""
    query = select(_sum.c.kind, _sum.c.key, _sum.c.confirmed).where(
        _sum.c.petition_id == petition_id, _sum.c.kind.in_(kinds)
    )
    found: dict[SumKind, dict[str, int]] = {kind: {} for kind in kinds}
    for kind, key, number in db.session.execute(query):
        found[SumKind(kind)][key] = number
    return found


def get_pace(petition_id: int, *, now: datetime) -> int:
    """Return how many signatures were confirmed today (UTC), if that encourages, else 0."""
    is_today = (*_is_of(petition_id, SumKind.DAY), _sum.c.key == now.date().isoformat())
    today = db.session.scalar(select(_sum.c.confirmed).where(*is_today)) or 0
    return today if today > PACE_ABOVE else 0


def count_on(petition_ids: Collection[int], day: date) -> dict[int, int]:
    """Return how many signatures of petitions were confirmed on a day (UTC); none are left out."""
    query = select(_sum.c.petition_id, _sum.c.confirmed).where(
        _sum.c.petition_id.in_(petition_ids), _sum.c.kind == SumKind.DAY, _sum.c.key == str(day)
    )
    return dict(db.session.execute(query).all())


def largest_first(petition_id: int, kind: SumKind) -> list[tuple[str, int]]:
    """Return keys and sums of one kind, the largest first."""
    return by_size(get_sums(petition_id, kind))


def by_size(numbers: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return keys and sums, the largest first."""
    return sorted(numbers.items(), key=lambda item: (-item[1], item[0]))


def count_organisations(petition_id: int) -> int:
    """Return how many organisations signers named, each once whatever its capitals.

    Spellings that organisers joined are one.
    """
    name = OrganisationName.table().c
    is_joined = (name.petition_id == _sum.c.petition_id) & (name.written_key == _sum.c.key)
    query = (
        select(func.count(func.coalesce(name.shown_key, _sum.c.key).distinct()))
        .select_from(_sum.outerjoin(OrganisationName.table(), is_joined))
        .where(*_is_of(petition_id, SumKind.ORGANISATION))
    )
    return db.session.scalar(query) or 0


def _is_of(petition_id: int, kind: SumKind) -> tuple[ColumnElement[bool], ...]:
    return _sum.c.petition_id == petition_id, _sum.c.kind == kind


def _keys(row: Row[Any]) -> Iterator[_Key]:
    kinds = _VALUES if row.invalidated is None else (SumKind.INVALIDATED,)
    for kind in kinds:
        value = getattr(row, kind)
        if value:
            yield row.petition_id, kind, _key(kind, value)


def _key(kind: SumKind, value: object) -> str:
    return str(value).casefold() if kind == SumKind.ORGANISATION else str(value)


def _upsert(connection: Connection, changed: Sequence[tuple[int, str, str, int]]) -> None:
    values = {
        f"{name}{at}": value
        for at, row in enumerate(changed)
        for name, value in zip(_SUM_COLUMNS, row, strict=True)
    }
    statement = _upsert_statement(len(changed), connection.dialect.name)
    for *key, confirmed in statement.all(connection, values):
        if confirmed <= 0:
            connection.execute(_DELETE, dict(zip(_KEY, key, strict=True)))


@cache
def _upsert_statement(rows: int, dialect: str) -> CompiledStatement:
    statement = insert_for(dialect, _sum).values(
        [{name: bindparam(f"{name}{at}") for name in _SUM_COLUMNS} for at in range(rows)]
    )
    return CompiledStatement(
        statement.on_conflict_do_update(
            index_elements=_KEY, set_={"confirmed": _sum.c.confirmed + statement.excluded.confirmed}
        ).returning(_sum)
    )


_DELETE = delete(_sum).where(*(_sum.c[name] == bindparam(name) for name in _KEY))
