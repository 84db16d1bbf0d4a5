"""Petitions: import, open, pause, close, recount; what a page shows of one; its numbers for
organisers.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from petition.errors import PetitionNotFound, PetitionNotOpen, SlugTaken
from petition.extensions import db, transaction
from petition.goals import goal_for
from petition.kinds import State
from petition.manuscript import Manuscript
from petition.models import Petition, PetitionText, Signature, Tally
from petition.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Shown:
    """A petition as its page shows it. `language` is that of the text, which may not be the
    reader's.
    """

    slug: str
    state: State
    contact: str
    asks_postcode: bool
    regime_country: str
    regime_languages: tuple[str, ...]
    count: int
    goal: int
    closed_at: datetime | None
    text: PetitionText
    languages: tuple[str, ...]

    @property
    def takes_signatures(self) -> bool:
        return self.state == State.OPEN


@dataclass(frozen=True, slots=True)
class Signable:
    """What signing needs to know of an open petition."""

    id: int
    asks_postcode: bool
    refuses_disposable: bool
    text_language: str
    text_version: int


@dataclass(frozen=True, slots=True)
class Count:
    """The counter: confirmed signatures, the goal shown with them, and when the count last
    moved.
    """

    count: int
    goal: int
    updated: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A petition in a list."""

    id: int
    slug: str
    state: State
    title: str
    organiser: str
    contact: str
    count: int


def shown(slug: str, language: str, *, drafts: bool = False) -> Shown:
    """Return a petition with its newest text in `language`, or in its own language where there is
    none.

    Raises PetitionNotFound, also for a draft unless `drafts` asks for them.
    """
    row = db.session.execute(
        select(Petition, Tally)
        .join(Tally, Tally.petition_id == Petition.id)
        .where(Petition.slug == slug)
    ).first()
    if row is None or (row.Petition.state == State.DRAFT and not drafts):
        raise PetitionNotFound
    petition, tally = row
    texts = _newest_texts(petition.id)
    return Shown(
        slug=petition.slug,
        state=State(petition.state),
        contact=petition.contact,
        asks_postcode=petition.asks_postcode,
        regime_country=petition.regime_country,
        regime_languages=tuple(petition.regime_languages.split(",")),
        count=tally.counted,
        goal=goal_for(tally.counted),
        closed_at=petition.closed_at,
        text=texts.get(language) or texts[petition.source_language],
        languages=tuple(texts),
    )


def _newest_texts(petition_id: int) -> dict[str, PetitionText]:
    texts = db.session.scalars(
        select(PetitionText)
        .where(PetitionText.petition_id == petition_id)
        .order_by(PetitionText.version)
    )
    return {text.language: text for text in texts}


def signable(slug: str, language: str) -> Signable:
    """Return what signing needs. Raises PetitionNotFound, and PetitionNotOpen with the state it is
    in.
    """
    with db.engine.connect() as connection:
        found = _SIGNABLE.all(connection, {"slug": slug, "language": language})
    if not found or found[0][1] == State.DRAFT:
        raise PetitionNotFound
    if found[0][1] != State.OPEN:
        raise PetitionNotOpen(slug, found[0][1])
    # The reader's language or, where there is no text in it, the petition's own.
    text = next((row for row in found if row[4] == language), found[0])
    petition_id, _, asks_postcode, refuses, text_language, version = text
    return Signable(petition_id, bool(asks_postcode), bool(refuses), text_language, version)


_SIGNABLE = Prepared(
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
        or_(
            PetitionText.language == bindparam("language"),
            PetitionText.language == Petition.source_language,
        ),
    )
    .group_by(Petition.id, PetitionText.language)
)


def identify(slug: str) -> int:
    """Return the id of a petition in any state. Raises PetitionNotFound."""
    petition_id = db.session.scalar(select(Petition.id).where(Petition.slug == slug))
    if petition_id is None:
        raise PetitionNotFound
    return petition_id


def count(slug: str) -> Count:
    """Return the counter of a petition. Raises PetitionNotFound."""
    row = db.session.execute(
        select(Tally.counted, Tally.changed_at)
        .join(Petition, Petition.id == Tally.petition_id)
        .where(Petition.slug == slug, Petition.state != State.DRAFT)
    ).first()
    if row is None:
        raise PetitionNotFound
    return Count(row.counted, goal_for(row.counted), row.changed_at)


def listed(language: str, *, states: tuple[State, ...] = tuple(State)) -> list[Listed]:
    """List petitions, newest first, each titled in `language` where it has that and in its own
    otherwise.
    """
    rows = db.session.execute(
        select(Petition, Tally.counted)
        .join(Tally, Tally.petition_id == Petition.id)
        .where(Petition.state.in_(states))
        .order_by(Petition.id.desc())
    )
    found = []
    for petition, counted in rows:
        texts = _newest_texts(petition.id)
        text = texts.get(language) or texts[petition.source_language]
        found.append(
            Listed(
                id=petition.id,
                slug=petition.slug,
                state=State(petition.state),
                title=text.title,
                organiser=text.organiser,
                contact=petition.contact,
                count=counted,
            )
        )
    return found


def keep(manuscript: Manuscript, *, now: datetime) -> None:
    """Keep a new petition with its texts and a counter at nought. Raises SlugTaken."""
    opened_at = now if manuscript.petition["state"] == State.OPEN else None
    values = manuscript.petition | {"created_at": now, "opened_at": opened_at}
    try:
        with transaction() as connection:
            kept = connection.scalar(insert(Petition).values(values).returning(Petition.id))
            connection.execute(
                insert(Tally).values(petition_id=kept, counted=0, last_number=0, changed_at=now)
            )
            rest = {"petition_id": kept, "version": 1, "created_at": now}
            connection.execute(insert(PetitionText), [text | rest for text in manuscript.texts])
    except IntegrityError as error:
        raise SlugTaken(manuscript.slug) from error


def move(slug: str, state: State, *, now: datetime) -> None:
    """Open, pause or close a petition. Repeating it changes nothing. Raises PetitionNotFound."""
    values: dict[str, object] = {
        "state": state.value,
        "closed_at": now if state == State.CLOSED else None,
    }
    if state == State.OPEN:
        values["opened_at"] = func.coalesce(Petition.opened_at, now)
    with transaction() as connection:
        known = connection.scalar(select(Petition.id).where(Petition.slug == slug))
        if known is None:
            raise PetitionNotFound
        connection.execute(
            update(Petition).where(Petition.id == known, Petition.state != state).values(values)
        )


def recount(slug: str, *, now: datetime) -> tuple[int, int]:
    """Count a petition's signatures one by one, set the counter to it, and return what it said and
    says.

    Raises PetitionNotFound.
    """
    with transaction() as connection:
        tally = connection.execute(
            select(Tally.petition_id, Tally.counted)
            .join(Petition, Petition.id == Tally.petition_id)
            .where(Petition.slug == slug)
            .with_for_update(of=Tally)
        ).first()
        if tally is None:
            raise PetitionNotFound
        mine = Signature.petition_id == tally.petition_id
        true = int(connection.scalar(select(func.count()).where(mine, Signature.counted)) or 0)
        if tally.counted != true:
            connection.execute(
                update(Tally)
                .where(Tally.petition_id == tally.petition_id)
                .values(counted=true, changed_at=now)
            )
        return tally.counted, true
