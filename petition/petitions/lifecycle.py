"""A petition's life: creation, the table of states and moves, and the recount.

Every change is recorded in the audit trail, in the same transaction.
"""

from datetime import datetime

from sqlalchemy import func, insert, select, update

from petition import audit
from petition.core.errors import PetitionNotFound, SlugTaken, TransitionNotAllowed
from petition.database import upsert
from petition.database.transactions import transaction
from petition.models import Petition, PetitionText, Picture, Signature, Tally
from petition.models.enums import AuditAction, PetitionState
from petition.petitions import sums
from petition.petitions.petition_file import PetitionFile

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


def create(file: PetitionFile, *, now: datetime, imported: bool = False) -> None:
    """Insert a petition with its texts, its portrait and a tally of zero.

    `imported` is for the audit trail. Raises: SlugTaken.
    """
    state = file.petition["state"]
    opened_at = now if state == PetitionState.OPEN else None
    with transaction() as connection:
        petition_id = connection.scalar(
            upsert.insert(connection, Petition)
            .values(file.petition | {"created_at": now, "opened_at": opened_at})
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
        audit.record(connection, action, now, petition_id=petition_id, detail=str(state))


def change_state(slug: str, state: PetitionState, *, now: datetime) -> None:
    """Move a petition to a state, as `TRANSITIONS` allows. Idempotent.

    `opened_at` keeps its first value; `closed_at` keeps it until the petition opens again.
    Raises: PetitionNotFound, TransitionNotAllowed.
    """
    values: dict[str, object] = {"state": state, "closed_at": None}
    if state in {PetitionState.CLOSED, PetitionState.VICTORY}:
        values["closed_at"] = func.coalesce(Petition.closed_at, now)
    if state == PetitionState.OPEN:
        values["opened_at"] = func.coalesce(Petition.opened_at, now)
    with transaction() as connection:
        petition = connection.execute(
            select(Petition.id, Petition.state)
            .where(Petition.slug == slug)
            .with_for_update(key_share=True)  # does not block signing
        ).first()
        if petition is None:
            raise PetitionNotFound
        if petition.state == state:
            return
        move = f"{petition.state} to {state}"
        if state not in TRANSITIONS[petition.state]:
            raise TransitionNotAllowed(move)
        connection.execute(update(Petition).where(Petition.id == petition.id).values(values))
        action = _AUDIT_ACTIONS[state]
        audit.record(connection, action, now, petition_id=petition.id, detail=move)


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
