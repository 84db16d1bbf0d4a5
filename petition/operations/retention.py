"""What is erased when: nothing about a person is kept longer than its purpose."""

from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    String,
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
BATCH_SIZE = 1_000  # rows a transaction, so that signers never wait long for one

_signature, _alternate, _email = Signature.table(), AlternateEntry.table(), Email.table()


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """How many of each were erased, or would be."""

    unconfirmed: int
    other_entries: int
    letters: int
    counts: int
    network_keys: int
    anonymised: int

    @property
    def nothing(self) -> bool:
        return not any(astuple(self))


def run(
    *, purge_days: int, anonymise_days: int, now: datetime, dry_run: bool = False
) -> RetentionReport:
    """Erase what is past its date, in small transactions; with `dry_run` only say how much that is.

    Unconfirmed entries after `purge_days`, mail records after 30 days, counts of limits and keys of
    networks after 48 hours; of confirmed signatures everything personal `anonymise_days` after
    their petition closed. The counts of signatures stay. Killed at any moment, it goes on with the
    next run.
    """
    if dry_run:
        return _due(purge_days, anonymise_days, now)
    done = [0] * 6
    while True:
        with transaction() as connection:
            erased = _some(connection, purge_days, anonymise_days, now)
        done = [before + number for before, number in zip(done, astuple(erased), strict=True)]
        if erased.nothing:
            return RetentionReport(*done)


def _stale(before: datetime) -> ColumnElement[bool]:
    return _signature.c.confirmed_at.is_(None) & (_signature.c.signed_at < before)


def _old(now: datetime) -> ColumnElement[bool]:
    return (_email.c.created_at < now - EMAILS_KEPT) & (_email.c.state != EmailState.DUE)


def _personal(closed_before: datetime) -> Select[int]:
    return (
        select(_signature.c.id)
        .join(Petition, Petition.id == _signature.c.petition_id)
        .where(
            Petition.closed_at < closed_before,
            _signature.c.email != "",
            _signature.c.confirmed_at.is_not(None),
        )
    )


def _due(purge_days: int, anonymise_days: int, now: datetime) -> RetentionReport:
    """Count what `_some` would erase, and lock nothing for it."""
    before = now - timedelta(days=purge_days)
    has_newer = exists().where(
        _alternate.c.signature_id == _signature.c.id, _alternate.c.signed_at >= before
    )
    gone = select(_signature.c.id).where(_stale(before), ~has_newer)
    replaced = select(_signature.c.id).where(_stale(before), has_newer)
    others = select(_alternate.c.id).where(
        _alternate.c.signed_at < before, _alternate.c.signature_id.not_in(gone)
    )
    with db.engine.connect() as connection:

        def number(found: Select[Any]) -> int:
            return connection.scalar(select(func.count()).select_from(found.subquery())) or 0

        return RetentionReport(
            unconfirmed=number(gone),
            other_entries=number(others) + number(replaced),
            letters=number(select(_email.c.id).where(_old(now))),
            counts=number(counters.expired(now)),
            network_keys=number(networks.expired(now)),
            anonymised=number(_personal(now - timedelta(days=anonymise_days))),
        )


def _some(
    connection: Connection, purge_days: int, anonymise_days: int, now: datetime
) -> RetentionReport:
    before = now - timedelta(days=purge_days)
    stale = connection.scalars(
        select(_signature.c.id)
        .where(_stale(before))
        .limit(BATCH_SIZE)
        # Who confirms at this moment is not stale any more.
        .with_for_update(skip_locked=True)
    ).all()
    unconfirmed = 0
    for signature_id in stale:
        unconfirmed += _purge(connection, signature_id, before, now)
    other = connection.execute(
        delete(_alternate).where(
            _alternate.c.id.in_(
                select(_alternate.c.id).where(_alternate.c.signed_at < before).limit(BATCH_SIZE)
            )
        )
    ).rowcount
    letters = connection.execute(
        delete(_email).where(
            _email.c.id.in_(select(_email.c.id).where(_old(now)).limit(BATCH_SIZE))
        )
    ).rowcount
    return RetentionReport(
        unconfirmed,
        other,
        letters,
        counters.delete_expired(connection, now=now),
        networks.delete_expired(connection, now=now),
        _anonymise(connection, now - timedelta(days=anonymise_days)),
    )


def _purge(connection: Connection, signature_id: int, before: datetime, now: datetime) -> int:
    """Erase a stale signature, unless a newer entry for its mailbox can still be confirmed: then
    that one takes its place.
    """
    newer = connection.scalar(
        select(func.max(_alternate.c.entry)).where(
            _alternate.c.signature_id == signature_id, _alternate.c.signed_at >= before
        )
    )
    if newer is not None:
        entries.make_current(connection, entries.EntryRef(signature_id, newer))
        return 0
    entries.erase_signature(connection, signature_id, now=now)
    return 1


def _anonymise(connection: Connection, closed_before: datetime) -> int:
    """Overwrite what is personal in signatures of petitions closed before; number, country, day and
    language stay, as figures.
    """
    before = connection.execute(
        _personal(closed_before)
        .add_columns(*sums.COLUMNS)
        .limit(BATCH_SIZE)
        .with_for_update(of=_signature)
    ).all()
    nobody = literal("anonymised:").concat(cast(_signature.c.id, String))
    after = connection.execute(
        update(_signature)
        .where(_signature.c.id.in_([row.id for row in before]))
        .values(
            name="",
            email="",
            address_key=nobody,
            mailbox_key=nobody,
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


def _day_of(connection: Connection, moment: Column[Any]) -> ColumnElement[Any]:
    """Cut a moment down to its day: the hour could tell who it was."""
    if connection.dialect.name == "sqlite":
        return func.strftime("%Y-%m-%d 00:00:00.000000", moment)
    return func.date_trunc("day", moment)
