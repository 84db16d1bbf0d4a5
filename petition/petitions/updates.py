"""News of a petition, its pictures, and the offices to write to: kept from a file, read for a
page.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Connection, Select, delete, insert, or_, select, update
from sqlalchemy.orm import aliased

from petition import audit
from petition.core.errors import ItemNotFound, PetitionNotFound
from petition.database import upsert
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Petition, PetitionUpdate, PetitionUpdateText, Picture, Target
from petition.petitions.petition_file import UpdateInput, UpdatesFile
from petition.petitions.pictures import WebPicture

PAGE_SIZE = 20  # pieces of news

_picture = Picture.table()


@dataclass(frozen=True, slots=True)
class UpdateView:
    """A piece of news in one language, which may not be the reader's."""

    id: int
    title: str
    body: str
    language: str
    author: str
    published_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture as a page needs it."""

    digest: str
    width: int
    height: int


def list_updates(
    petition_id: int, language: str, *, most: int = 100, before: int | None = None
) -> list[UpdateView]:
    """Return the published news, newest first, each in `language` where it has that and otherwise
    in the first language it was written in. With `before`, what is older than that piece.
    """
    wanted = _newest(petition_id).limit(most)
    return _pieces(wanted if before is None else wanted.where(_older_than(before)), language)


def published_ids(petition_id: int) -> list[int]:
    """Return the numbers of all published pieces, newest first."""
    return list(db.session.scalars(_newest(petition_id)))


def _newest(petition_id: int) -> Select[int]:
    return (
        select(PetitionUpdate.id)
        .where(PetitionUpdate.petition_id == petition_id, PetitionUpdate.published_at.is_not(None))
        .order_by(PetitionUpdate.published_at.desc(), PetitionUpdate.id.desc())
    )


def _older_than(update_id: int) -> ColumnElement[bool]:
    edge = aliased(PetitionUpdate)
    same_day = (PetitionUpdate.published_at == edge.published_at) & (PetitionUpdate.id < edge.id)
    older = or_(PetitionUpdate.published_at < edge.published_at, same_day)
    return select(edge.id).where(edge.id == update_id, older).exists()


def _pieces(wanted: Select[int], language: str) -> list[UpdateView]:
    rows = db.session.execute(
        select(PetitionUpdate, PetitionUpdateText)
        .join(PetitionUpdateText, PetitionUpdateText.update_id == PetitionUpdate.id)
        .where(PetitionUpdate.id.in_(wanted))
        .order_by(
            PetitionUpdate.published_at.desc(), PetitionUpdate.id.desc(), PetitionUpdateText.id
        )
    )
    pieces: dict[int, UpdateView] = {}
    for news, text in rows:
        if news.id not in pieces or text.language == language:
            pieces[news.id] = UpdateView(
                news.id,
                text.title,
                text.body,
                text.language,
                news.author,
                cast("datetime", news.published_at),
                news.changed_at,
            )
    return list(pieces.values())


def get_update(petition_id: int, update_id: int, language: str) -> UpdateView:
    """Return one published piece. Raises NotThere."""
    pieces = _pieces(_newest(petition_id).where(PetitionUpdate.id == update_id), language)
    if not pieces:
        raise ItemNotFound
    return pieces[0]


def list_pictures(petition_id: int) -> dict[str, PictureView]:
    """Return the pictures of a petition by the names that its texts call them."""
    rows = db.session.execute(
        select(_picture.c.name, _picture.c.digest, _picture.c.width, _picture.c.height).where(
            _picture.c.petition_id == petition_id
        )
    )
    return {name: PictureView(digest, width, height) for name, digest, width, height in rows}


def get_picture(petition_id: int, digest: str) -> bytes:
    """Return the content of a picture. Raises NotThere."""
    content = db.session.scalar(
        select(_picture.c.content).where(
            _picture.c.petition_id == petition_id, _picture.c.digest == digest
        )
    )
    if content is None:
        raise ItemNotFound
    return bytes(content)


def list_targets(petition_id: int) -> list[Target]:
    """Return the offices to write to."""
    return list(
        db.session.scalars(
            select(Target).where(Target.petition_id == petition_id).order_by(Target.id)
        )
    )


def import_updates(slug: str, news: UpdatesFile, *, now: datetime) -> None:
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
        detail = (
            f"{len(news.updates)} updates, {len(news.pictures)} pictures,"
            f" {len(news.targets)} targets"
        )
        audit.record(connection, "petition.update", now, petition_id=petition_id, detail=detail)


def _keep_picture(connection: Connection, petition_id: int, name: str, made: WebPicture) -> None:
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
    connection: Connection, petition_id: int, written: UpdateInput, now: datetime
) -> None:
    values = {"author": written.author, "changed_at": now}
    update_id = connection.scalar(
        select(PetitionUpdate.id)
        .join(PetitionUpdateText, PetitionUpdateText.update_id == PetitionUpdate.id)
        .where(
            PetitionUpdate.petition_id == petition_id,
            PetitionUpdate.published_at == written.published_at,
            PetitionUpdateText.title == written.texts[0]["title"],
        )
    )
    if update_id is None:
        update_id = connection.scalar(
            insert(PetitionUpdate)
            .values(petition_id=petition_id, published_at=written.published_at, **values)
            .returning(PetitionUpdate.id)
        )
    else:
        connection.execute(
            update(PetitionUpdate).where(PetitionUpdate.id == update_id).values(values)
        )
        connection.execute(
            delete(PetitionUpdateText).where(PetitionUpdateText.update_id == update_id)
        )
    connection.execute(
        insert(PetitionUpdateText), [text | {"update_id": update_id} for text in written.texts]
    )
