"""The one thing that needs an organiser, of a petition or of the whole site."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import func, select

from petition.database.base import db
from petition.models import Burst, Organiser, Petition, PetitionText, SignatureSum, Visit
from petition.models.enums import BurstState, PetitionState, Role
from petition.models.sums import SumKind
from petition.organisers import moderation, permissions
from petition.organisers.permissions import Action
from petition.outbox import pausing

READERS_SINCE = timedelta(days=30)
MIN_SIGNERS, MIN_VISITS = 10, 100  # in a language, from which a text in it is missing


class AttentionKind(StrEnum):
    """What needs an organiser, the most urgent first."""

    MAIL_REFUSED = "mail_refused"
    BACKUP = "backup"
    PROXY = "proxy"
    BURST = "burst"
    COMMENTS = "comments"
    LANGUAGE = "language"


# Where it is dealt with, below the petition's own page.
_PLACES = {
    AttentionKind.BURST: "/comments#bursts",
    AttentionKind.COMMENTS: "/comments",
    AttentionKind.LANGUAGE: "/text",
}


class Attention(NamedTuple):
    """What needs an organiser: `number` of bursts, comments, or readers of a `language`."""

    kind: AttentionKind
    number: int = 0
    language: str = ""

    def path(self, slug: str) -> str:
        """Return the path of the page where it is dealt with."""
        return f"/organisers/p/{slug}{_PLACES.get(self.kind, '')}"


class Context(NamedTuple):
    """What the checks need to know: petitions by id, languages of the site, the time."""

    petition_ids: Collection[int]
    languages: Collection[str]
    now: datetime


def find_for_site(
    organiser: Organiser, *, site_problems: Sequence[AttentionKind]
) -> Attention | None:
    """Return what is wrong with the site: its emails are refused or, for admins, its machine."""
    if pausing.get_pause() is not None:
        return Attention(AttentionKind.MAIL_REFUSED)
    if site_problems and organiser.role == Role.ADMIN:
        return Attention(site_problems[0])
    return None


def find_for_petitions(
    organiser: Organiser,
    petition_ids: Collection[int],
    languages: Collection[str],
    *,
    now: datetime,
) -> dict[int, Attention]:
    """Return the most urgent thing of each petition that has one, of what the role may deal with.

    The number of statements does not depend on that of the petitions.
    """
    context = Context(petition_ids, languages, now)
    found: dict[int, Attention] = {}
    for roles, find in _CHECKS:
        if petition_ids and organiser.role in roles:
            found = {**find(context), **found}  # what is more urgent stays
    return found


def _find_bursts(context: Context) -> Mapping[int, Attention]:
    is_open = (Burst.petition_id.in_(context.petition_ids), Burst.state == BurstState.OPEN)
    query = select(Burst.petition_id, func.count()).where(*is_open).group_by(Burst.petition_id)
    return {
        petition_id: Attention(AttentionKind.BURST, number)
        for petition_id, number in db.session.execute(query)
    }


def _find_comments(context: Context) -> Mapping[int, Attention]:
    waiting = moderation.count_waiting_of(context.petition_ids)
    return {
        petition_id: Attention(AttentionKind.COMMENTS, number)
        for petition_id, number in waiting.items()
    }


def _find_languages(context: Context) -> Mapping[int, Attention]:
    """Return the language without a text that most people read an open petition in."""
    has_text = select(PetitionText.petition_id, PetitionText.language).distinct()
    opened = select(Petition.id).where(
        Petition.id.in_(context.petition_ids), Petition.state == PetitionState.OPEN
    )
    signers = select(SignatureSum.petition_id, SignatureSum.key, SignatureSum.confirmed).where(
        SignatureSum.petition_id.in_(opened),
        SignatureSum.kind == SumKind.LANGUAGE,
        SignatureSum.key.in_(context.languages),
        SignatureSum.confirmed >= MIN_SIGNERS,
    )
    visits = (
        select(Visit.petition_id, Visit.language, func.sum(Visit.visits))
        .where(
            Visit.petition_id.in_(opened),
            Visit.language.in_(context.languages),
            Visit.day >= (context.now - READERS_SINCE).date(),
        )
        .group_by(Visit.petition_id, Visit.language)
        .having(func.sum(Visit.visits) >= MIN_VISITS)
    )
    written = {
        (petition_id, language)
        for petition_id, language in db.session.execute(
            has_text.where(PetitionText.petition_id.in_(opened))
        )
    }
    readers: dict[int, Attention] = {}
    for query in (signers, visits):
        for petition_id, language, number in db.session.execute(query):
            most = readers.get(petition_id)
            if (petition_id, language) not in written and (most is None or number > most.number):
                readers[petition_id] = Attention(AttentionKind.LANGUAGE, int(number), language)
    return readers


# By urgency: who may deal with it, and where it is found.
_CHECKS: tuple[tuple[Collection[Role], Callable[[Context], Mapping[int, Attention]]], ...] = (
    (permissions.ROLES[Action.REVIEW_BURSTS], _find_bursts),
    (permissions.ROLES[Action.REVIEW_COMMENTS], _find_comments),
    (permissions.ROLES[Action.EDIT_TEXT], _find_languages),
)
