"""Finding signatures: filters without personal data, and the search by name or address.

Each list is read a page at a time by the index of its order (keyset): no page counts those before.
"""

import unicodedata
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from petition import audit
from petition.core.clock import end_of
from petition.core.text import search_key
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Signature
from petition.models.enums import AuditAction
from petition.signatures.identity import AddressInvalid, mailboxes_of, parse_address

PAGE_SIZE = 50
COUNTED_UP_TO = 10_000  # matches that a list counts
LAST_LETTER = "\U0010ffff"

_signature = Signature.table()


class State(StrEnum):
    """What signatures a list has."""

    COUNTED = "counted"
    WAITING = "waiting"
    INVALIDATED = "invalidated"
    HIDDEN = "hidden"  # counted, and an organiser has hidden the name


class Flag(StrEnum):
    """What is unusual about an address."""

    DISPOSABLE = "disposable"
    TAGGED = "tagged"


@dataclass(frozen=True, slots=True)
class Criteria:
    """Which signatures match. `term` is the beginning of a name or an address, or `exact`.

    With a term, signatures in every state match. `up_to` is the highest number that does.
    """

    state: str = State.COUNTED
    since: str = ""  # days of confirmation or, of a waiting one, of signing; UTC, ISO 8601
    until: str = ""
    country: str = ""
    language: str = ""
    domain: str = ""
    flag: str = ""
    version: int = 0
    organisation: str = ""
    term: str = ""
    is_address: bool = False
    exact: bool = False
    up_to: int = 0

    def dump(self) -> dict[str, Any]:
        """Return what differs from the defaults, for JSON."""
        return dict(asdict(self).items() - asdict(Criteria()).items())


@dataclass(frozen=True, slots=True)
class Found:
    """A page of signatures, how many match up to `COUNTED_UP_TO` + 1, and where the next begins."""

    signatures: list[Signature]
    number: int
    next_before: int | None

    @property
    def is_more(self) -> bool:
        return self.number > COUNTED_UP_TO


def list_matching(petition_id: int, criteria: Criteria, *, before: int | None = None) -> Found:
    """Return a page of the signatures that match, newest first, or after the one with id `before`.

    Those of a search come in the order of its term.
    """
    conditions = (_signature.c.petition_id == petition_id, *match(criteria))
    order = _order(criteria)
    in_order = [column if up else column.desc() for column, up in order]
    later = _later(petition_id, order, before)
    query = select(Signature).where(*conditions, *later).order_by(*in_order)
    rows = list(db.session.scalars(query.limit(PAGE_SIZE + 1)))
    # In the order of the list, so that both are read by the same index.
    some = select(_signature.c.id).where(*conditions).order_by(*in_order)
    counted = select(func.count()).select_from(some.limit(COUNTED_UP_TO + 1).subquery())
    number = db.session.scalar(counted) or 0
    more = len(rows) > PAGE_SIZE
    return Found(rows[:PAGE_SIZE], number, rows[PAGE_SIZE - 1].id if more else None)


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


def count_countable(connection: Connection, petition_id: int, criteria: Criteria) -> int:
    """Return how many counted signatures match: those that can be taken out."""
    return connection.scalar(select(func.count()).where(*countable(petition_id, criteria))) or 0


def sample(petition_id: int, criteria: Criteria, *, most: int = 10) -> list[Signature]:
    """Return the newest of the counted signatures that match."""
    query = select(Signature).where(*countable(petition_id, criteria))
    return list(db.session.scalars(query.order_by(_signature.c.id.desc()).limit(most)))


def countable(petition_id: int, criteria: Criteria) -> list[ColumnElement[bool]]:
    """Return the conditions for the counted signatures that match."""
    of_petition = _signature.c.petition_id == petition_id
    return [of_petition, *_match_state(State.COUNTED), *match(criteria)]


def last_number(petition_id: int) -> int:
    """Return the highest number of a petition's signatures, or 0."""
    query = select(func.max(_signature.c.number)).where(_signature.c.petition_id == petition_id)
    return db.session.scalar(query) or 0


def match(criteria: Criteria) -> list[ColumnElement[bool]]:
    """Return the conditions of criteria."""
    table, found = _signature.c, []
    if criteria.term:
        found.append(_match_term(criteria))
    else:
        found += _match_state(criteria.state)
    at = table.signed_at if criteria.state == State.WAITING else table.confirmed_at
    if criteria.since:
        found.append(at >= _midnight(criteria.since))
    if criteria.until:
        found.append(at < end_of(date.fromisoformat(criteria.until)))
    for name in ("country", "language", "organisation"):
        if value := getattr(criteria, name):
            found.append(table[name] == value)
    if criteria.domain:
        found.append(table.mailbox_key.endswith(f"@{criteria.domain.lower()}", autoescape=True))
    if criteria.version:
        found.append(table.text_version == criteria.version)
    if criteria.flag == Flag.DISPOSABLE:
        found.append(table.disposable.is_(True))
    elif criteria.flag == Flag.TAGGED:
        found.append(table.email.contains("+", autoescape=True))
    if criteria.up_to:
        found.append(table.number <= criteria.up_to)
    return found


def begins_with(column: ColumnElement[str], beginning: str) -> ColumnElement[bool]:
    """Return the condition for a text that begins so, as a range that an index finds."""
    return and_(column >= beginning, column < beginning + LAST_LETTER)


def _match_state(state: str) -> tuple[ColumnElement[bool], ...]:
    table = _signature.c
    if state == State.WAITING:
        return (table.confirmed_at.is_(None),)
    if state == State.INVALIDATED:
        return (table.invalidation_id.is_not(None),)
    counts = (table.number.is_not(None), table.invalidation_id.is_(None))
    return (*counts, table.name_hidden.is_(True)) if state == State.HIDDEN else counts


def _match_term(criteria: Criteria) -> ColumnElement[bool]:
    if not criteria.is_address:
        key = search_key(criteria.term)
        name = _signature.c.name_key
        is_name = name == key if criteria.exact else begins_with(name, key)
        return and_(_signature.c.number.is_not(None), is_name)
    if criteria.exact:
        try:
            keys = mailboxes_of(parse_address(criteria.term, str).key)
        except AddressInvalid:
            keys = set()
        return _signature.c.mailbox_key.in_(keys)
    return _match_beginning_of_address(criteria.term)


def _match_beginning_of_address(term: str) -> ColumnElement[bool]:
    """Match an address as it is typed, or as its mailbox is written without dots and tag."""
    term = unicodedata.normalize("NFKC", "".join(term.split())).lower()
    local, at, domain = term.partition("@")
    name = local.partition("+")[0]
    mailboxes = {term, f"{name}{at}{domain}", f"{name.replace('.', '')}{at}{domain}"}
    ranges = [begins_with(_signature.c.mailbox_key, mailbox) for mailbox in sorted(mailboxes)]
    if at or len(ranges) == 1:
        return or_(*ranges)
    typed = _signature.c.address_key.startswith(term, autoescape=True)
    return and_(or_(*ranges), typed)  # `anna.b` is no beginning of annabel@


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


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC)
