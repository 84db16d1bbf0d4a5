"""Removing an entry, or a signature with all its entries, from the count too."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from petition.models import AlternateEntry, Signature, Tally
from petition.models.enums import ErasureKind
from petition.models.sums import ActivityKind
from petition.outbox import activity
from petition.petitions import erasures, sums
from petition.signatures import entries
from petition.signatures.entries import EntryRef

_signature, _alternate, _tally = Signature.table(), AlternateEntry.table(), Tally.table()


def remove_entry(
    connection: Connection, entry_ref: EntryRef, *, now: datetime, counted: bool = True
) -> bool:
    """Erase an entry; return whether there was one to erase. Idempotent.

    The newest alternate replaces the current entry of an unconfirmed signature. A confirmed
    signature is erased whole and uncounted; without `counted` it is left alone. Statements do not
    depend on what other entries there are.
    """
    signature_id = entry_ref.signature_id
    row = connection.execute(
        select(_signature.c.entry, _signature.c.confirmed_at)
        .where(_signature.c.id == signature_id)
        .with_for_update()
    ).first()
    if row is None:
        return False
    newest = connection.scalar(
        select(func.max(_alternate.c.entry)).where(_alternate.c.signature_id == signature_id)
    )
    is_current = row.entry == entry_ref.entry
    if is_current and row.confirmed_at is not None and not counted:
        return False
    is_replaced = is_current and row.confirmed_at is None and newest is not None
    entries.make_current(connection, EntryRef(signature_id, newest if is_replaced else 0))
    erasures.record(connection, ErasureKind.ENTRY, *entry_ref, now=now)
    removed = (
        connection.execute(delete(_alternate).where(entries.is_alternate(entry_ref))).rowcount > 0
    )
    return _erase_signature(connection, entries.is_current(entry_ref), now) or removed


def erase_signature(connection: Connection, signature_id: int, *, now: datetime) -> None:
    """Erase a signature with all its entries; uncount it if it was counted. Idempotent.

    Of an invalidated one nothing is kept either: the same mailbox may sign again.
    """
    erasures.record(connection, ErasureKind.SIGNATURE, signature_id, now=now)
    _erase_signature(connection, _signature.c.id == signature_id, now)


def _erase_signature(connection: Connection, which: ColumnElement[bool], now: datetime) -> bool:
    """Erase the signature of a condition; return whether there was one."""
    erased = connection.execute(
        delete(_signature).where(which).returning(_signature.c.confirmed_at, *sums.COLUMNS)
    ).first()
    if erased is not None and erased.confirmed_at is not None:
        counted = 1 if erased.invalidated is None else 0
        connection.execute(
            update(_tally)
            .where(_tally.c.petition_id == erased.petition_id)
            .values(counted=_tally.c.counted - counted, changed_at=now)
        )
        sums.change(connection, removed=[erased])
        withdrawn = (erased.petition_id, now.date(), ActivityKind.WITHDRAWN)
        activity.add(connection, {withdrawn: counted})
    return erased is not None
