"""Downloads: asked for, fetched within the hour, streamed at once, and the organisers' own copies.

Every one is recorded in the audit trail, and told to all admins of the petition by email.
"""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from petition import audit
from petition.core.organiser_errors import DownloadGone, DownloadNotFound
from petition.database.base import db
from petition.database.transactions import advisory_lock, transaction
from petition.models import Download, Organiser
from petition.models.enums import AuditAction, DownloadState, EmailKind
from petition.organisers.export import FileOptions, Filters, Format, Profile
from petition.outbox import admins

LINK_LIFETIME = timedelta(hours=1)
COPY_DAYS = 30  # that organisers keep their own copy, unless they say otherwise
ACTIONS = {
    Profile.ORGANISER: AuditAction.SIGNATURES_DOWNLOAD,
    Profile.HANDOVER: AuditAction.SIGNATURES_HANDOVER,
}

_download = Download.table()
_RECORDED = ("petition_id", "organiser_id", "format", "profile")


def ask(
    petition_id: int,
    options: FileOptions,
    *,
    organiser_id: int,
    reason: str,
    keep_until: date | None,
    now: datetime,
) -> int:
    """Ask for a file, which a job writes off the request; return its id.

    The same file that is being written for the same organiser is not asked for twice. The separator
    is remembered for the organiser.
    """
    values = _values(petition_id, options, organiser_id, now)
    with transaction() as connection:
        advisory_lock(connection, f"download {petition_id} {organiser_id}")  # of two clicks
        same = connection.execute(
            select(_download.c.id, _download.c.options).where(
                _download.c.state.in_((DownloadState.WAITING, DownloadState.RUNNING)),
                *(_download.c[key] == values[key] for key in ("petition_id", "organiser_id")),
                *(_download.c[key] == values[key] for key in ("format", "profile")),
            )
        )
        for row in same:
            if row.options == values["options"]:
                return int(row.id)
        values |= {"state": DownloadState.WAITING, "reason": reason, "keep_until": keep_until}
        organiser = update(Organiser).where(Organiser.id == organiser_id)
        connection.execute(organiser.values(csv_separator=options.separator))
        download_id = _insert(connection, values)
        audit.record(
            connection,
            AuditAction.SIGNATURES_FILE_ASKED,
            now,
            organiser_id=organiser_id,
            petition_id=petition_id,
            detail=f"file {download_id}: {options.format}, {options.profile}",
        )
    return download_id


def begin_stream(
    petition_id: int, options: FileOptions, *, organiser_id: int | None, now: datetime
) -> int:
    """Record a download that is sent while it is read, before its first byte; return its id.

    `organiser_id` is None for the command line.
    """
    with transaction() as connection:
        values = _values(petition_id, options, organiser_id, now)
        download_id = _insert(connection, values | {"state": DownloadState.STREAMED})
        tell_admins(connection, petition_id, download_id, now=now)
        _record(connection, ACTIONS[options.profile], now, values)
    return download_id


def end_stream(download_id: int, *, rows: int, sha256: str, now: datetime) -> None:
    """Record that the last byte of a streamed download was read, with rows and hash."""
    with transaction() as connection:
        row = connection.execute(
            update(_download)
            .where(_download.c.id == download_id)
            .values(rows=rows, sha256=sha256)
            .returning(*_download.c)
        ).one()
        detail = f", {rows} rows, SHA-256 {sha256}"
        _record(connection, AuditAction.SIGNATURES_DOWNLOAD_END, now, row._asdict(), detail)


def get_ready(petition_id: int, download_id: int, *, organiser_id: int, now: datetime) -> Download:
    """Return a file that its organiser may fetch. Raises: DownloadNotFound, DownloadGone."""
    download = db.session.scalar(
        select(Download)
        .where(Download.id == download_id, Download.petition_id == petition_id)
        .where(Download.organiser_id == organiser_id)
        .execution_options(populate_existing=True)
    )
    if download is None:
        raise DownloadNotFound
    is_over = download.expires_at is not None and download.expires_at <= now
    if download.state != DownloadState.READY or is_over:
        raise DownloadGone
    return download


def record_fetch(download: Download, *, now: datetime) -> None:
    """Record that a file is fetched, before its first byte."""
    with transaction() as connection:
        connection.execute(
            update(_download)
            .where(_download.c.id == download.id)
            .values(fetched_at=func.coalesce(_download.c.fetched_at, now))
        )
        values = {name: getattr(download, name) for name in _RECORDED}
        action = ACTIONS[Profile(download.profile)]
        _record(connection, action, now, values, f", file {download.id}")


def mark_deleted(petition_id: int, download_id: int, *, organiser_id: int, now: datetime) -> None:
    """Record that the organisers' own copy of a file is deleted. Idempotent.

    Raises: DownloadNotFound.
    """
    with transaction() as connection:
        is_copy = (_download.c.id == download_id, _download.c.petition_id == petition_id)
        copies = (*is_copy, _download.c.keep_until.is_not(None))
        if connection.execute(select(_download.c.id).where(*copies)).first() is None:
            raise DownloadNotFound
        marked = update(_download).where(*copies, _download.c.deleted_at.is_(None))
        if connection.execute(marked.values(deleted_at=now)).rowcount:
            audit.record(
                connection,
                AuditAction.SIGNATURES_COPY_DELETED,
                now,
                organiser_id=organiser_id,
                petition_id=petition_id,
                detail=f"file {download_id}",
            )


def tell_admins(
    connection: Connection, petition_id: int, download_id: int, *, now: datetime
) -> None:
    """Enqueue the email about a download to all admins, in the caller's transaction."""
    admins.email_admins(
        connection, EmailKind.DOWNLOAD, petition_id, now=now, download_id=download_id
    )


def options_of(download: Download) -> FileOptions:
    """Return what file was asked for."""
    options = dict(download.options)
    filters = options.pop("filters", {})
    for name in ("since", "until"):
        if name in filters:
            filters[name] = date.fromisoformat(filters[name])
    return FileOptions(
        format=Format(download.format),
        profile=Profile(download.profile),
        filters=Filters(**filters),
        **options,
    )


def _values(
    petition_id: int, options: FileOptions, organiser_id: int | None, now: datetime
) -> dict[str, Any]:
    filters = options.filters._asdict()
    set_filters = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in filters.items()
        if value
    }
    return {
        "petition_id": petition_id,
        "organiser_id": organiser_id,
        "format": str(options.format),
        "profile": str(options.profile),
        "options": {
            "separator": options.separator,
            "filters": set_filters,
            "language": options.language,
        },
        "created_at": now,
    }


def _insert(connection: Connection, values: dict[str, Any]) -> int:
    inserted = connection.execute(insert(_download).values(values).returning(_download.c.id))
    return int(inserted.scalar_one())


def _record(
    connection: Connection, action: AuditAction, now: datetime, row: dict[str, Any], more: str = ""
) -> None:
    """Record an action on a file: its format and profile, and `more`."""
    by = "" if row["organiser_id"] else ", by command"
    audit.record(
        connection,
        action,
        now,
        organiser_id=row["organiser_id"],
        petition_id=row["petition_id"],
        detail=f"{row['format']}, {row['profile']}{by}{more}",
    )
