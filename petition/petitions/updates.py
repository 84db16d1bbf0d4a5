"""Updates of a petition, their pictures, and the offices to write to: imported and read."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, insert, select, update
from sqlalchemy.orm import aliased, defer

from petition import audit
from petition.core.errors import ItemNotFound
from petition.database import upsert
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Office, PetitionUpdate, PetitionUpdateText, Picture
from petition.models.enums import AuditAction
from petition.petitions.editing.petition_file import UpdatesFile
from petition.petitions.pictures import WebPicture
from petition.petitions.queries import get_id

PAGE_SIZE = 20
# An update: id, title, body, language of these, author, published_at, changed_at, corrections.
UpdateView = Row[int, str, str, str, str, datetime | None, datetime, list[dict[str, Any]]]


def list_updates(
    petition_id: int, language: str, *, now: datetime, limit: int = 100, before: int | None = None
) -> list[UpdateView]:
    """Return published updates, newest first; with `before` only those older than that update.

    Each is in `language` if it has that, else in the first language it was written in.
    """
    ids = _newest(petition_id, now).limit(limit)
    return _views(ids if before is None else ids.where(_older_than(before)), language)


def published_ids(petition_id: int, *, now: datetime) -> list[int]:
    """Return the ids of all published updates, newest first."""
    return list(db.session.scalars(_newest(petition_id, now)))


def get_update(petition_id: int, update_id: int, language: str, *, now: datetime) -> UpdateView:
    """Return a published update. Raises: ItemNotFound."""
    views = _views(_newest(petition_id, now).where(PetitionUpdate.id == update_id), language)
    if not views:
        raise ItemNotFound
    return views[0]


def is_public(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an update is published, and not for a later time."""
    return (PetitionUpdate.published_at <= now) & PetitionUpdate.taken_down_at.is_(None)


def _newest(petition_id: int, now: datetime) -> Select[int]:
    return (
        select(PetitionUpdate.id)
        .where(PetitionUpdate.petition_id == petition_id, is_public(now))
        .order_by(PetitionUpdate.published_at.desc(), PetitionUpdate.id.desc())
    )


def _older_than(update_id: int) -> ColumnElement[bool]:
    edge = aliased(PetitionUpdate)
    same_time = (PetitionUpdate.published_at == edge.published_at) & (PetitionUpdate.id < edge.id)
    older = (PetitionUpdate.published_at < edge.published_at) | same_time
    return select(edge.id).where(edge.id == update_id, older).exists()


def _views(ids: Select[int], language: str) -> list[UpdateView]:
    of_text = (PetitionUpdateText.title, PetitionUpdateText.body, PetitionUpdateText.language)
    times = (PetitionUpdate.published_at, PetitionUpdate.changed_at, PetitionUpdate.corrections)
    order = (PetitionUpdate.published_at.desc(), PetitionUpdate.id.desc(), PetitionUpdateText.id)
    rows = db.session.execute(
        select(PetitionUpdate.id, *of_text, PetitionUpdate.author, *times)
        .join(PetitionUpdateText, PetitionUpdateText.update_id == PetitionUpdate.id)
        .where(PetitionUpdate.id.in_(ids))
        .order_by(*order)
    )
    views: dict[int, UpdateView] = {}
    for row in rows:
        if row.id not in views or row.language == language:
            views[row.id] = row
    return list(views.values())


class Correction(NamedTuple):
    """What was corrected in a published update, in `language`."""

    at: datetime
    language: str
    note: str


def list_corrections(view: UpdateView) -> list[Correction]:
    """Return the corrections of an update, oldest first, in its language where there is a note."""
    found = []
    for one in view.corrections:
        notes = one["notes"]
        language = view.language if view.language in notes else next(iter(notes))
        found.append(Correction(datetime.fromisoformat(one["at"]), language, notes[language]))
    return found


def list_pictures(petition_id: int) -> dict[str, Picture]:
    """Return the pictures of a petition by the file names that its texts use."""
    query = select(Picture).options(defer(Picture.content))
    pictures = db.session.scalars(query.where(Picture.petition_id == petition_id))
    return {picture.name: picture for picture in pictures}


def get_picture(petition_id: int, digest: str) -> bytes:
    """Return the content of a picture. Raises: ItemNotFound."""
    is_picture = (Picture.petition_id == petition_id, Picture.digest == digest)
    content = db.session.scalar(select(Picture.content).where(*is_picture))
    if content is None:
        raise ItemNotFound
    return content


def list_offices(petition_id: int) -> list[Office]:
    """Return the offices to write to."""
    query = select(Office).where(Office.petition_id == petition_id).order_by(Office.id)
    return list(db.session.scalars(query))


def import_updates(slug: str, file: UpdatesFile, *, now: datetime) -> None:
    """Add updates and pictures to a petition, and replace its offices if the file has any.

    An update with the day and first title of an existing one replaces it, and so does a picture
    with its name: idempotent. Raises: PetitionNotFound.
    """
    petition_id = get_id(slug)
    with transaction() as connection:
        for name, picture in file.pictures.items():
            upsert_picture(connection, petition_id, name, picture)
        for values in file.updates:
            _upsert_update(connection, values | {"petition_id": petition_id, "changed_at": now})
        if file.offices:
            connection.execute(delete(Office).where(Office.petition_id == petition_id))
            rows = [office | {"petition_id": petition_id} for office in file.offices]
            connection.execute(insert(Office), rows)
        numbers = (len(file.updates), len(file.pictures), len(file.offices))
        detail = "{} updates, {} pictures, {} targets".format(*numbers)
        action = AuditAction.PETITION_UPDATE
        audit.record(connection, action, now, petition_id=petition_id, detail=detail)


def upsert_picture(
    connection: Connection, petition_id: int, name: str, picture: WebPicture
) -> None:
    """Insert a picture of a petition, or replace the one with its name."""
    values = picture.columns()
    connection.execute(
        upsert.insert(connection, Picture)
        .values(petition_id=petition_id, name=name, **values)
        .on_conflict_do_update(index_elements=["petition_id", "name"], set_=values)
    )


def _upsert_update(connection: Connection, values: dict[str, Any]) -> None:
    texts = values.pop("texts")
    update_id = connection.scalar(
        select(PetitionUpdate.id)
        .join(PetitionUpdateText, PetitionUpdateText.update_id == PetitionUpdate.id)
        .where(
            PetitionUpdate.petition_id == values["petition_id"],
            PetitionUpdate.published_at == values["published_at"],
            PetitionUpdateText.title == texts[0]["title"],
        )
    )
    if update_id is None:
        new = insert(PetitionUpdate).values(values).returning(PetitionUpdate.id)
        update_id = connection.scalar(new)
    else:
        existing = update(PetitionUpdate).where(PetitionUpdate.id == update_id)
        next_version = {"version": PetitionUpdate.version + 1, "changed_by": None}
        connection.execute(existing.values(values | next_version))
        earlier = PetitionUpdateText.update_id == update_id
        connection.execute(delete(PetitionUpdateText).where(earlier))
    rows = [text | {"update_id": update_id} for text in texts]
    connection.execute(insert(PetitionUpdateText), rows)
