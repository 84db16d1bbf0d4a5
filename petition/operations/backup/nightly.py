"""The backup that the mail worker writes each day into BACKUP_FOLDER, and which ones are kept."""

import logging
import re
from collections.abc import Callable, Iterable
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Thread

from petition.core.errors import BackupInvalid, BackupRefused
from petition.core.faults import describe, log_stack
from petition.core.files import write_file
from petition.operations.backup import encryption, reading, writing
from petition.organisers.overview.site_problems import BACKUP_FILE

DAYS, WEEKS, MONTHS = 7, 4, 12  # of which one backup each is kept
LATE_AFTER = timedelta(days=2)
UNVERIFIED = ".unverified"  # the suffix until it is read back

_NAME = re.compile(r"petition-(\d{4}-\d\d-\d\d)\.backup")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class NightlyBackup:
    """Writes a backup a day in a thread, so that no email waits. Each try ends in the log."""

    folder: Path
    source: writing.Source
    recipient: str = ""
    thread: Thread | None = None

    def start_if_due(self, now: datetime) -> str:
        """Start the thread unless today's backup is there, or is being written here."""
        is_running = self.thread is not None and self.thread.is_alive()
        if not is_running and now.date() not in find(self.folder):
            # The thread finds the database by the application's context.
            run, args = copy_context().run, (self.write, now)
            self.thread = Thread(target=run, args=args, name="backup", daemon=True)
            self.thread.start()
        return ""

    def write(self, now: datetime) -> None:
        """Write the backup of a day, read it back, delete old ones; log and note a failure."""
        problem = self.source.instance / BACKUP_FILE
        try:
            summary = self._write(now)
            delete_old(self.folder)
            problem.unlink(missing_ok=True)
        except Exception as error:  # noqa: BLE001 (whatever it is, people must know)
            reason = str(error) if isinstance(error, BackupInvalid | BackupRefused) else ""
            reason = reason or describe(error)
            log.error("no backup of today: %s", reason)
            log_stack(log, error)
            write_file(problem, reason.encode())
        else:
            log.info("backup: %d signatures", summary.rows["signature"])

    def _write(self, now: datetime) -> reading.Summary:
        if not self.folder.is_dir():
            raise BackupRefused(f"BACKUP_FOLDER is no folder: {self.folder}")
        _delete_leftovers(self.folder, now)
        name = f"petition-{now.date()}.backup"
        unverified = self.folder / f"{name}{UNVERIFIED}"
        key = encryption.Key() if self.recipient else None
        writing.write(
            unverified, self.source, now=now, recipient=self.recipient, own=key, force=True
        )
        try:
            summary = reading.read(unverified, identities=key.identities if key else ())
        except BackupInvalid:
            unverified.unlink()
            raise
        unverified.replace(self.folder / name)
        writing.sync_folder(self.folder)
        return summary


def _delete_leftovers(folder: Path, now: datetime) -> None:
    """Delete what killed processes left, a day ago or earlier."""
    for path in (*folder.glob(f"{writing.UNFINISHED}*"), *folder.glob(f"*{UNVERIFIED}")):
        if path.stat().st_mtime < (now - timedelta(days=1)).timestamp():
            path.unlink(missing_ok=True)


def find(folder: Path) -> dict[date, Path]:
    """Return the daily backups of a folder."""
    found = ((_NAME.fullmatch(path.name), path) for path in folder.glob("petition-*.backup"))
    return {date.fromisoformat(name[1]): path for name, path in found if name}


def delete_old(folder: Path) -> None:
    """Delete the daily backups that are not kept. Other files stay."""
    found = find(folder)
    for day in found.keys() - choose_kept(found):
        found[day].unlink(missing_ok=True)


def choose_kept(days: Iterable[date]) -> set[date]:
    """Return the newest day of each of the last days, ISO weeks and months that have one.

    What counts are those with a backup: a site that was away loses none.
    """
    periods: tuple[tuple[int, Callable[[date], tuple[int, ...]]], ...] = (
        (DAYS, lambda day: (day.toordinal(),)),
        (WEEKS, lambda day: day.isocalendar()[:2]),
        (MONTHS, lambda day: (day.year, day.month)),
    )
    kept = set()
    for number, period_of in periods:
        newest = {period_of(day): day for day in sorted(days)}
        kept |= {newest[period] for period in sorted(newest)[-number:]}
    return kept


def find_problem(folder: Path, instance: Path, *, now: datetime) -> str:
    """Return what is wrong with the daily backups in one line, or ""."""
    failure = instance / BACKUP_FILE
    newest = max(find(folder), default=None)
    age = "there is none" if newest is None else f"the newest is of {newest}"
    if failure.exists():
        return f"the last one failed ({failure.read_text(encoding='utf-8')}); {age}"
    if newest is None or now.date() - newest >= LATE_AFTER:
        return f"{age}: does the mail worker run?"
    return ""
