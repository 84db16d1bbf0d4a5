"""Petitions: import, open, pause, close, recount; what a page shows of one; its numbers for organisers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, select, update
from sqlalchemy.exc import IntegrityError

from petition.errors import ImportRefused, PetitionNotFound, PetitionNotOpen, SlugTaken
from petition.extensions import db, transaction
from petition.models import Petition, PetitionText, Signature, State, Tally

GOALS = (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000)
NEXT_GOAL_AT = 0.85  # of a goal: from there the page shows the next one

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Shown:
    """A petition as its page shows it. `language` is that of the text, which may not be the reader's."""

    slug: str
    state: State
    organiser: str
    contact: str
    asks_postcode: bool
    count: int
    goal: int
    counted_at: datetime
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
    language: str
    text_version: int


@dataclass(frozen=True, slots=True)
class Count:
    """The counter: confirmed signatures, the goal shown with them, and when the count last moved."""

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
    count: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """What an organiser sees of a petition: counts alone, nobody's name."""

    confirmed: int
    pending: int
    per_day: list[tuple[date, int]]
    per_country: list[tuple[str, int]]


def goal_for(count: int) -> int:
    """Return the goal to show: the first step of the ladder of which less than 85 % is reached."""
    for goal in GOALS:
        if count < goal * NEXT_GOAL_AT:
            return goal
    millions = GOALS[-1] * 2
    return millions * (int(count / (millions * NEXT_GOAL_AT)) + 1)


def shown(slug: str, language: str, *, drafts: bool = False) -> Shown:
    """Return a petition with its newest text in `language`, or in its own language where there is none.

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
        organiser=petition.organiser,
        contact=petition.contact,
        asks_postcode=petition.asks_postcode,
        count=tally.counted,
        goal=goal_for(tally.counted),
        counted_at=tally.changed_at,
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
    """Return what signing needs. Raises PetitionNotFound, and PetitionNotOpen with the state it is in."""
    rows = db.session.execute(
        select(
            Petition.id,
            Petition.state,
            Petition.asks_postcode,
            Petition.source_language,
            PetitionText.language,
            func.max(PetitionText.version),
        )
        .join(PetitionText, PetitionText.petition_id == Petition.id)
        .where(
            Petition.slug == slug,
            PetitionText.language.in_((language, Petition.source_language)),
        )
        .group_by(Petition.id, PetitionText.language)
    ).all()
    if not rows or rows[0].state == State.DRAFT:
        raise PetitionNotFound
    if rows[0].state != State.OPEN:
        raise PetitionNotOpen(slug, rows[0].state)
    versions = {row[4]: row[5] for row in rows}
    found = language if language in versions else rows[0].source_language
    return Signable(rows[0].id, rows[0].asks_postcode, found, versions[found])


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
    """List petitions, newest first, each titled in `language` where it has that and in its own otherwise."""
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
        found.append(Listed(petition.id, petition.slug, State(petition.state), text.title, counted))
    return found


def numbers(petition_id: int) -> Numbers:
    """Return the figures of a petition: confirmed, pending, confirmed per day (UTC) and per country."""
    mine = Signature.petition_id == petition_id
    day = func.date(Signature.confirmed_at)
    per_day = db.session.execute(
        select(day, func.count()).where(mine, Signature.counted).group_by(day).order_by(day.desc())
    )
    per_country = db.session.execute(
        select(Signature.country, func.count())
        .where(mine, Signature.counted)
        .group_by(Signature.country)
        .order_by(func.count().desc(), Signature.country)
    )
    pending = db.session.scalar(select(func.count()).where(mine, ~Signature.counted))
    return Numbers(
        confirmed=db.session.scalar(select(Tally.counted).where(Tally.petition_id == petition_id))
        or 0,
        pending=pending or 0,
        per_day=[(_date(day), number) for day, number in per_day],
        per_country=list(per_country),
    )


def _date(value: str | date) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


_WANTED = {
    "title": 200,
    "target": 200,
    "lede": 2_000,
    "letter": 20_000,
    "story": 50_000,
    "share": 280,
}


def import_petition(written: Mapping[str, Any], *, now: datetime) -> str:
    """Keep a petition written as a mapping (see docs/petition-file.md) and return its slug.

    Raises ImportRefused naming what is missing or wrong, and SlugTaken.
    """
    slug = _piece(written, "slug", 60)
    if not _SLUG.fullmatch(slug):
        raise ImportRefused("slug: lower-case letters, digits and hyphens only")
    state = written.get("state", State.DRAFT.value)
    if state not in {State.DRAFT.value, State.OPEN.value}:
        raise ImportRefused("state: draft or open")
    texts = written.get("text")
    source = _piece(written, "source_language", 10)
    if not isinstance(texts, Mapping) or source not in texts:
        raise ImportRefused(f"text.{source}: the text in the source language")
    petition = Petition(
        slug=slug,
        state=State(state),
        source_language=source,
        organiser=_piece(written, "organiser", 200),
        contact=_piece(written, "contact", 254),
        asks_postcode=bool(written.get("asks_postcode", False)),
        created_at=now,
        opened_at=now if state == State.OPEN else None,
        closed_at=None,
    )
    rows = [_text_row(language, text, now) for language, text in texts.items()]
    try:
        with transaction() as session:
            session.add(petition)
            session.flush()
            session.add(Tally(petition_id=petition.id, counted=0, last_number=0, changed_at=now))
            for row in rows:
                row.petition_id = petition.id
                session.add(row)
    except IntegrityError as error:
        raise SlugTaken(slug) from error
    return slug


def _text_row(language: str, text: Mapping[str, Any], now: datetime) -> PetitionText:
    pieces = {name: _piece(text, name, most, f"text.{language}.") for name, most in _WANTED.items()}
    demands = text.get("demands", [])
    if not isinstance(demands, list) or not all(isinstance(demand, str) for demand in demands):
        raise ImportRefused(f"text.{language}.demands: a list of texts")
    return PetitionText(
        language=language, version=1, demands="\n".join(demands), created_at=now, **pieces
    )


def _piece(written: Mapping[str, Any], name: str, most: int, where: str = "") -> str:
    value = written.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise ImportRefused(f"{where}{name}: a text of 1 to {most} characters")
    return value.strip()


def move(slug: str, state: State, *, now: datetime) -> None:
    """Open, pause or close a petition. Repeating it changes nothing. Raises PetitionNotFound."""
    values: dict[str, object] = {
        "state": state.value,
        "closed_at": now if state == State.CLOSED else None,
    }
    if state == State.OPEN:
        values["opened_at"] = func.coalesce(Petition.opened_at, now)
    with transaction() as session:
        known = session.scalar(select(Petition.id).where(Petition.slug == slug))
        if known is None:
            raise PetitionNotFound
        session.execute(
            update(Petition)
            .where(and_(Petition.id == known, Petition.state != state))
            .values(values)
        )


def recount(slug: str, *, now: datetime) -> tuple[int, int]:
    """Count a petition's signatures one by one, set the counter to it, and return what it said and says.

    Raises PetitionNotFound.
    """
    with transaction() as session:
        tally = session.scalar(
            select(Tally)
            .join(Petition, Petition.id == Tally.petition_id)
            .where(Petition.slug == slug)
            .with_for_update(of=Tally)
        )
        if tally is None:
            raise PetitionNotFound
        true = session.scalar(
            select(func.count()).where(
                Signature.petition_id == tally.petition_id, Signature.counted
            )
        )
        before, tally.counted = tally.counted, int(true or 0)
        if before != tally.counted:
            tally.changed_at = now
        return before, tally.counted
