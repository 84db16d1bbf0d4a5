"""Taking signatures out of the count, with a reason, and undoing it within 30 days.

A signature that is taken out keeps its row, its number and its mailbox: signing or confirming again
counts nothing until it is restored. Tally and sums follow in the same transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from petition import audit
from petition.core.errors import ItemNotFound
from petition.core.organiser_errors import UndoTooLate
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Invalidation, Signature, Tally
from petition.models.enums import AuditAction, InvalidReason
from petition.petitions import sums

UNDO_WITHIN = timedelta(days=30)

_signature, _tally, _invalidation = Signature.table(), Tally.table(), Invalidation.table()


def invalidate(
    petition_id: int,
    signature_id: int,
    reason: InvalidReason,
    note: str = "",
    *,
    organiser_id: int | None = None,
    now: datetime,
) -> int:
    """Take a signature out of the count; return the id of the invalidation.

    Idempotent: one that is taken out already keeps its reason.
    Raises: ItemNotFound, also for an unconfirmed signature, which does not count.
    """
    with transaction() as connection:
        row = _lock(connection, petition_id, signature_id)
        if row.invalidation_id is not None:
            return int(row.invalidation_id)
        values = {
            "petition_id": petition_id,
            "reason": reason,
            "note": note,
            "organiser_id": organiser_id,
            "at": now,
            "criteria": {},
            "last_id": signature_id,
            "signatures": 1,
            "finished_at": now,
        }
        invalidation_id = connection.execute(
            insert(_invalidation).values(values).returning(_invalidation.c.id)
        ).scalar_one()
        take_out(connection, [row], invalidation_id, reason, now=now)
        audit.record(
            connection,
            AuditAction.SIGNATURE_INVALIDATE,
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            signature_id=signature_id,
            detail=f"signature {signature_id}, {reason}",
        )
        return int(invalidation_id)


def restore(
    petition_id: int, signature_id: int, *, organiser_id: int | None = None, now: datetime
) -> None:
    """Count a signature again that was taken out, with the number that it had. Idempotent.

    Raises: ItemNotFound; UndoTooLate after 30 days.
    """
    with transaction() as connection:
        row = _lock(connection, petition_id, signature_id)
        if row.invalidation_id is None:
            return
        at = connection.execute(
            select(_invalidation.c.at).where(_invalidation.c.id == row.invalidation_id)
        ).scalar_one()
        if now > at + UNDO_WITHIN:
            raise UndoTooLate
        put_back(connection, [row], now=now)
        audit.record(
            connection,
            AuditAction.SIGNATURE_RESTORE,
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            signature_id=signature_id,
            detail=f"signature {signature_id}",
        )


def get_invalidation(invalidation_id: int) -> Invalidation:
    """Return an invalidation. Raises: ItemNotFound."""
    found = db.session.get(Invalidation, invalidation_id, populate_existing=True)
    if found is None:
        raise ItemNotFound
    return found


def take_out(
    connection: Connection,
    before: Sequence[Row[Any]],
    invalidation_id: int,
    reason: InvalidReason,
    *,
    now: datetime,
) -> None:
    """Take counted signatures out of the count, given as locked rows of one petition."""
    values = {"invalidation_id": invalidation_id, "invalidated_reason": reason}
    _change(connection, before, values, -len(before), now)


def put_back(connection: Connection, before: Sequence[Row[Any]], *, now: datetime) -> None:
    """Count signatures again that were taken out, given as locked rows of one petition."""
    values = {"invalidation_id": None, "invalidated_reason": None}
    _change(connection, before, values, len(before), now)


def _change(
    connection: Connection,
    before: Sequence[Row[Any]],
    values: dict[str, Any],
    difference: int,
    now: datetime,
) -> None:
    if not before:
        return
    after = connection.execute(
        update(_signature)
        .where(_signature.c.id.in_([row.id for row in before]))
        .values(values)
        .returning(*sums.COLUMNS)
    ).all()
    connection.execute(
        update(_tally)
        .where(_tally.c.petition_id == before[0].petition_id)
        .values(counted=_tally.c.counted + difference, changed_at=now)
    )
    sums.change(connection, removed=before, added=after)


def _lock(connection: Connection, petition_id: int, signature_id: int) -> Row[Any]:
    """Lock a confirmed signature and return its id and sums. Raises: ItemNotFound."""
    row = connection.execute(
        select(_signature.c.id, _signature.c.invalidation_id, *sums.COLUMNS)
        .where(
            _signature.c.id == signature_id,
            _signature.c.petition_id == petition_id,
            _signature.c.confirmed_at.is_not(None),
        )
        .with_for_update()
    ).first()
    if row is None:
        raise ItemNotFound
    return row
