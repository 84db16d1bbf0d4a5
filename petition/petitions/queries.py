"""Read petitions: what pages show of them, what signing needs, the count."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import defer

from petition.core.errors import PetitionNotFound, PetitionNotOpen
from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.models import FormerSlug, Petition, PetitionText, Picture, Tally
from petition.models.enums import PetitionState
from petition.petitions.goals import goal_for
from petition.petitions.story import Fact, PlanStep, VictoryWords, read_story

BAR_FROM = 25  # signatures, from which a progress bar shows
SOURCE_LANGUAGE = ""  # given as a language: the petition's own


@dataclass(frozen=True, slots=True)
class PetitionView:
    """A petition as its page shows it, with a text that may not be in the reader's language."""

    id: int
    slug: str
    state: PetitionState
    contact: str
    asks_postcode: bool
    regime_country: str
    regime_languages: tuple[str, ...]
    count: int
    paper: int  # names on paper sheets, not in `count`
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


class SigningTerms(NamedTuple):
    """What signing needs of an open petition."""

    id: int
    asks_postcode: bool
    refuses_disposable: bool
    text_language: str
    text_version: int


@dataclass(frozen=True, slots=True)
class PetitionCount:
    """Confirmed signatures, the goal shown with them, and when the count last changed.

    `paper` are the names on paper sheets, which `count` does not have.
    """

    count: int
    paper: int
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
        asks_postcode=petition.asks_postcode,
        regime_country=petition.regime_country,
        regime_languages=tuple(petition.regime_languages.split(",")),
        count=count,
        paper=petition.paper,
        goal=goal_for(count, petition.goal),
        closed_at=petition.closed_at,
        text=texts.get(language) or texts[petition.source_language],
        languages=tuple(texts),
        portrait=db.session.scalar(portrait) if digest else None,
        portrait_credit=petition.portrait_credit,
        as_of=petition.as_of,
        **read_story(petition, language),
    )


def get_signing_terms(slug: str, language: str) -> SigningTerms:
    """Return what signing needs. Raises: PetitionNotFound and PetitionNotOpen."""
    with db.engine.connect() as connection:
        rows = _SIGNING_TERMS.all(connection, {"slug": slug, "language": language})
    state = rows[0][1] if rows else PetitionState.DRAFT
    if state == PetitionState.DRAFT:
        raise PetitionNotFound
    if state != PetitionState.OPEN:
        raise PetitionNotOpen(slug, state)
    row = next((row for row in rows if row[4] == language), rows[0])  # else the petition's own
    petition_id, _, asks_postcode, refuses, text_language, version = row
    return SigningTerms(petition_id, bool(asks_postcode), bool(refuses), text_language, version)


_SIGNING_TERMS = CompiledStatement(
    select(
        Petition.id,
        Petition.state,
        Petition.asks_postcode,
        Petition.refuses_disposable,
        PetitionText.language,
        func.max(PetitionText.version),
    )
    .join(PetitionText, PetitionText.petition_id == Petition.id)
    .where(
        Petition.slug == bindparam("slug"),
        PetitionText.language.in_((bindparam("language"), Petition.source_language)),
    )
    .group_by(Petition.id, PetitionText.language)
)


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
        select(Tally.counted, Tally.changed_at, Petition.goal, Petition.paper)
        .join(Petition, Petition.id == Tally.petition_id)
        .where(Petition.slug == slug, Petition.state != PetitionState.DRAFT)
    ).first()
    if row is None:
        raise PetitionNotFound
    goal = goal_for(row.counted, row.goal)
    return PetitionCount(row.counted, row.paper, goal, row.changed_at)


def list_petitions(
    language: str,
    *,
    states: tuple[PetitionState, ...] = tuple(PetitionState),
    only: int | None = None,  # the id of one petition
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
            Petition.state.in_(states) if only is None else Petition.id == only,
            PetitionText.language.in_((language, Petition.source_language)),
        )
        .order_by(Petition.id.desc(), PetitionText.language == language, PetitionText.version)
    )
    # Of each petition the last row stays: in the reader's language if it has that, and newest.
    return list({row.id: row for row in rows}.values())
