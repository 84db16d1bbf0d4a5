"""Write updates, publish them, correct them with a note, take them down.

Two organisers may have the same form open: the second one to save is told, and nothing is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from petition import audit
from petition.core.errors import ItemNotFound
from petition.core.organiser_errors import NoteRequired, UpdateChanged
from petition.database import upsert
from petition.database.transactions import transaction
from petition.models import PetitionUpdate, PetitionUpdateText
from petition.models.enums import AuditAction
from petition.organisers.news import mailings
from petition.organisers.news.reading import NewsState, NewsText, get_state

_update, _text = PetitionUpdate.table(), PetitionUpdateText.table()


@dataclass(frozen=True, slots=True)
class NewsForm:
    """What an organiser wrote. `notes` say by language what was corrected in a published text."""

    author: str
    texts: Sequence[NewsText]
    notes: Mapping[str, str]


def create(
    petition_id: int,
    form: NewsForm,
    *,
    publish_at: datetime | None,
    handover_id: int | None = None,
    organiser_id: int | None = None,
    now: datetime,
) -> int:
    """Store a new update and return its id; it is public from `publish_at` on, if given.

    There is one about a hand-over at most: the id of an earlier one is returned.
    """
    with transaction() as connection:
        values = {
            "petition_id": petition_id,
            "author": form.author,
            "published_at": publish_at,
            "handover_id": handover_id,
            "changed_at": now,
            "changed_by": organiser_id,
        }
        new = upsert.insert(connection, PetitionUpdate).values(values)
        once = new.on_conflict_do_nothing(index_elements=["handover_id"])
        update_id: int | None = connection.scalar(once.returning(_update.c.id))
        if update_id is None:
            earlier = select(_update.c.id).where(_update.c.handover_id == handover_id)
            return int(connection.execute(earlier).scalar_one())
        _insert_texts(connection, update_id, form.texts)
        action = AuditAction.NEWS_SAVE if publish_at is None else AuditAction.NEWS_PUBLISH
        _record(connection, action, petition_id, update_id, organiser_id, now)
    return update_id


def save(
    petition_id: int,
    update_id: int,
    form: NewsForm,
    *,
    version: int,
    publish_at: datetime | None,
    organiser_id: int | None = None,
    now: datetime,
) -> None:
    """Replace an update that still has `version`; publish it at a time, if it is not yet public.

    Raises: ItemNotFound, UpdateChanged, and NoteRequired for a corrected text without a note.
    """
    with transaction() as connection:
        row = _lock(connection, petition_id, update_id)
        if row.version != version:
            raise UpdateChanged
        values: dict[str, Any] = {"author": form.author}
        action = AuditAction.NEWS_SAVE
        if row.published_at is not None and row.published_at <= now:
            corrected = _find_corrected(connection, update_id, form)
            if corrected:
                action = AuditAction.NEWS_CORRECT
                entry = {"at": now.isoformat(), "notes": corrected}
                values["corrections"] = [*row.corrections, entry]
        elif publish_at is not None:
            action = AuditAction.NEWS_PUBLISH
            values |= {"published_at": publish_at, "taken_down_at": None}
        _change(connection, update_id, organiser_id, now, **values)
        own = [text.language for text in _read_texts(connection, update_id)]
        place = {language: number for number, language in enumerate(own)}
        texts = sorted(form.texts, key=lambda text: place.get(text.language, len(own)))
        connection.execute(delete(_text).where(_text.c.update_id == update_id))
        _insert_texts(connection, update_id, texts)
        _record(connection, action, petition_id, update_id, organiser_id, now)


def _find_corrected(connection: Connection, update_id: int, form: NewsForm) -> dict[str, str]:
    """Return the notes of the texts that differ. Raises: NoteRequired."""
    before = {text.language: text for text in _read_texts(connection, update_id)}
    changed = [
        text.language
        for text in form.texts
        if text.language in before and before[text.language] != text
    ]
    if missing := tuple(code for code in changed if not form.notes.get(code)):
        raise NoteRequired(missing)
    return {language: form.notes[language] for language in changed}


def take_down(
    petition_id: int, update_id: int, *, organiser_id: int | None = None, now: datetime
) -> None:
    """Hide a published update, and stop its mailing; make a scheduled one a draft. Idempotent.

    Raises: ItemNotFound.
    """
    with transaction() as connection:
        row = _lock(connection, petition_id, update_id)
        state = get_state(row, now)
        if state not in {NewsState.PUBLISHED, NewsState.SCHEDULED}:
            return
        is_public = state == NewsState.PUBLISHED
        values = {"taken_down_at": now} if is_public else {"published_at": None}
        _change(connection, update_id, organiser_id, now, **values)
        mailings.stop_in(connection, update_id, now=now)
        _record(connection, AuditAction.NEWS_TAKE_DOWN, petition_id, update_id, organiser_id, now)


def put_back(
    petition_id: int, update_id: int, *, organiser_id: int | None = None, now: datetime
) -> None:
    """Show an update again that was taken down. Idempotent. Raises: ItemNotFound."""
    with transaction() as connection:
        row = _lock(connection, petition_id, update_id)
        if row.taken_down_at is None:
            return
        _change(connection, update_id, organiser_id, now, taken_down_at=None)
        _record(connection, AuditAction.NEWS_PUT_BACK, petition_id, update_id, organiser_id, now)


def delete_draft(
    petition_id: int, update_id: int, *, organiser_id: int | None = None, now: datetime
) -> bool:
    """Delete an update that was never public; return whether it was a draft.

    Raises: ItemNotFound.
    """
    with transaction() as connection:
        row = _lock(connection, petition_id, update_id)
        if get_state(row, now) != NewsState.DRAFT:
            return False
        connection.execute(delete(_text).where(_text.c.update_id == update_id))
        connection.execute(delete(_update).where(_update.c.id == update_id))
        _record(connection, AuditAction.NEWS_DELETE, petition_id, update_id, organiser_id, now)
        return True


def _lock(connection: Connection, petition_id: int, update_id: int) -> Row[Any]:
    """Return an update, locked. Raises: ItemNotFound."""
    is_update = (_update.c.petition_id == petition_id, _update.c.id == update_id)
    row = connection.execute(select(_update).where(*is_update).with_for_update()).first()
    if row is None:
        raise ItemNotFound
    return row


def _change(
    connection: Connection, update_id: int, organiser_id: int | None, now: datetime, **values: Any
) -> None:
    changed = {"version": _update.c.version + 1, "changed_at": now, "changed_by": organiser_id}
    connection.execute(update(_update).where(_update.c.id == update_id).values(values | changed))


def _read_texts(connection: Connection, update_id: int) -> list[NewsText]:
    columns = (_text.c.language, _text.c.title, _text.c.body)
    query = select(*columns).where(_text.c.update_id == update_id).order_by(_text.c.id)
    return [NewsText(*row) for row in connection.execute(query)]


def _insert_texts(connection: Connection, update_id: int, texts: Sequence[NewsText]) -> None:
    rows = [{"update_id": update_id, **text._asdict()} for text in texts]
    connection.execute(insert(_text), rows)


def _record(
    connection: Connection,
    action: AuditAction,
    petition_id: int,
    update_id: int,
    organiser_id: int | None,
    now: datetime,
) -> None:
    audit.record(
        connection,
        action,
        now,
        organiser_id=organiser_id,
        petition_id=petition_id,
        detail=f"update {update_id}",
    )
