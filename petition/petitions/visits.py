"""Visits of a petition's page by day, channel and language, and forms that were sent, by day.

Nothing in the sums is about a person. Reading a page writes nothing: the web layer adds visits up
and passes the sums in.
"""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import case, func, select

from petition.database.base import db
from petition.database.transactions import transaction
from petition.database.upsert import insert
from petition.models import Petition, Visit
from petition.models.sums import ActivityKind
from petition.outbox import activity

# Slug, day, channel ("" without one), language.
VisitKey = tuple[str, date, str, str]
FormKey = tuple[str, date]  # slug, day


def add_visits(visits: Mapping[VisitKey, int], forms: Mapping[FormKey, int] | None = None) -> None:
    """Add visits and forms to the stored sums; those of unknown petitions are dropped."""
    forms = forms or {}
    with transaction() as connection:
        slugs = {slug for slug, *_ in (*visits, *forms)}
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
        numbers = {
            (ids[slug], day, ActivityKind.FORM): number
            for (slug, day), number in forms.items()
            if slug in ids
        }
        activity.add(connection, numbers)


def count_by_channel(petition_id: int, *, since: date = date.min) -> dict[str, tuple[int, int]]:
    """Return the number of visits by channel, of all days and from a day on.

    The channel "" is for visits without a share link.
    """
    recent = case((Visit.day >= since, Visit.visits), else_=0)
    query = select(Visit.channel, func.sum(Visit.visits), func.sum(recent))
    of_petition = query.where(Visit.petition_id == petition_id).group_by(Visit.channel)
    return {channel: (int(n), int(new)) for channel, n, new in db.session.execute(of_petition)}
