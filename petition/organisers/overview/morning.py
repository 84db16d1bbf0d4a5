"""The morning email: yesterday's numbers and one thing to look at, for organisers who want it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import or_, select, update

from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Organiser, Petition
from petition.models.enums import EmailKind
from petition.organisers import permissions
from petition.organisers.overview import attention
from petition.organisers.overview.attention import Attention, AttentionKind
from petition.outbox import enqueue
from petition.petitions import queries, sums
from petition.petitions.counts import goal_for

HOUR = 7  # UTC, as the days that are counted
MOST_PETITIONS = 20

_organiser = Organiser.table()
_URGENCY = list(AttentionKind)


class PetitionNumbers(NamedTuple):
    """What the email says of a petition; `title` is in `language`."""

    slug: str
    title: str
    language: str
    yesterday: int
    total: int
    goal: int


@dataclass(frozen=True, slots=True)
class Report:
    """What the email says: petitions with the most signatures of the day, and one thing.

    `slug` is the petition that the thing is about, or "" for the whole site.
    """

    day: date
    petitions: list[PetitionNumbers]
    found: Attention | None
    slug: str

    @property
    def number(self) -> int:
        """How many people confirmed on the day, under all petitions of the email."""
        return sum(petition.yesterday for petition in self.petitions)

    @property
    def tells_something(self) -> bool:
        """Whether anything happened or is to be done."""
        return self.number > 0 or self.found is not None


def choose(organiser_id: int, *, wanted: bool, now: datetime) -> None:
    """Send an organiser the morning email from tomorrow on, or no longer. Idempotent."""
    with transaction() as connection:
        changed = update(_organiser).where(
            _organiser.c.id == organiser_id, _organiser.c.morning_email.is_not(wanted)
        )
        connection.execute(changed.values(morning_email=wanted, morning_day=now.date()))


def get_report(
    organiser: Organiser,
    languages: Collection[str],
    *,
    site_problems: Sequence[AttentionKind],
    now: datetime,
) -> Report:
    """Return what the email of today says to an organiser, about yesterday (UTC)."""
    petitions = {
        petition.id: petition
        for petition in queries.list_petitions(organiser.language)
        if permissions.reaches(organiser, petition.id)
    }
    yesterday = now.date() - timedelta(days=1)
    numbers = sums.count_on(petitions, yesterday)
    chosen = sorted(numbers, key=lambda key: (-numbers[key], key))[:MOST_PETITIONS]
    goals = db.session.execute(select(Petition.id, Petition.goal).where(Petition.id.in_(chosen)))
    goal_of = dict(goals.all())
    found, about = _find_one_thing(
        organiser, petitions, languages, site_problems=site_problems, now=now
    )
    rows = [(petitions[key], numbers[key], goal_of[key]) for key in chosen]
    return Report(
        yesterday,
        [
            PetitionNumbers(
                *(one.slug, one.title, one.language, number, one.counted),
                goal_for(one.counted, goal),
            )
            for one, number, goal in rows
        ],
        found,
        petitions[about].slug if about else "",
    )


def _find_one_thing(
    organiser: Organiser,
    petition_ids: Collection[int],
    languages: Collection[str],
    *,
    site_problems: Sequence[AttentionKind],
    now: datetime,
) -> tuple[Attention | None, int | None]:
    """Return the most urgent thing, and the id of the petition that it is about."""
    of_site = attention.find_for_site(organiser, site_problems=site_problems)
    if of_site is not None:
        return of_site, None
    found = attention.find_for_petitions(organiser, petition_ids, languages, now=now)
    if not found:
        return None, None
    first = min(found, key=lambda key: (_URGENCY.index(found[key].kind), -found[key].number, key))
    return found[first], first


def enqueue_due(
    languages: Collection[str], *, site_problems: Sequence[AttentionKind], now: datetime
) -> int:
    """Enqueue the email to each organiser who wants it and was not decided on today.

    From seven o'clock (UTC) on. Without anything to tell there is none. Return how many were
    enqueued. Idempotent: the day is stored with the email, so any number of workers may call it.
    """
    if now.hour < HOUR:
        return 0
    is_due = (
        _organiser.c.morning_email,
        or_(_organiser.c.morning_day.is_(None), _organiser.c.morning_day < now.date()),
    )
    enqueued = 0
    for organiser in db.session.scalars(select(Organiser).where(*is_due)).all():
        report = get_report(organiser, languages, site_problems=site_problems, now=now)
        with transaction() as connection:
            due = update(_organiser).where(_organiser.c.id == organiser.id, *is_due)
            claimed = connection.execute(due.values(morning_day=now.date())).rowcount
            if claimed and report.tells_something:
                enqueue.email_organiser(connection, EmailKind.MORNING, organiser.id, now=now)
                enqueued += 1
    return enqueued
