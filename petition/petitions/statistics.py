"""How petitions are signed, for operators: counts alone, no names or addresses."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from petition.database.base import db
from petition.models import Petition, Signature


class DomainActivity(NamedTuple):
    """How often addresses of an email domain signed a petition within a day."""

    slug: str
    domain: str
    signatures: int
    confirmed: int
    disposable: bool


class SigningPace(NamedTuple):
    """How often a petition was signed within a day, and in its busiest minute."""

    slug: str
    signatures: int
    busiest: datetime
    in_busiest: int


def signing_pace(*, now: datetime) -> list[SigningPace]:
    """Return the pace of every petition that was signed in the last day."""
    minutes: defaultdict[str, Counter[datetime]] = defaultdict(Counter)
    for slug, signed_at in db.session.execute(_last_day(now, Signature.signed_at)):
        minutes[slug][signed_at.replace(second=0, microsecond=0)] += 1
    return [
        SigningPace(slug, by_minute.total(), *by_minute.most_common(1)[0])
        for slug, by_minute in minutes.items()
    ]


def domain_activity(*, now: datetime, limit: int = 20) -> list[DomainActivity]:
    """Return the email domains of the last day's signatures, busiest first."""
    signed: Counter[tuple[str, str, bool]] = Counter()
    confirmed: Counter[tuple[str, str, bool]] = Counter()
    columns = (Signature.mailbox_key, Signature.confirmed_at, Signature.disposable)
    for slug, mailbox, confirmed_at, disposable in db.session.execute(_last_day(now, *columns)):
        key = (slug, mailbox.rpartition("@")[2], disposable)
        signed[key] += 1
        confirmed[key] += confirmed_at is not None
    return [
        DomainActivity(slug, domain, number, confirmed[slug, domain, disposable], disposable)
        for (slug, domain, disposable), number in signed.most_common(limit)
    ]


def _last_day(now: datetime, *columns: Any) -> Select[Any]:
    signed = select(Petition.slug, *columns).join(Petition, Petition.id == Signature.petition_id)
    return signed.where(Signature.signed_at > now - timedelta(days=1))
