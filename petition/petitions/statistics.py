"""What an organiser sees of a petition in numbers: counts alone, nobody's name."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from petition.database.base import db
from petition.models import Petition, Signature
from petition.models.sums import SumKind
from petition.petitions import sums


@dataclass(frozen=True, slots=True)
class PetitionStatistics:
    """Signatures that are pending, confirmed ones by day (UTC, newest first) and by country (most
    first), and how many of the confirmed used a disposable address.
    """

    pending: int
    disposable: int
    per_day: list[tuple[date, int]]
    per_country: list[tuple[str, int]]


def get_statistics(petition_id: int) -> PetitionStatistics:
    """Return the figures of a petition."""
    kept = sums.get_sums(petition_id, SumKind.DAY, SumKind.COUNTRY, SumKind.DISPOSABLE)
    pending = db.session.scalar(
        select(func.count()).where(Signature.petition_id == petition_id, ~Signature.counted)
    )
    days = sorted(kept[SumKind.DAY].items(), reverse=True)
    return PetitionStatistics(
        pending=pending or 0,
        disposable=sum(kept[SumKind.DISPOSABLE].values()),
        per_day=[(date.fromisoformat(day), number) for day, number in days],
        per_country=sums.by_size(kept[SumKind.COUNTRY]),
    )


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
