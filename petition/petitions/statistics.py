"""What an organiser sees of a petition in numbers: counts alone, nobody's name."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from petition.database.base import db
from petition.models import Petition, Signature, Tally


@dataclass(frozen=True, slots=True)
class PetitionStatistics:
    """What an organiser sees of a petition: counts alone, nobody's name."""

    confirmed: int
    pending: int
    disposable: int
    per_day: list[tuple[date, int]]
    per_country: list[tuple[str, int]]


def get_statistics(petition_id: int) -> PetitionStatistics:
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
    disposable = db.session.scalar(
        select(func.count()).where(mine, Signature.counted, Signature.disposable)
    )
    return PetitionStatistics(
        confirmed=db.session.scalar(select(Tally.counted).where(Tally.petition_id == petition_id))
        or 0,
        pending=pending or 0,
        disposable=disposable or 0,
        per_day=[(_date(day), number) for day, number in per_day],
        per_country=list(per_country),
    )


def _date(value: str | date) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class DomainActivity:
    """How a mail domain was used under a petition within a day."""

    slug: str
    domain: str
    entries: int
    confirmed: int
    disposable: bool


@dataclass(frozen=True, slots=True)
class SigningPace:
    """How fast a petition was signed within a day: how often, and in its busiest minute."""

    slug: str
    entries: int
    busiest: datetime
    in_busiest: int


def signing_pace(*, now: datetime) -> list[SigningPace]:
    """Return the pace of every petition that was signed in the last day."""
    rows = db.session.execute(
        select(Petition.slug, Signature.signed_at)
        .join(Petition, Petition.id == Signature.petition_id)
        .where(Signature.signed_at > now - timedelta(days=1))
    )
    minutes: dict[str, Counter[datetime]] = {}
    for slug, at in rows:
        minutes.setdefault(slug, Counter())[at.replace(second=0, microsecond=0)] += 1
    return [
        SigningPace(slug, counted.total(), *counted.most_common(1)[0])
        for slug, counted in minutes.items()
    ]


def domain_activity(*, now: datetime, most: int = 20) -> list[DomainActivity]:
    """Return the mail domains of the last day's signatures, busiest first; nobody's address."""
    rows = db.session.execute(
        select(Petition.slug, Signature.mailbox_key, Signature.confirmed_at, Signature.disposable)
        .join(Petition, Petition.id == Signature.petition_id)
        .where(Signature.signed_at > now - timedelta(days=1))
    )
    entries: Counter[tuple[str, str, bool]] = Counter()
    confirmed: Counter[tuple[str, str, bool]] = Counter()
    for slug, mailbox, confirmed_at, disposable in rows:
        found = (slug, mailbox.rpartition("@")[2], disposable)
        entries[found] += 1
        confirmed[found] += confirmed_at is not None
    return [
        DomainActivity(slug, domain, number, confirmed[slug, domain, disposable], disposable)
        for (slug, domain, disposable), number in entries.most_common(most)
    ]
