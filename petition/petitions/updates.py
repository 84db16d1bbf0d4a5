"""Updates of a petition, their pictures, and the offices to write to: imported and read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

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

PAGE_SIZE = 20

_picture = Picture.table()


@dataclass(frozen=True, slots=True)
class UpdateView:
    """An update in one language, which may not be the reader's."""

    id: int
    title: str
    body: str
    language: str
    author: str
    published_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class PictureView:
    """A picture as a page needs it, its size in pixels."""

    digest: str
    width: int
    height: int


def list_updates(
    petition_id: int, language: str, *, limit: int = 100, before: int | None = None
) -> list[UpdateView]:
    """Return published updates, newest first, each in `language` if it has that, else in the first
    language it was written in; with `before` only those older than that update.
    """
    ids = _newest(petition_id).limit(limit)
    return _views(ids if before is None else ids.where(_older_than(before)), language)


def published_ids(petition_id: int) -> list[int]:
    """Return the ids of all published updates, newest first."""
    return list(db.session.scalars(_newest(petition_id)))


def get_update(petition_id: int, update_id: int, language: str) -> UpdateView:
    """Return a published update. Raises ItemNotFound."""
    views = _views(_newest(petition_id).where(PetitionUpdate.id == update_id), language)
    if not views:
        raise ItemNotFound
    return views[0]


def _newest(petition_id: int) -> Select[int]:
    return (
        select(PetitionUpdate.id)
        .where(PetitionUpdate.petition_id == petition_id, PetitionUpdate.published_at.is_not(None))
        .order_by(PetitionUpdate.published_at.desc(), PetitionUpdate.id.desc())
    )


def _older_than(update_id: int) -> ColumnElement[bool]:
    edge = aliased(PetitionUpdate)
    same_time = (PetitionUpdate.published_at == edge.published_at) & (PetitionUpdate.id < edge.id)
    older = or_(PetitionUpdate.published_at < edge.published_at, same_time)
    return select(edge.id).where(edge.id == update_id, older).exists()


def _views(ids: Select[int], language: str) -> list[UpdateView]:
    rows = db.session.execute(
        select(
            *(PetitionUpdate.id, PetitionUpdateText.title, PetitionUpdateText.body),
            *(PetitionUpdateText.language, PetitionUpdate.author),
            *(PetitionUpdate.published_at, PetitionUpdate.changed_at),
        )
        .join(PetitionUpdateText, PetitionUpdateText.update_id == PetitionUpdate.id)
        .where(PetitionUpdate.id.in_(ids))
        .order_by(
            PetitionUpdate.published_at.desc(), PetitionUpdate.id.desc(), PetitionUpdateText.id
        )
    )
    views: dict[int, UpdateView] = {}
    for row in rows:
        if row.id not in views or row.language == language:
            views[row.id] = UpdateView(**row._mapping)  # noqa: SLF001 (SQLAlchemy's public name)
    return list(views.values())


def list_pictures(petition_id: int) -> dict[str, PictureView]:
    """Return the pictures of a petition by the file names that its texts use."""
    columns = (_picture.c.name, _picture.c.digest, _picture.c.width, _picture.c.height)
    rows = db.session.execute(select(*columns).where(_picture.c.petition_id == petition_id))
    return {name: PictureView(digest, width, height) for name, digest, width, height in rows}


def get_picture(petition_id: int, digest: str) -> bytes:
    """Return the content of a picture. Raises ItemNotFound."""
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
    query = select(Target).where(Target.petition_id == petition_id).order_by(Target.id)
    return list(db.session.scalars(query))


def import_updates(slug: str, file: UpdatesFile, *, now: datetime) -> None:
    """Add updates and pictures to a petition, and replace its targets if the file has any.

    An update with the day and first title of an existing one replaces it, and so does a picture
    with its name: idempotent. Raises PetitionNotFound.
    """
    with transaction() as connection:
        petition_id = connection.scalar(select(Petition.id).where(Petition.slug == slug))
        if petition_id is None:
            raise PetitionNotFound
        for name, picture in file.pictures.items():
            _upsert_picture(connection, petition_id, name, picture)
        for one in file.updates:
            _upsert_update(connection, petition_id, one, now)
        if file.targets:
            connection.execute(delete(Target).where(Target.petition_id == petition_id))
            rows = [target | {"petition_id": petition_id} for target in file.targets]
            connection.execute(insert(Target), rows)
        detail = (
            f"{len(file.updates)} updates, {len(file.pictures)} pictures,"
            f" {len(file.targets)} targets"
        )
        audit.record(connection, "petition.update", now, petition_id=petition_id, detail=detail)


def _upsert_picture(
    connection: Connection, petition_id: int, name: str, picture: WebPicture
) -> None:
    values = picture.columns()
    connection.execute(
        upsert.insert(connection, Picture)
        .values(petition_id=petition_id, name=name, **values)
        .on_conflict_do_update(index_elements=["petition_id", "name"], set_=values)
    )


def _upsert_update(
    connection: Connection, petition_id: int, new: UpdateInput, now: datetime
) -> None:
    values: dict[str, Any] = {"author": new.author, "changed_at": now}
    update_id = connection.scalar(
        select(PetitionUpdate.id)
        .join(PetitionUpdateText, PetitionUpdateText.update_id == PetitionUpdate.id)
        .where(
            PetitionUpdate.petition_id == petition_id,
            PetitionUpdate.published_at == new.published_at,
            PetitionUpdateText.title == new.texts[0]["title"],
        )
    )
    if update_id is None:
        values |= {"petition_id": petition_id, "published_at": new.published_at}
        update_id = connection.scalar(
            insert(PetitionUpdate).values(values).returning(PetitionUpdate.id)
        )
    else:
        connection.execute(
            update(PetitionUpdate).where(PetitionUpdate.id == update_id).values(values)
        )
        connection.execute(
            delete(PetitionUpdateText).where(PetitionUpdateText.update_id == update_id)
        )
    rows = [text | {"update_id": update_id} for text in new.texts]
    connection.execute(insert(PetitionUpdateText), rows)
