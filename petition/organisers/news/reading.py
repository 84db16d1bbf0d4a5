"""Updates as organisers see them, in every state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, select

from petition.core.errors import ItemNotFound
from petition.database.base import db
from petition.models import Organiser, PetitionUpdate, PetitionUpdateText

_update, _text = PetitionUpdate.table(), PetitionUpdateText.table()


class NewsState(StrEnum):
    """State of an update, by its times."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    TAKEN_DOWN = "taken_down"


class NewsText(NamedTuple):
    """The text of an update in a language; the body is Markdown."""

    language: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class News:
    """An update as organisers see it, the text in its own language first.

    `changed_by` is the email address of the organiser in `changed_by_id`, or None.
    """

    id: int
    version: int
    state: NewsState
    author: str
    texts: Sequence[NewsText]
    published_at: datetime | None
    changed_at: datetime
    changed_by_id: int | None
    changed_by: str | None
    tested: bool


def list_news(petition_id: int, *, now: datetime) -> list[News]:
    """Return all updates of a petition, drafts first, then newest first."""
    rows = db.session.execute(_select_news().where(_update.c.petition_id == petition_id)).all()
    order = {state: place for place, state in enumerate(NewsState)}
    views = _group(rows, now)
    views.sort(key=lambda view: (view.published_at or view.changed_at, view.id), reverse=True)
    return sorted(views, key=lambda view: order[view.state])


def get_news(petition_id: int, update_id: int, *, now: datetime) -> News:
    """Return an update in any state. Raises: ItemNotFound."""
    is_update = (_update.c.petition_id == petition_id, _update.c.id == update_id)
    rows = db.session.execute(_select_news().where(*is_update)).all()
    if not rows:
        raise ItemNotFound
    return _group(rows, now)[0]


def _select_news() -> Select[*tuple[Any, ...]]:
    texts = (_text.c.language, _text.c.title, _text.c.body)
    email = Organiser.email.label("changer")
    return (
        select(*_update.c, *texts, email)
        .join(_text, _text.c.update_id == _update.c.id)
        .outerjoin(Organiser, Organiser.id == _update.c.changed_by)
        .order_by(_text.c.id)
    )


def _group(rows: Sequence[Row[Any]], now: datetime) -> list[News]:
    views: dict[int, News] = {}
    for row in rows:
        text = NewsText(row.language, row.title, row.body)
        if earlier := views.get(row.id):
            views[row.id] = replace(earlier, texts=(*earlier.texts, text))
            continue
        views[row.id] = News(
            id=row.id,
            version=row.version,
            state=get_state(row, now),
            author=row.author,
            texts=(text,),
            published_at=row.published_at,
            changed_at=row.changed_at,
            changed_by_id=row.changed_by,
            changed_by=row.changer,
            tested=row.tested_version == row.version,
        )
    return list(views.values())


def get_state(row: Row[Any], now: datetime) -> NewsState:
    """Return the state of an update, given its row."""
    if row.taken_down_at is not None:
        return NewsState.TAKEN_DOWN
    if row.published_at is None:
        return NewsState.DRAFT
    return NewsState.PUBLISHED if row.published_at <= now else NewsState.SCHEDULED
