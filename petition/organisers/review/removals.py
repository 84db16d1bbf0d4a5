"""Taking all signatures that match out of the count, in batches, and undoing it as a whole.

A transaction changes `BATCH_SIZE` at most, so signers wait briefly. What a request does not finish
the mail worker goes on with; each batch is safe to repeat, and to die before or after.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, select, update

from petition import audit
from petition.core.errors import ItemNotFound, MatchesChanged
from petition.core.organiser_errors import UndoTooLate
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Invalidation, Organiser, Signature
from petition.models.enums import AuditAction, InvalidReason
from petition.organisers.review import search
from petition.organisers.review.invalidation import UNDO_WITHIN, put_back, take_out
from petition.organisers.review.search import Criteria
from petition.petitions import sums

BATCH_SIZE = 500
BATCHES_AT_ONCE = 2  # in a request
BATCHES_A_MINUTE = 40  # by the worker, which delivers emails between

_signature, _invalidation = Signature.table(), Invalidation.table()


def preview(petition_id: int, criteria: Criteria) -> tuple[Criteria, int]:
    """Return how many counted signatures match, with criteria that no later one matches."""
    criteria = replace(criteria, up_to=search.last_number(petition_id) or 1)
    with db.engine.connect() as connection:
        return criteria, search.count_countable(connection, petition_id, criteria)


def start(
    petition_id: int,
    criteria: Criteria,
    reason: InvalidReason,
    note: str = "",
    *,
    expected: int,
    organiser_id: int | None = None,
    now: datetime,
) -> int:
    """Begin to take the matching signatures out of the count; return the id of the invalidation.

    Raises: MatchesChanged if they are not as many as were shown, or none: then nothing is done.
    """
    with transaction() as connection:
        number = search.count_countable(connection, petition_id, criteria)
        if number != expected or not number:
            raise MatchesChanged(number)
        values = {
            "petition_id": petition_id,
            "reason": reason,
            "note": note,
            "organiser_id": organiser_id,
            "at": now,
            "criteria": criteria.dump(),
            "last_id": 0,
            "signatures": 0,
        }
        invalidation_id = connection.execute(
            insert(_invalidation).values(values).returning(_invalidation.c.id)
        ).scalar_one()
        audit.record(
            connection,
            AuditAction.SIGNATURES_INVALIDATE,
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"invalidation {invalidation_id}, {reason}, {number} signatures",
        )
        return int(invalidation_id)


def undo(
    petition_id: int, invalidation_id: int, *, organiser_id: int | None = None, now: datetime
) -> None:
    """Begin to count all signatures of an invalidation again. Idempotent.

    Raises: ItemNotFound; UndoTooLate after 30 days.
    """
    with transaction() as connection:
        row = connection.execute(
            select(_invalidation)
            .where(_invalidation.c.id == invalidation_id)
            .where(_invalidation.c.petition_id == petition_id)
            .with_for_update()
        ).first()
        if row is None:
            raise ItemNotFound
        if row.undone_at is not None:
            return
        if now > row.at + UNDO_WITHIN:
            raise UndoTooLate
        values: dict[str, Any] = {
            "undone_at": now,
            "undone_by": organiser_id,
            "finished_at": None,
            "criteria": {},
        }
        connection.execute(update(_invalidation).where(_is(invalidation_id)).values(values))
        audit.record(
            connection,
            AuditAction.SIGNATURES_RESTORE,
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"invalidation {invalidation_id}",
        )


def run_batches(invalidation_id: int, *, most: int = BATCHES_AT_ONCE, now: datetime) -> int:
    """Go on with an invalidation or its undoing; return how many batches had something to do."""
    for done in range(most):
        if not _run_batch(invalidation_id, now):
            return done
    return most


def run_unfinished(*, now: datetime, most: int = BATCHES_A_MINUTE) -> int:
    """Go on with what requests have left, the oldest first; return the number of batches."""
    unfinished = select(_invalidation.c.id).where(_invalidation.c.finished_at.is_(None))
    with db.engine.connect() as connection:
        ids = connection.scalars(unfinished.order_by(_invalidation.c.id)).all()
    batches = 0
    for invalidation_id in ids:
        batches += run_batches(invalidation_id, most=most - batches, now=now)
    return batches


def list_removals(petition_id: int) -> Sequence[Row[Any]]:
    """Return the newest hundred invalidations of a petition, with the organisers' addresses."""
    return db.session.execute(
        select(_invalidation, Organiser.email)
        .outerjoin(Organiser, Organiser.id == _invalidation.c.organiser_id)
        .where(_invalidation.c.petition_id == petition_id)
        .order_by(_invalidation.c.id.desc())
        .limit(100)
    ).all()


def _run_batch(invalidation_id: int, now: datetime) -> bool:
    """Change the next signatures of an unfinished invalidation; return whether more may follow."""
    with transaction() as connection:
        row = connection.execute(
            select(_invalidation)
            .where(_is(invalidation_id), _invalidation.c.finished_at.is_(None))
            .with_for_update(skip_locked=True)
        ).first()
        if row is None:
            return False
        undoes = row.undone_at is not None
        chosen = [_signature.c.invalidation_id == invalidation_id]
        if not undoes:
            chosen = search.countable(row.petition_id, Criteria(**row.criteria))
            chosen.append(_signature.c.id > row.last_id)
        signatures = connection.execute(
            select(_signature.c.id, *sums.COLUMNS)
            .where(*chosen)
            .order_by(_signature.c.id)
            .limit(BATCH_SIZE)
            .with_for_update()
        ).all()
        if undoes:
            put_back(connection, signatures, now=now)
            values: dict[str, Any] = {}
        else:
            take_out(connection, signatures, row.id, InvalidReason(row.reason), now=now)
            values = {"signatures": row.signatures + len(signatures)}
            values |= {"last_id": signatures[-1].id} if signatures else {}
        ended = len(signatures) < BATCH_SIZE
        if ended:
            values |= {"finished_at": now, "criteria": {}}
        if values:
            connection.execute(update(_invalidation).where(_is(invalidation_id)).values(values))
        return not ended


def _is(invalidation_id: int) -> ColumnElement[bool]:
    return _invalidation.c.id == invalidation_id
