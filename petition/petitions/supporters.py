"""Who signed, as far as they want it known: what the public page and the public list say.

A name shows only as its signer chose, an organisation only with a full name, and a comment once an
organiser has read it. A country is named from five signatures on: fewer could point at a person.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, RowMapping, func, literal_column, select

from petition.database.base import db
from petition.models import Signature
from petition.models.enums import CommentState, Display
from petition.models.sums import SumKind
from petition.petitions import sums

_signature = Signature.table()

RECENT, COMMENTS, ORGANISATIONS, COUNTRIES = 6, 3, 40, 12
LISTED = 1_000  # signatures for organisations, on the list of these; that of the signers has all
MIN_PER_COUNTRY = 5  # signatures from a country, for it to be named
PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class Supporter:
    """A signer who shows: by full name or by initials, with the day, never the minute. `language`
    is the one they signed in, most likely that of the comment.
    """

    number: int
    name: str
    country: str
    organisation: str
    role: str
    comment: str
    language: str
    day: date


@dataclass(frozen=True, slots=True)
class Organisation:
    """A body for which people signed by their full names: each one's name and role."""

    name: str
    people: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ShownSupporters:
    """Those of a petition's signers whom its page shows. `organisations` are names in the order of
    the alphabet, each once.
    """

    recent: list[Supporter]
    remarks: list[Supporter]
    organisations: list[str]


@dataclass(frozen=True, slots=True)
class SupporterTotals:
    """How many signed, by what. `organisations` counts all, shown or not; `countries` are the
    busiest, with `elsewhere` the sum of the others.
    """

    organisations: int
    countries: list[tuple[str, int]]
    elsewhere: int


def get_shown(petition_id: int) -> ShownSupporters:
    """Return who signed, as the petition's page shows it."""
    return ShownSupporters(
        recent=_some(petition_id, most=RECENT),
        remarks=_some(
            petition_id,
            Signature.remarks(),
            _signature.c.comment_state == CommentState.SHOWN,
            most=COMMENTS,
        ),
        organisations=_organisations(petition_id),
    )


def get_totals(petition_id: int) -> SupporterTotals:
    """Return how many signed, by country and for organisations."""
    countries = sums.get_sums(petition_id, SumKind.COUNTRY)[SumKind.COUNTRY]
    by_country = sums.by_size(countries)
    named = [(code, number) for code, number in by_country if number >= MIN_PER_COUNTRY][:COUNTRIES]
    return SupporterTotals(
        organisations=sums.count_organisations(petition_id),
        countries=named,
        elsewhere=sum(number for _, number in by_country[len(named) :]),
    )


def list_shown(petition_id: int, *, before: int | None = None) -> list[Supporter]:
    """Return up to a hundred signers who show, newest first: those numbered below `before`."""
    wanted = () if before is None else (_signature.c.number < before,)
    return _some(petition_id, *wanted, most=PAGE_SIZE)


def list_organisations(petition_id: int) -> list[Organisation]:
    """Return the organisations that show, in the order of the alphabet, each once."""
    rows = db.session.execute(
        select(_signature.c.organisation, _signature.c.name, _signature.c.role)
        .where(*_shows_organisation(petition_id))
        .order_by(_signature.c.organisation, _signature.c.number)
        .limit(LISTED)
    )
    found: dict[str, Organisation] = {}
    for organisation, name, role in rows:
        body = found.setdefault(organisation.casefold(), Organisation(organisation, []))
        body.people.append((name, role))
    return [found[key] for key in sorted(found)]


def _some(petition_id: int, *wanted: ColumnElement[bool], most: int) -> list[Supporter]:
    rows = db.session.execute(
        select(_signature)
        .where(_signature.c.petition_id == petition_id, Signature.shows(), *wanted)
        .order_by(_signature.c.number.desc())
        .limit(most)
    )
    return [_supporter(row) for row in rows.mappings()]


def _supporter(row: RowMapping) -> Supporter:
    full = row["display"] == Display.FULL
    return Supporter(
        number=row["number"],
        name=row["name"] if full else initials(row["name"]),
        country=row["country"],
        organisation=row["organisation"] if full else "",
        role=row["role"] if full else "",
        comment=row["comment"] if row["comment_state"] == CommentState.SHOWN else "",
        language=row["language"],
        day=row["confirmed_at"].date(),
    )


def _organisations(petition_id: int) -> list[str]:
    # One seek in the index for each name, however many have signed for it (loose index scan).
    shows, column = _shows_organisation(petition_id), _signature.c.organisation
    names = select(func.min(column).label("name")).where(*shows).cte(recursive=True)
    following = select(func.min(column)).where(*shows, column > names.c.name).scalar_subquery()
    names = names.union_all(select(following).where(names.c.name.is_not(None)))
    found = db.session.scalars(
        select(names.c.name).where(names.c.name.is_not(None)).limit(ORGANISATIONS)
    )
    once = {name.casefold(): name for name in found}
    return [once[key] for key in sorted(once)]


def _shows_organisation(petition_id: int) -> tuple[ColumnElement[bool], ...]:
    # Literals, not bound values: the database would not see that the partial index fits.
    return (
        _signature.c.petition_id == petition_id,
        _signature.c.number.is_not(None),
        _signature.c.organisation != literal_column("''"),
        _signature.c.display == literal_column(f"'{Display.FULL}'"),
        _signature.c.name_hidden.is_(False),
    )


def initials(name: str) -> str:
    """Return a name's initials: `A. B.` for Anna Berg, `Ж.-Б. М.` for Жан-Батист Мольер."""
    words = ("-".join(f"{part[:1].upper()}." for part in word.split("-")) for word in name.split())
    return " ".join(words)
