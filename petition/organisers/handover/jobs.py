"""Write the files that organisers asked for, off the request. Any number of processes may try.

A process claims a file by a lease, which it renews while it writes. If it dies, the file is written
again when the lease has run out.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import and_, or_, select, update

from petition import audit
from petition.core.faults import find_outage, log_fault
from petition.core.organiser_errors import DownloadGone
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Download
from petition.models.enums import AuditAction, DownloadState
from petition.organisers.handover import downloads, packs

LEASE = timedelta(minutes=1)
RENEW_AFTER = timedelta(seconds=1)
ATTEMPTS = 3
PIECE = 64 * 1024
FOLDER = "files"  # of the instance folder

_download = Download.table()

log = logging.getLogger(__name__)


class FileContent(Protocol):
    """A file in the making: its pieces, and the rows and progress (0 to 1) of what was read."""

    rows: int
    progress: float

    def __iter__(self) -> Iterator[bytes]:
        """Yield the file in pieces."""

    def sealed(self) -> dict[str, Any]:
        """Return what is stored of a pack beside its file, by column; nothing of other files."""


Make = Callable[[Download], FileContent]
Clock = Callable[[], datetime]


class _LeaseLost(Exception):
    """Another process writes the file, or nobody is to."""


def path_of(folder: Path, download: Download) -> Path:
    """Return where a file is once it is written."""
    return folder / f"{download.id}.{download.format}"


def list_of(folder: Path, download_id: int) -> Path:
    """Return where the list of a pack is once it is written."""
    return folder / f"{download_id}.csv"


def part_of_list(folder: Path, download: Download) -> Path:
    """Return where the list of a pack is while it is written."""
    return folder / f"{download.id}.{download.attempts}.list"


def is_any_due(now: datetime) -> bool:
    """Return whether a file waits to be written."""
    with db.engine.connect() as connection:
        return (
            connection.execute(select(_download.c.id).where(_is_due(now)).limit(1)).first()
            is not None
        )


def write_next(folder: Path, make: Make, clock: Clock) -> bool:
    """Write the oldest file that waits; return whether there was one.

    A file that failed is tried three times. The log names no person.
    """
    download = _claim(clock())
    if download is None:
        return False
    try:
        _write(folder, download, make(download), clock)
    except _LeaseLost:
        log.info("file %s: another process writes it", download.id)
    except Exception as error:  # (one file delays no other)
        if find_outage(error) is not None:
            raise  # the lease runs out
        log_fault(log, error, "file %s was not written", download.id)
        failed = download.attempts >= ATTEMPTS
        state = DownloadState.FAILED if failed else DownloadState.WAITING
        _change(download, {"state": state, "lease_until": None})
    return True


def expire(folder: Path, *, now: datetime) -> int:
    """Delete files past their hour and what interrupted processes left; return how many.

    A file that was tried three times, the last one interrupted, has failed.
    """
    is_over = (_download.c.state == DownloadState.READY) & (_download.c.expires_at <= now)
    is_stale = (_download.c.state == DownloadState.RUNNING) & (_download.c.lease_until <= now)
    with transaction() as connection:
        ended = connection.execute(
            update(_download).where(is_over).values(state=DownloadState.EXPIRED)
        ).rowcount
        connection.execute(
            update(_download)
            .where(is_stale, _download.c.attempts >= ATTEMPTS)
            .values(state=DownloadState.FAILED)
        )
    files = list(folder.glob("*.*"))  # before the ids are read: a later one may be a new file's
    kept = (DownloadState.READY, DownloadState.RUNNING)
    with db.engine.connect() as connection:
        ids = connection.scalars(select(_download.c.id).where(_download.c.state.in_(kept)))
        names = {str(download_id) for download_id in ids}
    for file in files:
        if file.name.partition(".")[0] not in names:
            file.unlink(missing_ok=True)
    return ended


def _is_due(now: datetime) -> Any:
    return or_(
        _download.c.state == DownloadState.WAITING,
        and_(
            _download.c.state == DownloadState.RUNNING,
            _download.c.lease_until <= now,
            _download.c.attempts < ATTEMPTS,
        ),
    )


def _claim(now: datetime) -> Download | None:
    oldest = select(_download.c.id).where(_is_due(now)).order_by(_download.c.id).limit(1)
    claimed = {"state": DownloadState.RUNNING, "lease_until": now + LEASE, "percent": 0}
    with transaction() as connection:
        download_id = connection.scalar(
            update(_download)
            .where(_download.c.id == oldest.scalar_subquery(), _is_due(now))
            .values(**claimed, attempts=_download.c.attempts + 1)
            .returning(_download.c.id)
        )
    if download_id is None:
        return None
    download = db.session.get(Download, download_id, populate_existing=True)
    if download is not None:
        db.session.expunge(download)  # it is read for as long as the file takes
    db.session.remove()
    return download


def _write(folder: Path, download: Download, content: FileContent, clock: Clock) -> None:
    """Write a file, renew the lease meanwhile, and make it ready. Raises: _LeaseLost."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f"{download.id}.{download.attempts}.part"
    digest, size, renewed_at = sha256(), 0, clock()
    try:
        with part.open("wb") as file:
            for piece in content:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
                if (now := clock()) - renewed_at >= RENEW_AFTER:
                    renewed_at = now
                    percent = min(99, int(content.progress * 100))
                    _change(download, {"lease_until": now + LEASE, "percent": percent})
        made = {"rows": content.rows, "size": size, "sha256": digest.hexdigest()}
        _finish(folder, part, download, made, content.sealed(), clock())
    finally:
        for path in (part, part_of_list(folder, download)):
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _change(download: Download, values: dict[str, Any]) -> None:
    """Change a file that this process writes. Raises: _LeaseLost."""
    with transaction() as connection:
        if not connection.execute(_update_ours(download).values(values)).rowcount:
            raise _LeaseLost


def _finish(
    folder: Path,
    part: Path,
    download: Download,
    made: dict[str, Any],
    sealed: dict[str, Any],
    now: datetime,
) -> None:
    """Make a file ready, with its name, unless another process has. A pack stays, sealed."""
    expires_at = None if sealed else now + downloads.LINK_LIFETIME
    ready = {"state": DownloadState.READY, "percent": 100, "lease_until": None}
    with transaction() as connection:
        done = _update_ours(download).values(**made, **ready, expires_at=expires_at)
        if not connection.execute(done).rowcount:
            raise _LeaseLost
        part.replace(path_of(folder, download))
        if sealed:
            part_of_list(folder, download).replace(list_of(folder, download.id))
            packs.seal(connection, download, made | sealed, now=now)
        downloads.tell_admins(connection, download.petition_id, download.id, now=now)
        audit.record(
            connection,
            AuditAction.HANDOVER_SEALED if sealed else AuditAction.SIGNATURES_FILE_MADE,
            now,
            organiser_id=download.organiser_id,
            petition_id=download.petition_id,
            detail=f"file {download.id}, {made['rows']} rows, SHA-256 {made['sha256']}",
        )


def _update_ours(download: Download) -> Any:
    return update(_download).where(
        _download.c.id == download.id,
        _download.c.state == DownloadState.RUNNING,
        _download.c.attempts == download.attempts,
    )


def read(folder: Path, download: Download) -> Iterator[bytes]:
    """Return the pieces of a file that is ready. Raises: DownloadGone."""
    path = path_of(folder, download)
    if not path.exists():
        raise DownloadGone
    return read_path(path)


def read_path(path: Path) -> Iterator[bytes]:
    """Yield the pieces of a file."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
