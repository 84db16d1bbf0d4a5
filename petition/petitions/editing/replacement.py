"""Change a petition to what its file or a form says, and keep the texts that people signed.

The change is recorded in the audit trail, in the same transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from petition import audit
from petition.core.errors import PetitionFileInvalid, ReasonMissing
from petition.database.transactions import transaction
from petition.models import Petition, PetitionText, Picture, Signature
from petition.models.enums import AuditAction, PetitionState
from petition.petitions import lifecycle
from petition.petitions.editing import content, own_questions
from petition.petitions.editing.content import StoredPetition
from petition.petitions.editing.petition_file import SIGNED_FIELDS, PetitionFile
from petition.petitions.updates import upsert_picture

MAX_REASON = 500  # characters

_petition, _text, _picture = Petition.table(), PetitionText.table(), Picture.table()


class Change(NamedTuple):
    """Who changes a petition, and why.

    `reason` is public, with the new version of a text. A small correction makes none.
    """

    reason: str = ""
    is_correction: bool = False
    organiser_id: int | None = None
    action: AuditAction = AuditAction.PETITION_REPLACE
    detail: str = ""  # what changes, for the audit trail; by default the languages


BY_FILE = Change()


def replace(file: PetitionFile, *, change: Change = BY_FILE, now: datetime) -> PetitionState:
    """Change the petition with the file's slug, and return its state. Idempotent.

    Of a petition that was opened, a change of `SIGNED_FIELDS` is a new version, and the old one
    stays: for those who signed it, and for forms that show it. A file can open a draft; a petition
    that was opened keeps its state. Raises: PetitionNotFound, TransitionNotAllowed (back to draft),
    PetitionUnfinished, ReasonMissing, PetitionFileInvalid when it leaves out a language of a
    petition that was opened.

    Words of a victory stay if the file has none: `flask petition victory` may have stored them.
    """
    with transaction() as connection:
        stored = content.read(connection, file.petition["slug"], lock=True)
        apply(connection, stored, file, change, now=now)
        before, state = stored.petition["state"], file.petition["state"] or stored.petition["state"]
        if PetitionState.DRAFT not in {before, state}:
            return PetitionState(before)
        lifecycle.move(connection, stored.id, before, state, now=now)
        return PetitionState(state)


def apply(
    connection: Connection,
    stored: StoredPetition,
    file: PetitionFile,
    change: Change,
    *,
    now: datetime,
) -> None:
    """Write what a file has to a petition that `content.read` has locked, but its state."""
    if not stored.is_draft or file.petition["state"] == PetitionState.OPEN:
        content.refuse_unfinished(file.petition, file.texts)
    kept = {"slug", "state"} if file.petition["victory"] else {"slug", "state", "victory"}
    values = {name: value for name, value in file.petition.items() if name not in kept}
    connection.execute(update(_petition).where(_petition.c.id == stored.id).values(values))
    gone = own_questions.removed(stored.petition["questions"], values["questions"])
    own_questions.erase_answers(connection, stored.id, gone)
    is_new_portrait = stored.petition["face"] != values["face"]
    changed = _replace_texts(connection, stored, file.texts, is_new_portrait, change, now)
    if is_new_portrait and file.portrait:
        upsert_picture(connection, stored.id, "face", file.portrait)
    elif is_new_portrait:
        is_portrait = (_picture.c.petition_id == stored.id, _picture.c.name == "face")
        connection.execute(delete(_picture).where(*is_portrait))
    audit.record(
        connection,
        change.action,
        now,
        organiser_id=change.organiser_id,
        petition_id=stored.id,
        detail=change.detail or ", ".join(changed) or "no text",
    )


def _replace_texts(
    connection: Connection,
    stored: StoredPetition,
    texts: list[dict[str, Any]],
    is_new_portrait: bool,
    change: Change,
    now: datetime,
) -> list[str]:
    """Return what changed: languages with versions.

    A new portrait changes every text: addresses of share pictures have the revision.
    """
    newest, changed = dict(stored.texts), []
    for text in texts:
        row = newest.pop(text["language"], None)
        if row is not None and not is_new_portrait and text.items() <= row.items():
            continue
        if row is None:
            version = 1
            _insert(connection, stored.id, text, now)
        else:
            version = _replace_text(connection, stored, row, text, change, now)
        correction = " corrected" if change.is_correction and row else ""
        changed.append(f"{text['language']} {version}{correction}")
    for language in newest:
        if not stored.is_draft:
            raise PetitionFileInvalid(
                f"text.{language}: people may have read it, so it has to stay"
            )
        left_out = (_text.c.petition_id == stored.id, _text.c.language == language)
        connection.execute(delete(_text).where(*left_out))
        changed.append(f"{language} removed")
    return changed


def _insert(
    connection: Connection, petition_id: int, text: dict[str, Any], now: datetime, **more: object
) -> None:
    values = {"version": 1, "revision": 1, "reason": ""} | text | more
    values |= {"petition_id": petition_id, "created_at": now}
    connection.execute(insert(_text).values(values))


def _replace_text(
    connection: Connection,
    stored: StoredPetition,
    row: Mapping[str, Any],
    text: dict[str, Any],
    change: Change,
    now: datetime,
) -> int:
    """Change the newest text of a language, or add a version; return its version."""
    revision = row["revision"] + 1
    if not stored.is_draft and not change.is_correction and differs(row, text):
        if not change.reason and has_signatures(connection, stored.id):
            raise ReasonMissing(text["language"])
        more = {"version": row["version"] + 1, "revision": revision, "reason": change.reason}
        _insert(connection, stored.id, text, now, **more)
        return int(row["version"]) + 1
    values = text | {"revision": revision}
    if not change.is_correction:
        values["checked_at"] = now
    connection.execute(update(_text).where(_text.c.id == row["id"]).values(values))
    return int(row["version"])


def differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether what people sign differs between two texts, by column name."""
    return any(before[name] != after[name] for name in SIGNED_FIELDS)


def has_signatures(connection: Connection, petition_id: int) -> bool:
    """Return whether anybody has signed a petition, confirmed or not."""
    signed = select(Signature.id).where(Signature.petition_id == petition_id).limit(1)
    return connection.scalar(signed) is not None
