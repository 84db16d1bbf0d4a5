"""Erasing personal data after its retention period: emails, entries, counters, network keys."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    cast,
    delete,
    func,
    literal_column,
    select,
    update,
)

from petition.abuse import networks
from petition.database import counters
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import AlternateEntry, Email, OrganisationName, Petition, Signature
from petition.models.enums import Display, EmailState, ErasureKind
from petition.petitions import erasures, sums
from petition.signatures import entries, removal

EMAILS_KEPT = timedelta(days=30)
BATCH_SIZE = 1_000  # rows in a transaction, so that signers wait briefly

_signature, _alternate, _email = Signature.table(), AlternateEntry.table(), Email.table()


class RetentionReport(NamedTuple):
    """How many rows of each kind were erased, or would be."""

    unconfirmed: int
    other_entries: int
    emails: int
    counts: int
    network_keys: int
    anonymised: int
    organisation_names: int = 0

    def in_words(self) -> str:
        """Return what was erased, such as `2 unconfirmed, 1 emails`; empty if nothing was."""
        numbers = self._asdict().items()
        return ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in numbers if number)


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
    batches: list[RetentionReport] = []
    while not batches or any(batches[-1]):
        with transaction() as connection:
            batches.append(_erase_batch(connection, purge_before, closed_before, now))
    return RetentionReport(*map(sum, zip(*batches, strict=True)))


def _unconfirmed(before: datetime) -> Select[int]:
    is_unconfirmed = _signature.c.confirmed_at.is_(None)
    return select(_signature.c.id).where(is_unconfirmed, _signature.c.signed_at < before)


def _alternates(before: datetime) -> Select[int]:
    return select(_alternate.c.id).where(_alternate.c.signed_at < before)


def _emails(now: datetime) -> Select[int]:
    is_old = _email.c.created_at < now - EMAILS_KEPT
    return select(_email.c.id).where(is_old, _email.c.state != EmailState.DUE)


def _unused_names() -> Select[int]:
    """Return the query for joined spellings of organisations that no confirmed signature has."""
    is_used = (
        _signature.c.petition_id == OrganisationName.petition_id,
        _signature.c.organisation == OrganisationName.written,
        _signature.c.number.is_not(None),
        _signature.c.organisation != literal_column("''"),  # as the partial index has it
    )
    return select(OrganisationName.id).where(~select(_signature.c.id).where(*is_used).exists())


def _to_anonymise(closed_before: datetime) -> Select[int]:
    is_personal = (_signature.c.email != "", _signature.c.confirmed_at.is_not(None))
    signatures = select(_signature.c.id).join(Petition, Petition.id == _signature.c.petition_id)
    return signatures.where(Petition.closed_at < closed_before, *is_personal)


def _count(purge_before: datetime, closed_before: datetime, now: datetime) -> RetentionReport:
    """Count what `_erase_batch` would erase, without locks."""
    is_newer = (
        _alternate.c.signature_id == _signature.c.id,
        _alternate.c.signed_at >= purge_before,
    )
    has_newer = select(_alternate.c.id).where(*is_newer).exists()
    unconfirmed = _unconfirmed(purge_before)
    erased = unconfirmed.where(~has_newer)
    alternates = _alternates(purge_before).where(_alternate.c.signature_id.not_in(erased))
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
            organisation_names=count(_unused_names()),
        )


def _erase_batch(
    connection: Connection, purge_before: datetime, closed_before: datetime, now: datetime
) -> RetentionReport:
    """Erase up to `BATCH_SIZE` rows of each kind."""
    # A locked signature may be being confirmed.
    batch = _unconfirmed(purge_before).limit(BATCH_SIZE).with_for_update(skip_locked=True)
    ids = connection.scalars(batch).all()
    purged = [_purge(connection, signature_id, purge_before, now) for signature_id in ids]
    return RetentionReport(
        unconfirmed=sum(purged),
        other_entries=_delete_alternates(connection, _alternates(purge_before), now),
        emails=_delete_emails(connection, _emails(now)),
        counts=counters.delete_expired(connection, now=now),
        network_keys=networks.delete_expired(connection, now=now),
        anonymised=_anonymise_batch(connection, closed_before, now),
        organisation_names=_delete_names(connection),
    )


def _delete_alternates(connection: Connection, ids: Select[int], now: datetime) -> int:
    chosen = delete(_alternate).where(_alternate.c.id.in_(ids.limit(BATCH_SIZE)))
    erased = connection.execute(chosen.returning(_alternate.c.signature_id, _alternate.c.entry))
    subjects = [(signature_id, entry) for signature_id, entry in erased]
    erasures.record_all(connection, ErasureKind.ENTRY, subjects, now=now)
    return len(subjects)


def _delete_emails(connection: Connection, ids: Select[int]) -> int:
    chosen = delete(_email).where(_email.c.id.in_(ids.limit(BATCH_SIZE)))
    return connection.execute(chosen).rowcount


def _delete_names(connection: Connection) -> int:
    ids = _unused_names().limit(BATCH_SIZE)
    chosen = delete(OrganisationName).where(OrganisationName.id.in_(ids))
    return connection.execute(chosen).rowcount


def _purge(connection: Connection, signature_id: int, before: datetime, now: datetime) -> bool:
    """Erase a signature unless a newer alternate can replace it; return whether it was erased."""
    is_newer = (_alternate.c.signature_id == signature_id, _alternate.c.signed_at >= before)
    newer = connection.scalar(select(func.max(_alternate.c.entry)).where(*is_newer))
    if newer is not None:
        entries.make_current(connection, entries.EntryRef(signature_id, newer))
        return False
    removal.erase_signature(connection, signature_id, now=now)
    return True


def _anonymise_batch(connection: Connection, closed_before: datetime, now: datetime) -> int:
    batch = _to_anonymise(closed_before).limit(BATCH_SIZE).with_for_update(of=_signature)
    ids = connection.scalars(batch).all()
    anonymise(connection, ids, now=now)
    return len(ids)


def anonymise(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """Erase what is personal in signatures; number, country, day and language stay. Idempotent."""
    chosen = _signature.c.id.in_(ids)
    before = connection.execute(select(*sums.COLUMNS).where(chosen)).all()
    erasures.record_all(connection, ErasureKind.ANONYMISED, [(id_, None) for id_ in ids], now=now)
    erased = (
        "name",
        "name_key",
        "email",
        "mailbox_hash",
        "postcode",
        "organisation",
        "role",
        "comment",
        "answers",
    )
    anonymous = "anonymised:" + cast(_signature.c.id, String)
    values = dict.fromkeys((*erased, "channel"), "") | {
        "address_key": anonymous,
        "mailbox_key": anonymous,
        "display": Display.HIDDEN,
        "handover": False,
        "updates": False,
        "signed_at": _day_of(connection, _signature.c.signed_at),
        "confirmed_at": _day_of(connection, _signature.c.confirmed_at),
        "version_confirmed_at": _day_of(connection, _signature.c.version_confirmed_at),
    }
    erase = update(_signature).where(chosen).values(values).returning(*sums.COLUMNS)
    sums.change(connection, removed=before, added=connection.execute(erase).all())


def _day_of(connection: Connection, column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Truncate a time to its day in UTC: the hour could identify a person."""
    if connection.dialect.name == "sqlite":
        return func.strftime("%Y-%m-%d 00:00:00.000000", column)
    return func.date_trunc("day", column)
