"""Who signed, as far as they want it known: what the public page and the public list say.

A name shows only as its signer chose, an organisation only with one who shows, and a comment once
an organiser has read it.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, RowMapping, func, literal_column, select

from petition.extensions import db
from petition.kinds import Display, Remark
from petition.models import Signature
from petition.signers import initials

_signature = Signature.table()
_counted = _signature.c.number.is_not(None)

RECENT, REMARKS, ORGANISATIONS, COUNTRIES = 6, 3, 40, 12
PAGE = 100


@dataclass(frozen=True, slots=True)
class Supporter:
    """A signer who shows: by full name or by initials, with the day, never the minute."""

    number: int
    name: str
    country: str
    organisation: str
    role: str
    comment: str
    day: date


@dataclass(frozen=True, slots=True)
class Company:
    """All that a petition's page says of its signers. `organisations` are the names of those that
    show, `organisation_count` is of all; `countries` are the busiest, with `elsewhere` the sum of
    the others.
    """

    recent: list[Supporter]
    remarks: list[Supporter]
    organisations: list[str]
    organisation_count: int
    countries: list[tuple[str, int]]
    elsewhere: int


def company(petition_id: int) -> Company:
    """Return who signed, as the petition's page shows it."""
    mine = (_signature.c.petition_id == petition_id, _counted)
    by_country = [
        (str(code), int(number))
        for code, number in db.session.execute(
            select(_signature.c.country, func.count())
            .where(*mine)
            .group_by(_signature.c.country)
            .order_by(func.count().desc(), _signature.c.country)
        )
    ]
    names, everything = _organisations(petition_id)
    remark = (_signature.c.comment_state == Remark.SHOWN, _signature.c.comment != "")
    return Company(
        recent=_some(petition_id, most=RECENT),
        remarks=_some(petition_id, *remark, most=REMARKS),
        organisations=names,
        organisation_count=everything,
        countries=by_country[:COUNTRIES],
        elsewhere=sum(number for _, number in by_country[COUNTRIES:]),
    )


def page(petition_id: int, *, before: int | None = None) -> list[Supporter]:
    """Return up to a hundred signers who show, newest first: those numbered below `before`."""
    wanted = () if before is None else (_signature.c.number < before,)
    return _some(petition_id, *wanted, most=PAGE)


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
        organisation=row["organisation"],
        role=row["role"] if full else "",
        comment=row["comment"] if row["comment_state"] == Remark.SHOWN else "",
        day=row["confirmed_at"].date(),
    )


def _organisations(petition_id: int) -> tuple[list[str], int]:
    """Return the names that show, and how many organisations signed: one that signed through two
    people is one.
    """
    rows = db.session.execute(
        select(_signature.c.organisation, _signature.c.display)
        .where(
            _signature.c.petition_id == petition_id,
            _counted,
            _signature.c.organisation != literal_column("''"),
        )
        .distinct()
    )
    shown: dict[str, str] = {}
    everything = set()
    for name, display in rows:
        everything.add(name.casefold())
        if display != Display.HIDDEN:
            shown.setdefault(name.casefold(), name)
    return sorted(shown.values(), key=str.casefold)[:ORGANISATIONS], len(everything)
