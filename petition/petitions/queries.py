"""Read petitions: what pages show of them, what signing needs, the counter."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from petition.core.errors import PetitionNotFound, PetitionNotOpen
from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.models import Petition, PetitionText, Picture, Tally
from petition.models.enums import PetitionState
from petition.petitions.goals import goal_for

BAR_FROM = 25  # signatures, from which a progress bar shows
SOURCE_LANGUAGE = ""  # given as a language: the petition's own


@dataclass(frozen=True, slots=True)
class Portrait:
    """The picture beside a petition's headline, its size in pixels."""

    digest: str
    width: int
    height: int


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
    goal: int
    closed_at: datetime | None
    text: PetitionText
    languages: tuple[str, ...]
    face: Portrait | None

    @property
    def takes_signatures(self) -> bool:
        return self.state == PetitionState.OPEN

    @property
    def shows_progress(self) -> bool:
        """Whether the page shows a progress bar; a nearly empty one would discourage."""
        return self.count >= BAR_FROM


@dataclass(frozen=True, slots=True)
class SigningTerms:
    """What signing needs of an open petition."""

    id: int
    asks_postcode: bool
    refuses_disposable: bool
    text_language: str
    text_version: int


@dataclass(frozen=True, slots=True)
class CounterValue:
    """Confirmed signatures, the goal shown with them, and when the count last changed."""

    count: int
    goal: int
    updated: datetime


@dataclass(frozen=True, slots=True)
class PetitionSummary:
    """A petition in a list. `language` is that of its title."""

    id: int
    language: str
    slug: str
    state: PetitionState
    title: str
    organiser: str
    contact: str
    count: int


def get_petition(slug: str, language: str, *, drafts: bool = False) -> PetitionView:
    """Return a petition with its newest text in `language`, else in its own language.

    Raises PetitionNotFound, also for a draft unless `drafts`.
    """
    row = db.session.execute(
        select(Petition, Tally)
        .join(Tally, Tally.petition_id == Petition.id)
        .where(Petition.slug == slug)
    ).first()
    if row is None or (row.Petition.state == PetitionState.DRAFT and not drafts):
        raise PetitionNotFound
    petition, tally = row
    # Of each language the newest text stays.
    texts = {
        text.language: text
        for text in db.session.scalars(
            select(PetitionText)
            .where(PetitionText.petition_id == petition.id)
            .order_by(PetitionText.version)
        )
    }
    return PetitionView(
        id=petition.id,
        slug=petition.slug,
        state=PetitionState(petition.state),
        contact=petition.contact,
        asks_postcode=petition.asks_postcode,
        regime_country=petition.regime_country,
        regime_languages=tuple(petition.regime_languages.split(",")),
        count=tally.counted,
        goal=goal_for(tally.counted),
        closed_at=petition.closed_at,
        text=texts.get(language) or texts[petition.source_language],
        languages=tuple(texts),
        face=_portrait(petition),
    )


def _portrait(petition: Petition) -> Portrait | None:
    if not petition.face:
        return None
    of_petition = (Picture.petition_id == petition.id, Picture.digest == petition.face)
    size = db.session.execute(select(Picture.width, Picture.height).where(*of_petition)).one()
    return Portrait(petition.face, *size)


def get_signing_terms(slug: str, language: str) -> SigningTerms:
    """Return what signing needs. Raises PetitionNotFound and PetitionNotOpen."""
    with db.engine.connect() as connection:
        rows = _SIGNING_TERMS.all(connection, {"slug": slug, "language": language})
    state = rows[0][1] if rows else PetitionState.DRAFT
    if state == PetitionState.DRAFT:
        raise PetitionNotFound
    if state != PetitionState.OPEN:
        raise PetitionNotOpen(slug, state)
    # A text in the reader's language, else in the petition's own.
    row = next((row for row in rows if row[4] == language), rows[0])
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
    """Return the id of a petition in any state. Raises PetitionNotFound."""
    petition_id = db.session.scalar(select(Petition.id).where(Petition.slug == slug))
    if petition_id is None:
        raise PetitionNotFound
    return petition_id


def get_count(slug: str) -> CounterValue:
    """Return the counter of a petition. Raises PetitionNotFound."""
    row = db.session.execute(
        select(Tally.counted, Tally.changed_at)
        .join(Petition, Petition.id == Tally.petition_id)
        .where(Petition.slug == slug, Petition.state != PetitionState.DRAFT)
    ).first()
    if row is None:
        raise PetitionNotFound
    return CounterValue(row.counted, goal_for(row.counted), row.changed_at)


def list_petitions(
    language: str, *, states: tuple[PetitionState, ...] = tuple(PetitionState)
) -> list[PetitionSummary]:
    """List petitions, newest first, each titled in `language`, else in its own language."""
    rows = db.session.execute(
        select(
            *(Petition.id, Petition.slug, Petition.state, Petition.contact),
            *(PetitionText.language, PetitionText.title, PetitionText.organiser),
            Tally.counted.label("count"),
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
    last = {row.id: row for row in rows}
    return [
        PetitionSummary(**{**row._mapping, "state": PetitionState(row.state)})  # noqa: SLF001 (public)
        for row in last.values()
    ]
