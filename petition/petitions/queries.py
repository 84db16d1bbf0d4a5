"""Read petitions: what pages show of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, select
from sqlalchemy.orm import defer

from petition.core.errors import PetitionNotFound
from petition.database.base import db
from petition.models import FormerSlug, Petition, PetitionText, Picture, Tally
from petition.models.enums import PetitionState
from petition.petitions import counts
from petition.petitions.counts import goal_for
from petition.petitions.questions import Asked, asked_by
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
    asked: Asked
    regime_country: str
    regime_languages: tuple[str, ...]
    count: int
    paper: int  # names on paper sheets, not in `count`
    present_text: int | None  # agree with it; None where no text has several versions
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


# A petition in a list: id, slug, state, contact, when featured, language of its title, title,
# organiser, counted.
PetitionSummary = Row[int, str, PetitionState, str, datetime | None, str, str, str, int]


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
        paper=petition.paper,
        present_text=counts.find_present_text(
            petition.id, {code: text.version for code, text in texts.items()}, count
        ),
        goal=goal_for(count, petition.goal),
        closed_at=petition.closed_at,
        text=texts.get(language) or texts[petition.source_language],
        languages=tuple(texts),
        portrait=db.session.scalar(portrait) if digest else None,
        portrait_credit=petition.portrait_credit,
        as_of=petition.as_of,
        **read_story(petition, language),
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


def list_petitions(
    language: str,
    *,
    states: tuple[PetitionState, ...] = tuple(PetitionState),
    only: int | None = None,  # the id of one petition
) -> list[PetitionSummary]:
    """List petitions, newest first, each titled in `language`, else in its own language."""
    rows = db.session.execute(
        select(
            *(Petition.id, Petition.slug, Petition.state, Petition.contact, Petition.featured_at),
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
