"""A petition's life: creation, the table of states and moves, and the recount.

Every change is recorded in the audit trail, in the same transaction.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from petition import audit
from petition.core.errors import (
    ChangedMeanwhile,
    PetitionFileInvalid,
    PetitionNotDraft,
    PetitionNotFound,
    SlugTaken,
    TransitionNotAllowed,
)
from petition.database import upsert
from petition.database.transactions import advisory_lock, transaction
from petition.models import Organiser, Petition, PetitionText, Picture, Signature, Tally
from petition.models.enums import AuditAction, ErasureKind, PetitionState
from petition.petitions import erasures, sums
from petition.petitions.editing import addresses, content
from petition.petitions.editing.petition_file import PetitionFile

# State -> the states that may follow. A closed petition can open again; a victory declared by
# mistake is taken back to closed.
TRANSITIONS: dict[PetitionState, set[PetitionState]] = {
    PetitionState.DRAFT: {PetitionState.OPEN},
    PetitionState.OPEN: {PetitionState.PAUSED, PetitionState.CLOSED, PetitionState.VICTORY},
    PetitionState.PAUSED: {PetitionState.OPEN, PetitionState.CLOSED, PetitionState.VICTORY},
    PetitionState.CLOSED: {PetitionState.OPEN, PetitionState.VICTORY},
    PetitionState.VICTORY: {PetitionState.CLOSED},
}
_AUDIT_ACTIONS = {
    PetitionState.OPEN: AuditAction.PETITION_OPEN,
    PetitionState.PAUSED: AuditAction.PETITION_PAUSE,
    PetitionState.CLOSED: AuditAction.PETITION_CLOSE,
    PetitionState.VICTORY: AuditAction.PETITION_VICTORY,
}


def create(
    file: PetitionFile, *, now: datetime, imported: bool = False, organiser_id: int | None = None
) -> PetitionState:
    """Insert a petition with its texts, its portrait and a tally of zero; return its state.

    `imported` is for the audit trail. Raises: SlugTaken.
    """
    state = PetitionState(file.petition["state"] or PetitionState.DRAFT)
    opened_at = now if state == PetitionState.OPEN else None
    with transaction() as connection:
        addresses.refuse_former(connection, file.petition["slug"])
        petition_id = connection.scalar(
            upsert.insert(connection, Petition)
            .values(file.petition | {"state": state, "created_at": now, "opened_at": opened_at})
            .on_conflict_do_nothing(index_elements=["slug"])
            .returning(Petition.id)
        )
        if petition_id is None:
            raise SlugTaken(file.petition["slug"])
        connection.execute(
            insert(Tally).values(petition_id=petition_id, counted=0, last_number=0, changed_at=now)
        )
        if file.portrait:
            values = {"petition_id": petition_id, "name": "face", **file.portrait.columns()}
            connection.execute(insert(Picture).values(values))
        first = {"petition_id": petition_id, "version": 1, "created_at": now}
        connection.execute(insert(PetitionText), [text | first for text in file.texts])
        action = AuditAction.PETITION_IMPORT if imported else AuditAction.PETITION_CREATE
        audit.record(
            connection,
            action,
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=str(state),
        )
    return state


def change_state(
    slug: str, state: PetitionState, *, organiser_id: int | None = None, now: datetime
) -> None:
    """Move a petition to a state, as `TRANSITIONS` allows. Idempotent.

    Raises: PetitionNotFound, TransitionNotAllowed, PetitionUnfinished for a draft that lacks texts.
    """
    with transaction() as connection:
        petition = _lock(connection, slug)
        if petition.state == PetitionState.DRAFT and state != PetitionState.DRAFT:
            stored = content.read(connection, slug)
            content.refuse_unfinished(stored.petition, stored.texts.values())
        move(connection, petition.id, petition.state, state, organiser_id=organiser_id, now=now)


def hash_words(words: Mapping[str, Any] | None) -> str:
    """Return what tells whether the words of a victory have changed since they were shown."""
    return hashlib.sha256(json.dumps(words or {}, sort_keys=True).encode()).hexdigest()


def declare_victory(
    slug: str,
    words: Mapping[str, Any],
    *,
    seen: str | None = None,
    organiser_id: int | None = None,
    now: datetime,
) -> None:
    """Move a petition to victory, with the organiser's words by language if there are any.

    `seen` is the hash of the words that a form showed. Idempotent. Raises: PetitionNotFound,
    TransitionNotAllowed, ChangedMeanwhile; PetitionFileInvalid when the words lack the source
    language, which readers of other languages are shown.
    """
    with transaction() as connection:
        petition = _lock(connection, slug)
        is_it = Petition.id == petition.id
        stored = connection.scalar(select(Petition.victory).where(is_it))
        if seen not in (None, hash_words(stored)) and stored != words:
            raise ChangedMeanwhile
        if words and petition.source_language not in words:
            raise PetitionFileInvalid(f"victory.{petition.source_language}: a text is missing")
        by = {"organiser_id": organiser_id}
        move(connection, petition.id, petition.state, PetitionState.VICTORY, **by, now=now)
        if words:
            connection.execute(update(Petition).where(is_it).values(victory=words))
            action, detail = AuditAction.PETITION_VICTORY, f"words in {', '.join(words)}"
            audit.record(connection, action, now, **by, petition_id=petition.id, detail=detail)


def _lock(connection: Connection, slug: str) -> Row[int, PetitionState, str]:
    """Lock a petition for others; return id, state, source language. Raises: PetitionNotFound."""
    petition = connection.execute(
        select(Petition.id, Petition.state, Petition.source_language)
        .where(Petition.slug == slug)
        .with_for_update(key_share=True)  # does not block signing
    ).first()
    if petition is None:
        raise PetitionNotFound
    return petition


def move(
    connection: Connection,
    petition_id: int,
    before: str,
    state: str,
    *,
    organiser_id: int | None = None,
    now: datetime,
) -> None:
    """Move a locked petition from its state to another one, if that is another one.

    `opened_at` keeps its first value; `closed_at` keeps it until the petition opens again.
    Raises: TransitionNotAllowed.
    """
    if before == state:
        return
    detail, after = f"{before} to {state}", PetitionState(state)
    if after not in TRANSITIONS[PetitionState(before)]:
        raise TransitionNotAllowed(detail)
    values: dict[str, object] = {"state": after, "closed_at": None}
    if after in {PetitionState.CLOSED, PetitionState.VICTORY}:
        values["closed_at"] = func.coalesce(Petition.closed_at, now)
    if after == PetitionState.OPEN:
        values["opened_at"] = func.coalesce(Petition.opened_at, now)
    connection.execute(update(Petition).where(Petition.id == petition_id).values(values))
    audit.record(
        connection,
        _AUDIT_ACTIONS[after],
        now,
        organiser_id=organiser_id,
        petition_id=petition_id,
        detail=detail,
    )


def feature(slug: str | None, *, organiser_id: int | None = None, now: datetime) -> None:
    """Show a petition on the first page of the site; with None, what the settings say.

    Idempotent. Raises: PetitionNotFound, also for a draft.
    """
    with transaction() as connection:
        advisory_lock(connection, "featured petition")
        petition = _lock(connection, slug) if slug else None
        if petition is not None and petition.state == PetitionState.DRAFT:
            raise PetitionNotFound
        wanted = [petition.id] if petition is not None else []
        is_featured = Petition.featured_at.is_not(None)
        if connection.scalars(select(Petition.id).where(is_featured)).all() == wanted:
            return
        connection.execute(update(Petition).where(is_featured).values(featured_at=None))
        chosen = update(Petition).where(Petition.id.in_(wanted))
        connection.execute(chosen.values(featured_at=now))
        petition_id = petition.id if petition is not None else None
        action = AuditAction.PETITION_FEATURE
        audit.record(connection, action, now, organiser_id=organiser_id, petition_id=petition_id)


def delete_draft(slug: str, *, now: datetime) -> None:
    """Delete a draft with all that belongs to it, and the organisers of it alone.

    Its audit trail stays. Raises: PetitionNotFound, PetitionNotDraft.
    """
    with transaction() as connection:
        petition = _lock(connection, slug)
        if petition.state != PetitionState.DRAFT:
            raise PetitionNotDraft(petition.state)
        of_draft = delete(Organiser).where(Organiser.petition_id == petition.id)
        organiser_ids = connection.scalars(of_draft.returning(Organiser.id)).all()
        connection.execute(delete(Petition).where(Petition.id == petition.id))
        for organiser_id in organiser_ids:
            erasures.record(connection, ErasureKind.ORGANISER, organiser_id, now=now)
            detail = f"organiser {organiser_id}"
            action = AuditAction.ORGANISER_REMOVE
            audit.record(connection, action, now, petition_id=petition.id, detail=detail)
        action = AuditAction.PETITION_DELETE
        audit.record(connection, action, now, petition_id=petition.id, detail=slug)


def recount(slug: str, *, now: datetime) -> tuple[int, int]:
    """Set a petition's tally to the number of its counted signatures.

    Returns the count before and after. Raises: PetitionNotFound.
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
        petition_id, before = tally
        is_counted = (Signature.petition_id == petition_id, Signature.counted)
        after = connection.execute(select(func.count()).where(*is_counted)).scalar_one()
        if before != after:
            correct = update(Tally).where(Tally.petition_id == petition_id)
            connection.execute(correct.values(counted=after, changed_at=now))
        sums.rebuild(connection, petition_id)
        action, detail = AuditAction.PETITION_RECOUNT, f"{before} to {after}"
        audit.record(connection, action, now, petition_id=petition_id, detail=detail)
        return before, after
