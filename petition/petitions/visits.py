"""Visits through share links, summed by day, channel and language.

Nothing in the sums is about a person. Reading a page writes nothing: the web layer adds visits up
and passes the sums in.
"""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, select

from petition.database.base import db
from petition.database.transactions import transaction
from petition.database.upsert import insert
from petition.models import Petition, Visit
from petition.models.sums import SumKind
from petition.petitions import sums

# Slug, day, channel, language.
VisitKey = tuple[str, date, str, str]


def add_visits(visits: Mapping[VisitKey, int]) -> None:
    """Add visits to the stored sums; those of unknown petitions are dropped."""
    with transaction() as connection:
        slugs = {slug for slug, *_ in visits}
        query = select(Petition.slug, Petition.id).where(Petition.slug.in_(slugs))
        ids = dict(connection.execute(query).all())
        rows = [
            {"petition_id": ids[slug], "day": day, "channel": channel, "language": language}
            | {"visits": number}
            for (slug, day, channel, language), number in sorted(visits.items())
            if slug in ids
        ]
        if rows:
            new = insert(connection, Visit)
            total = {"visits": Visit.visits + new.excluded.visits}
            key = ["petition_id", "day", "channel", "language"]
            connection.execute(new.on_conflict_do_update(index_elements=key, set_=total), rows)


def channel_totals(petition_id: int) -> list[tuple[str, int, int]]:
    """Return each channel with its visits and confirmed signatures, most signatures first."""
    query = select(Visit.channel, func.sum(Visit.visits)).group_by(Visit.channel)
    visits = dict(db.session.execute(query.where(Visit.petition_id == petition_id)).all())
    signed = sums.get_sums(petition_id, SumKind.CHANNEL)
    rows = [
        (channel, int(visits.get(channel, 0)), signed.get(channel, 0))
        for channel in visits.keys() | signed.keys()
    ]
    return sorted(rows, key=lambda row: (-row[2], -row[1], row[0]))
