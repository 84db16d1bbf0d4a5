"""Read petitions: what pages show of them, the count."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, select
from sqlalchemy.orm import defer

from petition.core.errors import PetitionNotFound
from petition.database.base import db
from petition.models import FormerSlug, Petition, PetitionText, Picture, Tally
from petition.models.enums import PetitionState
from petition.petitions.goals import goal_for
from petition.petitions.questions import Asked, asked_by

BAR_FROM = 25  # signatures, from which a progress bar shows
SOURCE_LANGUAGE = ""  # given as a language: the petition's own


class Fact(NamedTuple):
    """A number or date of the case with its label, in `language`."""

    language: str
    value: str
    label: str


class PlanStep(NamedTuple):
    """A step of the organiser's plan. `date` is a day or month (ISO 8601), or empty."""

    language: str
    date: str
    text: str


class VictoryWords(NamedTuple):
    """The organiser's words for a victory: one sentence; what was won and what is next, Markdown.

    The two may be empty.
    """

    language: str
    sentence: str
    won: str
    next: str


@dataclass(frozen=True, slots=True)
class PetitionView:
    """A petition as its page shows it, with a text that may not be in the reader's language."""

    id: int
    slug: str
    state: PetitionState
    contact: str
    asked: Asked
    regime_country: str
    regime_languages: tuple[str, ...]
    count: int
    goal: int
    closed_at: datetime | None
    text: PetitionText
    languages: tuple[str, ...]
    portrait: Picture | None
    portrait_credit: str
    as_of: str  # a day or month (ISO 8601), or empty
    facts: list[Fact]
    plan: list[PlanStep]
    victory: VictoryWords | None  # None also before the victory

    @property
    def takes_signatures(self) -> bool:
        return self.state == PetitionState.OPEN

    @property
    def shows_progress(self) -> bool:
        """Whether the page shows a progress bar; a nearly empty one would discourage."""
        return self.count >= BAR_FROM


@dataclass(frozen=True, slots=True)
class PetitionCount:
    """Confirmed signatures, the goal shown with them, and when the count last changed."""

    count: int
    goal: int
    updated: datetime


# A petition in a list: id, slug, state, contact, language of its title, title, organiser, counted.
PetitionSummary = Row[int, str, PetitionState, str, str, str, str, int]


def get_petition(slug: str, language: str, *, drafts: bool = False) -> PetitionView:
    """Return a petition with its newest text in `language`, else in its own language.

    Raises: PetitionNotFound, also for a draft unless `drafts`.
    """
    counted = select(Petition, Tally.counted).join(Tally, Tally.petition_id == Petition.id)
    row = db.session.execute(counted.where(Petition.slug == slug)).first()
    if row is None or (row.Petition.state == PetitionState.DRAFT and not drafts):
        raise PetitionNotFound
    petition, count = row
    versions = select(PetitionText).where(PetitionText.petition_id == petition.id)
    in_order = db.session.scalars(versions.order_by(PetitionText.version))
    texts = {text.language: text for text in in_order}  # of each language the newest stays
    digest = petition.portrait_digest
    is_portrait = (Picture.petition_id == petition.id, Picture.digest == digest)
    portrait = select(Picture).options(defer(Picture.content)).where(*is_portrait)
    return PetitionView(
        id=petition.id,
        slug=petition.slug,
        state=PetitionState(petition.state),
        contact=petition.contact,
        asked=asked_by(petition, language),
        regime_country=petition.regime_country,
        regime_languages=tuple(petition.regime_languages.split(",")),
        count=count,
        goal=goal_for(count, petition.goal),
        closed_at=petition.closed_at,
        text=texts.get(language) or texts[petition.source_language],
        languages=tuple(texts),
        portrait=db.session.scalar(portrait) if digest else None,
        portrait_credit=petition.portrait_credit,
        as_of=petition.as_of,
        **_story(petition, language),
    )


def _story(petition: Petition, language: str) -> dict[str, Any]:
    """Return facts, plan and words of a victory, each in one language.

    That is `language`, or the petition's own where its words are missing.
    """
    won = petition.victory if petition.state == PetitionState.VICTORY else {}

    def pick(words: dict[str, Any]) -> list[str]:
        order = (language, petition.source_language, *words)
        return [code for code in order if code in words][:1]

    return {
        "facts": [Fact(code, **fact[code]) for fact in petition.facts for code in pick(fact)],
        "plan": [
            PlanStep(code, step["date"], step["text"][code])
            for step in petition.plan
            for code in pick(step["text"])
        ],
        "victory": next((VictoryWords(code, **won[code]) for code in pick(won)), None),
    }


def get_id(slug: str) -> int:
    """Return the id of a petition in any state. Raises: PetitionNotFound."""
    petition_id = db.session.scalar(select(Petition.id).where(Petition.slug == slug))
    if petition_id is None:
        raise PetitionNotFound
    return petition_id


def get_slug(petition_id: int) -> str:
    """Return the slug of a petition in any state. Raises: PetitionNotFound."""
    slug = db.session.scalar(select(Petition.slug).where(Petition.id == petition_id))
    if slug is None:
        raise PetitionNotFound
    return slug


def find_renamed(slug: str) -> str | None:
    """Return the present address of the petition that had an address before, or None."""
    had_it = select(Petition.slug).join(FormerSlug, FormerSlug.petition_id == Petition.id)
    return db.session.scalar(had_it.where(FormerSlug.slug == slug))


def get_count(slug: str) -> PetitionCount:
    """Return the count of a petition. Raises: PetitionNotFound."""
    row = db.session.execute(
        select(Tally.counted, Tally.changed_at, Petition.goal)
        .join(Petition, Petition.id == Tally.petition_id)
        .where(Petition.slug == slug, Petition.state != PetitionState.DRAFT)
    ).first()
    if row is None:
        raise PetitionNotFound
    return PetitionCount(row.counted, goal_for(row.counted, row.goal), row.changed_at)


def list_petitions(
    language: str, *, states: tuple[PetitionState, ...] = tuple(PetitionState)
) -> list[PetitionSummary]:
    """List petitions, newest first, each titled in `language`, else in its own language."""
    rows = db.session.execute(
        select(
            *(Petition.id, Petition.slug, Petition.state, Petition.contact),
            *(PetitionText.language, PetitionText.title, PetitionText.organiser),
            Tally.counted,
        )
        .join(Tally, Tally.petition_id == Petition.id)
        .join(PetitionText, PetitionText.petition_id == Petition.id)
        .where(
            Petition.state.in_(states),
            PetitionText.language.in_((language, Petition.source_language)),
        )
        .order_by(Petition.id.desc(), PetitionText.language == language, PetitionText.version)
    )
    # Of each petition the last row stays: in the reader's language if it has that, and newest.
    return list({row.id: row for row in rows}.values())
