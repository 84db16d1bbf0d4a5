"""Supporters as the public pages show them.

A name shows only as its signer chose, an organisation only with a full name, and a comment once an
organiser has approved it. A country is named from five signatures on: fewer could identify a
person.
"""

from datetime import date
from typing import NamedTuple

from sqlalchemy import ColumnElement, RowMapping, func, literal_column, select

from petition.core.text import initials
from petition.database.base import db
from petition.models import OrganisationName, Signature
from petition.models.enums import CommentState, Display
from petition.models.sums import SumKind
from petition.petitions import sums

_signature = Signature.table()
_organisation = OrganisationName.of_signature().label("shown_organisation")

RECENT, COMMENTS, ORGANISATIONS, COUNTRIES = 6, 3, 40, 12  # shown on a petition's page
LISTED = 1_000  # signatures read for the list of organisations
MIN_PER_COUNTRY = 5  # signatures from a country, for it to be named
PAGE_SIZE = 100


class Supporter(NamedTuple):
    """A signer who shows by full name or initials, and signed in `language` on `day`.

    The day has no time: that would tell when somebody clicked.
    """

    number: int
    name: str
    country: str
    organisation: str
    role: str
    comment: str
    language: str
    day: date


class Organisation(NamedTuple):
    """An organisation with the names and roles of those who signed for it by full name."""

    name: str
    people: list[tuple[str, str]]


class ShownSupporters(NamedTuple):
    """The supporters on a petition's page. `organisations` are sorted names, each once."""

    recent: list[Supporter]
    comments: list[Supporter]
    organisations: list[str]


class SupporterTotals(NamedTuple):
    """Numbers of organisations, shown or not, of signers by country, and of those `elsewhere`.

    `removed` are the numbers of signatures that organisers took out of the count, by reason.
    """

    organisations: int
    countries: list[tuple[str, int]]
    elsewhere: int
    removed: list[tuple[str, int]]


def get_shown(petition_id: int) -> ShownSupporters:
    """Return the supporters on a petition's page."""
    approved = (Signature.has_shown_comment(), _signature.c.comment_state == CommentState.SHOWN)
    return ShownSupporters(
        recent=_list(petition_id, limit=RECENT),
        comments=_list(petition_id, *approved, limit=COMMENTS),
        organisations=_organisation_names(petition_id),
    )


def get_totals(petition_id: int) -> SupporterTotals:
    """Return how many signed, by country and for organisations, and how many were removed."""
    numbers = sums.get_sums_of(petition_id, SumKind.COUNTRY, SumKind.INVALIDATED)
    by_country = sums.by_size(numbers[SumKind.COUNTRY])
    named = [(code, number) for code, number in by_country if number >= MIN_PER_COUNTRY][:COUNTRIES]
    return SupporterTotals(
        organisations=sums.count_organisations(petition_id),
        countries=named,
        elsewhere=sum(number for _, number in by_country[len(named) :]),
        removed=sums.by_size(numbers[SumKind.INVALIDATED]),
    )


def list_shown(petition_id: int, *, before: int | None = None) -> list[Supporter]:
    """Return up to a hundred supporters, newest first: those numbered below `before` (keyset)."""
    older = () if before is None else (_signature.c.number < before,)
    return _list(petition_id, *older, limit=PAGE_SIZE)


def list_organisations(petition_id: int) -> list[Organisation]:
    """Return the organisations that show, sorted by name, each once."""
    rows = db.session.execute(
        select(_organisation, _signature.c.name, _signature.c.role)
        .where(*_shows_organisation(petition_id))
        .order_by(_signature.c.organisation, _signature.c.number)
        .limit(LISTED)
    )
    organisations: dict[str, Organisation] = {}
    for name, person, role in rows:
        organisation = organisations.setdefault(name.casefold(), Organisation(name, []))
        organisation.people.append((person, role))
    return [organisations[key] for key in sorted(organisations)]


def _list(petition_id: int, *conditions: ColumnElement[bool], limit: int) -> list[Supporter]:
    rows = db.session.execute(
        select(_signature, _organisation)
        .where(_signature.c.petition_id == petition_id, Signature.is_shown(), *conditions)
        .order_by(_signature.c.number.desc())
        .limit(limit)
    )
    return [_supporter(row) for row in rows.mappings()]


def _supporter(row: RowMapping) -> Supporter:
    full = row["display"] == Display.FULL
    return Supporter(
        number=row["number"],
        name=row["name"] if full else initials(row["name"]),
        country=row["country"],
        organisation=row["shown_organisation"] if full else "",
        role=row["role"] if full else "",
        comment=row["comment"] if row["comment_state"] == CommentState.SHOWN else "",
        language=row["language"],
        day=row["confirmed_at"].date(),
    )


def _organisation_names(petition_id: int) -> list[str]:
    # One seek in the index for each name, however many have signed for it (loose index scan).
    shows, column = _shows_organisation(petition_id), _signature.c.organisation
    names = select(func.min(column).label("name")).where(*shows).cte(recursive=True)
    following = select(func.min(column)).where(*shows, column > names.c.name).scalar_subquery()
    names = names.union_all(select(following).where(names.c.name.is_not(None)))
    joined = OrganisationName.table().c
    is_joined = (joined.petition_id == petition_id) & (joined.written == names.c.name)
    shown = (
        select(func.coalesce(joined.shown, names.c.name))
        .select_from(names.outerjoin(OrganisationName.table(), is_joined))
        .where(names.c.name.is_not(None))
        .limit(ORGANISATIONS)
    )
    once = {name.casefold(): name for name in db.session.scalars(shown)}
    return [once[key] for key in sorted(once)]


def _shows_organisation(petition_id: int) -> tuple[ColumnElement[bool], ...]:
    # Literals: with bound values the database would not use the partial index.
    return (
        _signature.c.petition_id == petition_id,
        _signature.c.number.is_not(None),
        _signature.c.invalidation_id.is_(None),
        _signature.c.organisation != literal_column("''"),
        _signature.c.display == literal_column(f"'{Display.FULL}'"),
        _signature.c.name_hidden.is_(False),
    )
