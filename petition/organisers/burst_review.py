"""The review of bursts: an organiser sees them and releases or discards what they hold."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from petition import audit
from petition.abuse import bursts
from petition.core.errors import BurstNotFound
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Burst, Email, Petition
from petition.models.enums import AuditAction, BurstState, EmailState
from petition.signatures import removal
from petition.signatures.entries import EntryRef

_burst, _email = Burst.table(), Email.table()
_is_held = _email.c.state == EmailState.HELD


def decide_burst(
    petition_id: int, burst_id: int, state: BurstState, *, organiser_id: int, now: datetime
) -> None:
    """Release the emails of an open burst, or discard its entries, and record who decided.

    A burst that is decided stays as it is. Discarding keeps signatures that an earlier email
    confirmed. Raises: BurstNotFound, also for a burst of another petition.
    """
    with transaction() as connection:
        before = connection.scalar(
            select(_burst.c.state)
            .where(_burst.c.id == burst_id, _burst.c.petition_id == petition_id)
            .with_for_update(key_share=True)  # signing inserts references to this row
        )
        if before is None:
            raise BurstNotFound
        if before != BurstState.OPEN:
            return
        if state == BurstState.DISCARDED:
            held = (
                select(_email.c.signature_id, _email.c.entry)
                .where(_email.c.burst_id == burst_id, _is_held, _email.c.signature_id.is_not(None))
                .order_by(_email.c.signature_id)
            )
            for row in connection.execute(held).all():
                removal.remove_entry(connection, EntryRef(*row), now=now, counted=False)
        bursts.close(connection, burst_id, state, now)
        audit.record(
            connection,
            AuditAction(f"burst.{state}"),
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"burst {burst_id}",
        )


def list_bursts(petition_id: int | None = None) -> Sequence[Row[Any]]:
    """Return the newest hundred bursts of a petition, or of all, newest first.

    Each has the columns of Burst, the petition's `slug`, and in `held` how many emails it holds.
    """
    held = select(func.count()).where(_email.c.burst_id == _burst.c.id, _is_held).scalar_subquery()
    query = (
        select(_burst, Petition.slug, held.label("held"))
        .join(Petition, Petition.id == _burst.c.petition_id)
        .order_by(_burst.c.id.desc())
        .limit(100)
    )
    if petition_id is not None:
        query = query.where(_burst.c.petition_id == petition_id)
    return db.session.execute(query).all()
