"""Lists of signatures, a page at a time by the index of their order (keyset).

No page counts those before it, and none looks through more than `NUMBERS_AT_ONCE` for its matches.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from petition import audit
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Signature
from petition.models.enums import AuditAction
from petition.organisers.review.search import Criteria, State, last_number, match

PAGE_SIZE = 50
COUNTED_UP_TO = 10_000  # matches that a list counts
NUMBERS_AT_ONCE = 200_000  # that a page with filters looks through

_signature = Signature.table()


@dataclass(frozen=True, slots=True)
class Found:
    """A page of signatures, how many match up to `COUNTED_UP_TO` + 1, and where the next begins.

    `searched` has the first and the last number that were looked through, unless all were.
    """

    signatures: list[Signature]
    number: int
    next_before: int | None
    searched: tuple[int, int] | None = None

    @property
    def is_more(self) -> bool:
        return self.number > COUNTED_UP_TO


def list_matching(petition_id: int, criteria: Criteria, *, before: int | None = None) -> Found:
    """Return a page of the signatures that match, newest first, or after the one with id `before`.

    Those of a search come in the order of its term. A page with filters may have few matches, or
    none, and yet not be the last one: the next looks through the numbers below `searched`.
    """
    conditions = [_signature.c.petition_id == petition_id, *match(criteria)]
    searched = _numbers_to_search(petition_id, criteria, before)
    if searched:
        conditions.append(_signature.c.number.between(*searched))
    order = _order(criteria)
    in_order = [column if up else column.desc() for column, up in order]
    later = _later(petition_id, order, before)
    query = select(Signature).where(*conditions, *later).order_by(*in_order)
    rows = list(db.session.scalars(query.limit(PAGE_SIZE + 1)))
    if searched and len(rows) <= PAGE_SIZE:
        return Found(rows, len(rows), _end_of_search(petition_id, searched[0]), searched)
    # In the order of the list, so that both are read by the same index.
    some = select(_signature.c.id).where(*conditions).order_by(*in_order)
    counted = select(func.count()).select_from(some.limit(COUNTED_UP_TO + 1).subquery())
    number = db.session.scalar(counted) or 0
    more = len(rows) > PAGE_SIZE
    return Found(rows[:PAGE_SIZE], number, rows[PAGE_SIZE - 1].id if more else None, searched)


def search(
    petition_id: int,
    criteria: Criteria,
    *,
    before: int | None = None,
    organiser_id: int,
    now: datetime,
) -> Found:
    """Search by name or address, and record that somebody did, without the term."""
    found = list_matching(petition_id, criteria, before=before)
    how = "" if criteria.exact else "beginning of "
    how += "address" if criteria.is_address else "name"
    with transaction() as connection:
        audit.record(
            connection,
            AuditAction.SIGNATURES_SEARCH,
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"{how}, {'more than ' * found.is_more}{min(found.number, COUNTED_UP_TO)} found",
        )
    return found


def _order(criteria: Criteria) -> list[tuple[ColumnElement[Any], bool]]:
    """Return the columns of the order, and whether they go up; the last one tells rows apart."""
    table = _signature.c
    if criteria.term:
        key = table.mailbox_key if criteria.is_address else table.name_key
        return [(key, True), (table.id, True)]
    if criteria.state == State.WAITING:
        return [(table.signed_at, False), (table.id, False)]
    return [(table.number, False)]


def _later(
    petition_id: int, order: list[tuple[ColumnElement[Any], bool]], before: int | None
) -> tuple[ColumnElement[bool], ...]:
    """Return the condition for what comes after a signature of the petition that is not erased."""
    is_it = (_signature.c.id == before, _signature.c.petition_id == petition_id)
    last = db.session.execute(select(*(column for column, _ in order)).where(*is_it)).first()
    if last is None or last[0] is None:
        return ()
    (column, up), value = order[0], last[0]
    beyond = column > value if up else column < value
    if len(order) == 1:
        return (beyond,)
    tie, tied = order[1][0], last[1]
    return (or_(beyond, and_(column == value, tie > tied if up else tie < tied)),)


def _numbers_to_search(
    petition_id: int, criteria: Criteria, before: int | None
) -> tuple[int, int] | None:
    """Return the numbers that a page looks through, or None for all.

    That is where an index has the matches alone, or where nearly all match.
    """
    is_indexed = criteria.term or criteria.state in {State.WAITING, State.INVALIDATED}
    highest = 0 if is_indexed or criteria == Criteria() else last_number(petition_id)
    if highest <= NUMBERS_AT_ONCE:
        return None
    is_it = (_signature.c.id == before, _signature.c.petition_id == petition_id)
    number = db.session.scalar(select(_signature.c.number).where(*is_it))
    last = highest if number is None else number - 1
    return max(1, last - NUMBERS_AT_ONCE + 1), last


def _end_of_search(petition_id: int, first: int) -> int | None:
    """Return the id of the signature with the lowest number from `first` on, or None if no number
    is lower.
    """
    number, of_petition = _signature.c.number, _signature.c.petition_id == petition_id
    lower = select(_signature.c.id).where(of_petition, number < first).limit(1)
    if db.session.scalar(lower) is None:
        return None
    lowest = select(_signature.c.id).where(of_petition, number >= first).order_by(number).limit(1)
    return db.session.scalar(lowest)
