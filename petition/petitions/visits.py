"""How often a link was followed that somebody had passed on: sums by day, channel and language.

Nothing in them is about a person, and nothing is written when a page is read: the doors add up and
hand the sums in.
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


def add_visits(sums: Mapping[VisitKey, int]) -> None:
    """Add visits to the sums that are kept; those of petitions that are not there are dropped."""
    with transaction() as connection:
        slugs = {slug for slug, *_ in sums}
        known = dict(
            connection.execute(
                select(Petition.slug, Petition.id).where(Petition.slug.in_(slugs))
            ).all()
        )
        for (slug, day, channel, language), visits in sorted(sums.items()):
            if slug not in known:
                continue
            statement = insert(connection, Visit).values(
                petition_id=known[slug], day=day, channel=channel, language=language, visits=visits
            )
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["petition_id", "day", "channel", "language"],
                    set_={"visits": Visit.visits + statement.excluded.visits},
                )
            )


def channel_totals(petition_id: int) -> list[tuple[str, int, int]]:
    """Return each channel with its visits and the confirmed signatures that came of them."""
    visits = dict(
        db.session.execute(
            select(Visit.channel, func.sum(Visit.visits))
            .where(Visit.petition_id == petition_id)
            .group_by(Visit.channel)
        ).all()
    )
    signed = sums.get_sums(petition_id, SumKind.CHANNEL)[SumKind.CHANNEL]
    rows = [
        (channel, int(visits.get(channel, 0)), signed.get(channel, 0))
        for channel in {*visits, *signed}
    ]
    return sorted(rows, key=lambda row: (-row[2], -row[1], row[0]))
