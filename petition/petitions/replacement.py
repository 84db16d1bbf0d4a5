"""Change a petition to what its file says, and keep the texts that were shown for signing.

The change is recorded in the audit trail, in the same transaction.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from petition import audit
from petition.core.errors import PetitionFileInvalid, PetitionNotFound
from petition.database.transactions import transaction
from petition.models import Petition, PetitionText, Picture
from petition.models.enums import AuditAction, PetitionState
from petition.petitions import lifecycle
from petition.petitions.petition_file import PetitionFile
from petition.petitions.updates import upsert_picture


def replace(file: PetitionFile, *, now: datetime) -> PetitionState:
    """Change the petition with the file's slug, and return its state. Idempotent.

    Of a petition that was opened, a changed text is a new version, and the old one stays: for those
    who signed it, and for forms that show it. A file can open a draft; a petition that was opened
    keeps its state. Raises: PetitionNotFound, TransitionNotAllowed (back to draft),
    PetitionFileInvalid when it leaves out a language of a petition that was opened.

    Words of a victory stay if the file has none: `flask petition victory` may have stored them.
    """
    kept = {"slug", "state"} if file.petition["victory"] else {"slug", "state", "victory"}
    values = {name: value for name, value in file.petition.items() if name not in kept}
    with transaction() as connection:
        # No signature is inserted meanwhile: its foreign key waits for the lock.
        row = connection.execute(
            select(Petition.id, Petition.state, Petition.portrait_digest)
            .where(Petition.slug == file.petition["slug"])
            .with_for_update()
        ).first()
        if row is None:
            raise PetitionNotFound(file.petition["slug"])
        petition_id, before, portrait_digest = row
        table = Petition.table()
        connection.execute(update(table).where(table.c.id == petition_id).values(values))
        is_new_portrait = portrait_digest != values["face"]
        keeps = before != PetitionState.DRAFT
        changed = _replace_texts(connection, petition_id, file.texts, is_new_portrait, keeps, now)
        if file.portrait:
            upsert_picture(connection, petition_id, "face", file.portrait)
        else:
            is_portrait = (Picture.petition_id == petition_id, Picture.name == "face")
            connection.execute(delete(Picture).where(*is_portrait))
        detail = ", ".join(changed) or "no text"
        action = AuditAction.PETITION_REPLACE
        audit.record(connection, action, now, petition_id=petition_id, detail=detail)
        state = file.petition["state"] or before
        if PetitionState.DRAFT not in {before, state}:
            return PetitionState(before)
        lifecycle.move(connection, petition_id, before, state, now=now)
        return PetitionState(state)


def _replace_texts(
    connection: Connection,
    petition_id: int,
    texts: list[dict[str, Any]],
    is_new_portrait: bool,
    keeps: bool,
    now: datetime,
) -> list[str]:
    """Return what changed: languages with versions. With `keeps`, earlier versions stay.

    A new portrait changes every text: addresses of share pictures have the version.
    """
    table = PetitionText.table()
    rows = connection.execute(
        select(table).where(table.c.petition_id == petition_id).order_by(table.c.version)
    )
    newest = {row.language: row for row in rows}  # of each language the newest stays
    changed = []
    for text in texts:
        values = text | {"petition_id": petition_id, "created_at": now}
        row = newest.pop(text["language"], None)
        if row is not None and not is_new_portrait and text.items() <= row._asdict().items():
            continue
        version = 1 if row is None else row.version + keeps
        if row is None or keeps:
            connection.execute(insert(table).values(values | {"version": version}))
        else:
            connection.execute(update(table).where(table.c.id == row.id).values(values))
        changed.append(f"{text['language']} {version}")
    for language in newest:
        if keeps:
            raise PetitionFileInvalid(
                f"text.{language}: people may have read it, so it has to stay"
            )
        left_out = (table.c.petition_id == petition_id, table.c.language == language)
        connection.execute(delete(table).where(*left_out))
        changed.append(f"{language} removed")
    return changed
