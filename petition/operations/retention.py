"""Erasing personal data after its retention period: emails, entries, counters, network keys."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    cast,
    delete,
    exists,
    func,
    literal,
    select,
    update,
)

from petition.abuse import networks
from petition.database import counters
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import AlternateEntry, Email, Petition, Signature
from petition.models.enums import EmailState
from petition.petitions import sums
from petition.signatures import entries

EMAILS_KEPT = timedelta(days=30)
BATCH_SIZE = 1_000  # rows in a transaction, so that signers wait briefly

_signature, _alternate, _email = Signature.table(), AlternateEntry.table(), Email.table()


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """How many rows of each kind were erased, or would be."""

    unconfirmed: int
    other_entries: int
    emails: int
    counts: int
    network_keys: int
    anonymised: int


def run(
    *, purge_days: int, anonymise_days: int, now: datetime, dry_run: bool = False
) -> RetentionReport:
    """Erase what is past its retention period, in small transactions; count it with `dry_run`.

    Unconfirmed entries after `purge_days`, records of emails after 30 days, counters and network
    keys after 48 hours. Confirmed signatures are anonymised `anonymise_days` after their petition
    closed, and still count. Idempotent; an interrupted run is completed by the next one.
    """
    purge_before = now - timedelta(days=purge_days)
    closed_before = now - timedelta(days=anonymise_days)
    if dry_run:
        return _count(purge_before, closed_before, now)
    totals = [0] * len(fields(RetentionReport))
    while True:
        with transaction() as connection:
            batch = _erase_batch(connection, purge_before, closed_before, now)
        totals = [total + number for total, number in zip(totals, batch, strict=True)]
        if not any(batch):
            return RetentionReport(*totals)


def _unconfirmed(before: datetime) -> Select[int]:
    is_unconfirmed = _signature.c.confirmed_at.is_(None)
    return select(_signature.c.id).where(is_unconfirmed, _signature.c.signed_at < before)


def _emails(now: datetime) -> Select[int]:
    return select(_email.c.id).where(
        _email.c.created_at < now - EMAILS_KEPT, _email.c.state != EmailState.DUE
    )


def _to_anonymise(closed_before: datetime) -> Select[int]:
    return (
        select(_signature.c.id)
        .join(Petition, Petition.id == _signature.c.petition_id)
        .where(
            Petition.closed_at < closed_before,
            _signature.c.email != "",
            _signature.c.confirmed_at.is_not(None),
        )
    )


def _count(purge_before: datetime, closed_before: datetime, now: datetime) -> RetentionReport:
    """Count what `_erase_batch` would erase, without locks."""
    has_newer = exists().where(
        _alternate.c.signature_id == _signature.c.id, _alternate.c.signed_at >= purge_before
    )
    unconfirmed = _unconfirmed(purge_before)
    erased = unconfirmed.where(~has_newer)
    alternates = select(_alternate.c.id).where(
        _alternate.c.signed_at < purge_before, _alternate.c.signature_id.not_in(erased)
    )
    with db.engine.connect() as connection:

        def count(query: Select[Any]) -> int:
            return connection.scalar(select(func.count()).select_from(query.subquery())) or 0

        return RetentionReport(
            unconfirmed=count(erased),
            other_entries=count(alternates) + count(unconfirmed.where(has_newer)),
            emails=count(_emails(now)),
            counts=count(counters.expired(now)),
            network_keys=count(networks.expired(now)),
            anonymised=count(_to_anonymise(closed_before)),
        )


def _erase_batch(
    connection: Connection, purge_before: datetime, closed_before: datetime, now: datetime
) -> tuple[int, ...]:
    """Erase up to `BATCH_SIZE` rows of each kind; return the numbers in the report's order."""
    # A locked signature may be being confirmed.
    batch = _unconfirmed(purge_before).limit(BATCH_SIZE).with_for_update(skip_locked=True)
    ids = connection.scalars(batch).all()
    purged = [_purge(connection, signature_id, purge_before, now) for signature_id in ids]
    alternates = select(_alternate.c.id).where(_alternate.c.signed_at < purge_before)
    return (
        sum(purged),
        _delete_batch(connection, _alternate, alternates),
        _delete_batch(connection, _email, _emails(now)),
        counters.delete_expired(connection, now=now),
        networks.delete_expired(connection, now=now),
        _anonymise_batch(connection, closed_before),
    )


def _delete_batch(connection: Connection, table: Table, ids: Select[int]) -> int:
    return connection.execute(delete(table).where(table.c.id.in_(ids.limit(BATCH_SIZE)))).rowcount


def _purge(connection: Connection, signature_id: int, before: datetime, now: datetime) -> bool:
    """Erase a signature unless a newer alternate can replace it; return whether it was erased."""
    newer = connection.scalar(
        select(func.max(_alternate.c.entry)).where(
            _alternate.c.signature_id == signature_id, _alternate.c.signed_at >= before
        )
    )
    if newer is not None:
        entries.make_current(connection, entries.EntryRef(signature_id, newer))
        return False
    entries.erase_signature(connection, signature_id, now=now)
    return True


def _anonymise_batch(connection: Connection, closed_before: datetime) -> int:
    """Erase what is personal in signatures; number, country, day and language stay."""
    before = connection.execute(
        _to_anonymise(closed_before)
        .add_columns(*sums.COLUMNS)
        .limit(BATCH_SIZE)
        .with_for_update(of=_signature)
    ).all()
    anonymous = literal("anonymised:").concat(cast(_signature.c.id, String))
    after = connection.execute(
        update(_signature)
        .where(_signature.c.id.in_([row.id for row in before]))
        .values(
            name="",
            email="",
            address_key=anonymous,
            mailbox_key=anonymous,
            mailbox_hash="",
            postcode="",
            organisation="",
            role="",
            comment="",
            display="hidden",
            handover=False,
            updates=False,
            channel="",
            signed_at=_day_of(connection, _signature.c.signed_at),
            confirmed_at=_day_of(connection, _signature.c.confirmed_at),
        )
        .returning(*sums.COLUMNS)
    ).all()
    sums.change(connection, removed=before, added=after)
    return len(before)


def _day_of(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """Truncate a time to its day in UTC: the hour could identify a person."""
    if connection.dialect.name == "sqlite":
        return func.strftime("%Y-%m-%d 00:00:00.000000", column)
    return func.date_trunc("day", column)
