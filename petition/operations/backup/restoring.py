"""Restore a backup into an empty instance: all of it in one transaction, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.exc import DBAPIError

from petition.core.errors import BackupInvalid, RestoreRefused
from petition.core.faults import find_outage
from petition.database import engine, schema
from petition.database.base import db
from petition.database.transactions import alone
from petition.models import Counter, Erasure, Signature, Tally
from petition.models.enums import ErasureKind
from petition.operations import retention
from petition.operations.backup import journal, reading, tables
from petition.operations.backup.files import FolderWriter
from petition.operations.backup.journal import Erased
from petition.organisers import paper, people
from petition.organisers.handover import jobs, packs
from petition.signatures import removal
from petition.signatures.entries import EntryRef

# New rows get ids this far above the last one of the backup. Links name rows that were made after
# it and are lost: none of them may open the row of somebody else. A day of a rush makes fewer.
SKIPPED_IDS = 20_000_000
# The snapshot may lack what was erased in a transaction that was still running.
MARGIN = timedelta(hours=1)

_signature, _tally = Signature.table(), Tally.table()


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, how much of it was erased again, and counts that were put right."""

    summary: reading.Summary
    erased: int
    recounted: int


def restore(
    file: Path,
    instance: Path,
    *,
    journals: Sequence[Path] = (),
    identities: Sequence[Any] = (),
    verify: bool = False,
    anonymise_days: int,
    now: datetime,
) -> Restored:
    """Restore a backup, with what was erased since then erased again before anybody can read it.

    One transaction makes the tables of the backup's migration, inserts the rows, upgrades, applies
    the journals, recounts. With `verify` the rows are read back and compared before the upgrade.
    Killed, it leaves an empty database and maybe files, which the next try replaces.
    Raises: RestoreRefused where there are rows; BackupInvalid.
    """
    try:
        with FolderWriter(instance) as folder, alone() as connection:
            _make_empty(connection)
            inserting = _Inserting(connection, folder)
            summary = reading.read(file, inserting, identities=identities)
            if verify:
                _compare(connection, summary)
            schema.migrate(connection)
            erased = journal.read(journals, since=summary.header.at - MARGIN)
            inserting.skip_ids(Erasure.__tablename__, max((one.id for one in erased), default=0))
            for one in erased:
                _erase_again(connection, one)
            recounted = _recount(connection)
            folder.finish()
    except DBAPIError as error:
        if find_outage(error) is not None:
            raise
        raise BackupInvalid("the database refuses a row of it") from error
    engine.empty_log(db.engine)  # which still has what was erased again
    packs.erase(instance / jobs.FOLDER, anonymise_days=anonymise_days, now=now)
    return Restored(summary, len(erased), recounted)


def _make_empty(connection: Connection) -> None:
    """Drop the tables of a database without rows. Raises: RestoreRefused where there are rows."""
    found = tables.read_tables(connection)
    if found and not schema.has_migrations(connection):
        raise RestoreRefused("the database has tables of something else")
    for stored in found:
        if stored.name != Counter.__tablename__ and tables.has_rows(connection, stored):
            raise RestoreRefused(f"the database is not empty: its table {stored.name} has rows")
    cascade = " CASCADE" if connection.dialect.name == "postgresql" else ""
    for name in (*(stored.name for stored in reversed(found)), tables.MIGRATIONS):
        quoted = connection.dialect.identifier_preparer.quote(name)
        connection.execute(text(f"DROP TABLE IF EXISTS {quoted}{cascade}"))


class _Inserting(reading.Visitor):
    """Makes the tables and inserts the rows of a backup while it is read."""

    def __init__(self, connection: Connection, folder: FolderWriter) -> None:
        self._connection = connection
        self._folder = folder
        self._made: Mapping[str, tables.StoredTable] = {}
        self._last_ids: dict[str, int] = {}

    def start(self, header: reading.Header) -> None:
        if not schema.is_known(header.revision):
            raise BackupInvalid(
                f"it has the migration {header.revision}, which this version of the site lacks"
            )
        schema.migrate(self._connection, header.revision)
        self._made = {stored.name: stored for stored in tables.read_tables(self._connection)}

    def rows(self, table: tables.StoredTable, rows: list[list[Any]]) -> None:
        made = self._made.get(table.name)
        if made is None or made.columns != table.columns:
            raise BackupInvalid(f"its table {table.name} is not that of its migration")
        tables.insert_rows(self._connection, table, rows)

    def end_table(self, table: tables.StoredTable, last_id: int | None) -> None:
        if [table.columns[name] for name in table.key] == ["integer"]:
            key = table.as_table().c[table.key[0]]
            highest = self._connection.scalar(select(func.max(key))) or 0
            self._last_ids[table.name] = max(highest, last_id or 0)

    def file_part(self, name: str, part: bytes) -> None:
        self._folder.write(name, part)

    def skip_ids(self, known: str, known_id: int) -> None:
        """Let no new row have an id that a row had, here or after the backup, as far as is known.

        Of one table a later id is known.
        """
        for stored in tables.read_tables(self._connection):
            if stored.name in self._last_ids:
                last = max(self._last_ids[stored.name], known_id if stored.name == known else 0)
                tables.skip_ids(self._connection, stored, last + SKIPPED_IDS)


def _compare(connection: Connection, summary: reading.Summary) -> None:
    """Compare the stored rows with those of the backup. Raises: BackupInvalid."""
    stored = {table.name: table for table in tables.read_tables(connection)}
    for name, number in summary.rows.items():
        if tables.digest_rows(connection, stored[name]) != (number, summary.digests[name]):
            raise BackupInvalid(f"the restored rows of {name} are not those of the backup")


def _erase_again(connection: Connection, erased: Erased) -> None:
    match erased.kind:
        case ErasureKind.SIGNATURE:
            removal.erase_signature(connection, erased.subject_id, now=erased.at)
        case ErasureKind.ENTRY:
            entry_ref = EntryRef(erased.subject_id, erased.entry or 0)
            removal.remove_entry(connection, entry_ref, now=erased.at)
        case ErasureKind.ORGANISER:
            people.erase(connection, erased.subject_id, now=erased.at)
        case ErasureKind.SCAN:
            paper.erase_scan(connection, erased.subject_id, now=erased.at)
        case ErasureKind.ANONYMISED:
            is_confirmed = connection.scalar(
                select(_signature.c.confirmed_at.is_not(None)).where(
                    _signature.c.id == erased.subject_id
                )
            )
            if is_confirmed:
                retention.anonymise(connection, [erased.subject_id], now=erased.at)
            else:  # it was confirmed after the backup, which does not know its number
                removal.erase_signature(connection, erased.subject_id, now=erased.at)


def _recount(connection: Connection) -> int:
    """Set the tallies to the number of counted signatures; return how many were others."""
    counted = (
        select(func.count())
        .select_from(_signature)
        .where(_signature.c.petition_id == _tally.c.petition_id, Signature.counted)
        .scalar_subquery()
    )
    wrong = update(_tally).where(_tally.c.counted != counted).values(counted=counted)
    return connection.execute(wrong).rowcount
