"""Criteria of signatures: filters without personal data, or a term of a name or an address."""

import unicodedata
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from petition.core.clock import end_of
from petition.core.text import search_key
from petition.database.base import db
from petition.models import Signature
from petition.signatures.identity import AddressInvalid, mailboxes_of, parse_address

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
    of_petition = (_signature.c.petition_id == petition_id, _signature.c.number.is_not(None))
    return db.session.scalar(select(func.max(_signature.c.number)).where(*of_petition)) or 0


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


def _midnight(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC)
