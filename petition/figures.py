"""What an organiser sees of a petition in numbers: counts alone, nobody's name."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from petition.extensions import db
from petition.models import Signature, Tally


@dataclass(frozen=True, slots=True)
class Numbers:
    """What an organiser sees of a petition: counts alone, nobody's name."""

    confirmed: int
    pending: int
    per_day: list[tuple[date, int]]
    per_country: list[tuple[str, int]]


def numbers(petition_id: int) -> Numbers:
    """Return the figures of a petition: confirmed, pending, confirmed per day (UTC) and per
    country.
    """
    mine = Signature.petition_id == petition_id
    day = func.date(Signature.confirmed_at)
    per_day = db.session.execute(
        select(day, func.count()).where(mine, Signature.counted).group_by(day).order_by(day.desc())
    )
    per_country = db.session.execute(
        select(Signature.country, func.count())
        .where(mine, Signature.counted)
        .group_by(Signature.country)
        .order_by(func.count().desc(), Signature.country)
    )
    pending = db.session.scalar(select(func.count()).where(mine, ~Signature.counted))
    return Numbers(
        confirmed=db.session.scalar(select(Tally.counted).where(Tally.petition_id == petition_id))
        or 0,
        pending=pending or 0,
        per_day=[(_date(day), number) for day, number in per_day],
        per_country=list(per_country),
    )


def _date(value: str | date) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value
