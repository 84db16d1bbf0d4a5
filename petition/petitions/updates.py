"""News of a petition, its pictures, and the offices to write to: kept from a file, read for a
page.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Connection, Select, delete, insert, or_, select, update
from sqlalchemy.orm import aliased

from petition import upsert
from petition.errors import NotThere, PetitionNotFound
from petition.extensions import db, transaction
from petition.manuscript import News, WrittenUpdate
from petition.models import Petition, Picture, Target, Update, UpdateText
from petition.pictures import Made

PAGE = 20  # pieces of news

_picture = Picture.table()


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of news in one language, which may not be the reader's."""

    id: int
    title: str
    body: str
    language: str
    author: str
    published_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture as a page needs it."""

    digest: str
    width: int
    height: int


def listed(
    petition_id: int, language: str, *, most: int = 100, before: int | None = None
) -> list[Piece]:
    """Return the published news, newest first, each in `language` where it has that and otherwise
    in the first language it was written in. With `before`, what is older than that piece.
    """
    wanted = _newest(petition_id).limit(most)
    return _pieces(wanted if before is None else wanted.where(_older_than(before)), language)


def published(petition_id: int) -> list[int]:
    """Return the numbers of all published pieces, newest first."""
    return list(db.session.scalars(_newest(petition_id)))


def _newest(petition_id: int) -> Select[int]:
    return (
        select(Update.id)
        .where(Update.petition_id == petition_id, Update.published_at.is_not(None))
        .order_by(Update.published_at.desc(), Update.id.desc())
    )


def _older_than(update_id: int) -> ColumnElement[bool]:
    edge = aliased(Update)
    same_day = (Update.published_at == edge.published_at) & (Update.id < edge.id)
    older = or_(Update.published_at < edge.published_at, same_day)
    return select(edge.id).where(edge.id == update_id, older).exists()


def _pieces(wanted: Select[int], language: str) -> list[Piece]:
    rows = db.session.execute(
        select(Update, UpdateText)
        .join(UpdateText, UpdateText.update_id == Update.id)
        .where(Update.id.in_(wanted))
        .order_by(Update.published_at.desc(), Update.id.desc(), UpdateText.id)
    )
    pieces: dict[int, Piece] = {}
    for news, text in rows:
        if news.id not in pieces or text.language == language:
            pieces[news.id] = Piece(
                news.id,
                text.title,
                text.body,
                text.language,
                news.author,
                cast("datetime", news.published_at),
                news.changed_at,
            )
    return list(pieces.values())


def found(petition_id: int, update_id: int, language: str) -> Piece:
    """Return one published piece. Raises NotThere."""
    pieces = _pieces(_newest(petition_id).where(Update.id == update_id), language)
    if not pieces:
        raise NotThere
    return pieces[0]


def pictures(petition_id: int) -> dict[str, Seen]:
    """Return the pictures of a petition by the names that its texts call them."""
    rows = db.session.execute(
        select(_picture.c.name, _picture.c.digest, _picture.c.width, _picture.c.height).where(
            _picture.c.petition_id == petition_id
        )
    )
    return {name: Seen(digest, width, height) for name, digest, width, height in rows}


def picture(petition_id: int, digest: str) -> bytes:
    """Return the content of a picture. Raises NotThere."""
    content = db.session.scalar(
        select(_picture.c.content).where(
            _picture.c.petition_id == petition_id, _picture.c.digest == digest
        )
    )
    if content is None:
        raise NotThere
    return bytes(content)


def targets(petition_id: int) -> list[Target]:
    """Return the offices to write to."""
    return list(
        db.session.scalars(
            select(Target).where(Target.petition_id == petition_id).order_by(Target.id)
        )
    )


def keep(slug: str, news: News, *, now: datetime) -> None:
    """Add news and pictures to a petition and, when there are any, put other targets in the place
    of those it has. What has the same day and first title as a piece that is there replaces it,
    so that a file can be corrected and read again. Raises PetitionNotFound.
    """
    with transaction() as connection:
        petition_id = connection.scalar(select(Petition.id).where(Petition.slug == slug))
        if petition_id is None:
            raise PetitionNotFound
        for name, made in news.pictures.items():
            _keep_picture(connection, petition_id, name, made)
        for written in news.updates:
            _keep_update(connection, petition_id, written, now)
        if news.targets:
            connection.execute(delete(Target).where(Target.petition_id == petition_id))
            connection.execute(
                insert(Target), [target | {"petition_id": petition_id} for target in news.targets]
            )


def _keep_picture(connection: Connection, petition_id: int, name: str, made: Made) -> None:
    kept = {
        "digest": made.digest,
        "width": made.width,
        "height": made.height,
        "content": made.content,
    }
    connection.execute(
        upsert.insert(connection, Picture)
        .values(petition_id=petition_id, name=name, **kept)
        .on_conflict_do_update(index_elements=["petition_id", "name"], set_=kept)
    )


def _keep_update(
    connection: Connection, petition_id: int, written: WrittenUpdate, now: datetime
) -> None:
    values = {"author": written.author, "changed_at": now}
    update_id = connection.scalar(
        select(Update.id)
        .join(UpdateText, UpdateText.update_id == Update.id)
        .where(
            Update.petition_id == petition_id,
            Update.published_at == written.published_at,
            UpdateText.title == written.texts[0]["title"],
        )
    )
    if update_id is None:
        update_id = connection.scalar(
            insert(Update)
            .values(petition_id=petition_id, published_at=written.published_at, **values)
            .returning(Update.id)
        )
    else:
        connection.execute(update(Update).where(Update.id == update_id).values(values))
        connection.execute(delete(UpdateText).where(UpdateText.update_id == update_id))
    connection.execute(
        insert(UpdateText), [text | {"update_id": update_id} for text in written.texts]
    )
