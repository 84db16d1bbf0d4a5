"""Packs: sealed when they are made, then what became of them, and a link for the target."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from petition import audit
from petition.core.organiser_errors import DownloadNotFound, HandoverChanged, HandoverLinkUsed
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Download, Handover, Petition
from petition.models.enums import AuditAction
from petition.organisers.handover import downloads, photos
from petition.petitions.pictures import WebPicture

_handover = Handover.table()
_SEALED = ("language", "rows", "withheld", "size", "sha256", "list_sha256")


def seal(
    connection: Connection, download: Download, made: dict[str, Any], *, now: datetime
) -> None:
    """Store a pack that was written, in the transaction that makes its file ready."""
    facts = {name: made[name] for name in _SEALED}
    connection.execute(
        insert(_handover).values(
            **facts,
            petition_id=download.petition_id,
            download_id=download.id,
            organiser_id=download.organiser_id,
            made_at=now,
        )
    )


def list_packs(petition_id: int) -> Sequence[Handover]:
    """Return the packs of a petition, newest first."""
    return db.session.scalars(
        select(Handover).where(Handover.petition_id == petition_id).order_by(Handover.id.desc())
    ).all()


def list_handed_over(petition_id: int) -> list[tuple[Handover, str]]:
    """Return the packs that were handed over, the last first, with the petition's language."""
    rows = db.session.execute(
        select(Handover, Petition.source_language)
        .join(Petition, Petition.id == Handover.petition_id)
        .where(Handover.petition_id == petition_id, Handover.handed_over_on.is_not(None))
        .order_by(Handover.handed_over_on.desc(), Handover.id.desc())
    )
    return [(row[0], row[1]) for row in rows]


def get_pack(petition_id: int, handover_id: int) -> Handover:
    """Return a pack. Raises: DownloadNotFound."""
    pack = db.session.scalar(
        select(Handover)
        .where(Handover.id == handover_id, Handover.petition_id == petition_id)
        .execution_options(populate_existing=True)
    )
    if pack is None:
        raise DownloadNotFound
    return pack


def record(
    petition_id: int,
    handover_id: int,
    values: dict[str, Any],
    *,
    photo: WebPicture | None = None,
    version: int,
    organiser_id: int,
    now: datetime,
) -> None:
    """Record what became of a pack, if nobody has since `version`. Its file never changes.

    A photo is stored with it. Raises: HandoverChanged.
    """
    changes = {name: values[name] for name in RECORDED if name in values}
    if photo:
        changes["photo_digest"] = photo.digest
    with transaction() as connection:
        changed = connection.execute(
            update(_handover)
            .where(_handover.c.id == handover_id, _handover.c.petition_id == petition_id)
            .where(_handover.c.version == version)
            .values(**changes, version=version + 1)
        )
        if not changed.rowcount:
            raise HandoverChanged
        if photo:
            photos.add(connection, petition_id, photo)
        _record(
            connection, AuditAction.HANDOVER_RECORDED, petition_id, handover_id, organiser_id, now
        )


RECORDED = (*("handed_over_on", "place", "receipt", "photo_alt", "answer", "answered_on"),)


def record_fetch(pack: Handover, kind: str, *, organiser_id: int, now: datetime) -> None:
    """Record that an organiser fetches a pack, or its list, and tell all admins."""
    with transaction() as connection:
        downloads.tell_admins(connection, pack.petition_id, pack.download_id, now=now)
        audit.record(
            connection,
            AuditAction.SIGNATURES_HANDOVER,
            now,
            organiser_id=organiser_id,
            petition_id=pack.petition_id,
            detail=f"{kind}, handover, file {pack.download_id}",
        )


def erase(folder: Path, *, anonymise_days: int, now: datetime, dry_run: bool = False) -> int:
    """Erase the files of packs when the data of their signers is erased; return how many.

    What was handed over, when and to whom stays. With `dry_run`, only count them.
    """
    closed_before = now - timedelta(days=anonymise_days)
    over = select(Petition.id).where(Petition.closed_at <= closed_before)
    is_due = (_handover.c.erased_at.is_(None), _handover.c.petition_id.in_(over))
    if dry_run:
        return db.session.scalar(select(func.count()).select_from(_handover).where(*is_due)) or 0
    with transaction() as connection:
        erased = connection.scalars(
            update(_handover)
            .where(*is_due)
            .values(erased_at=now)
            .returning(_handover.c.download_id)
        ).all()
        for download_id in erased:
            for kind in ("pdf", "csv"):
                (folder / f"{download_id}.{kind}").unlink(missing_ok=True)
    return len(erased)


def make_link(petition_id: int, handover_id: int, *, organiser_id: int, now: datetime) -> None:
    """Make a new link for the target; earlier ones end. Raises: DownloadNotFound."""
    with transaction() as connection:
        made = connection.execute(
            update(_handover)
            .where(_handover.c.id == handover_id, _handover.c.petition_id == petition_id)
            .where(_handover.c.erased_at.is_(None))
            .values(
                link_serial=_handover.c.link_serial + 1,
                link_made_at=now.replace(microsecond=0),
                link_used_at=None,
            )
        )
        if not made.rowcount:
            raise DownloadNotFound
        _record(
            connection, AuditAction.HANDOVER_LINK_MADE, petition_id, handover_id, organiser_id, now
        )


def get_linked(handover_id: int, serial: int) -> Handover:
    """Return the pack of a link that was not used. Raises: HandoverLinkUsed."""
    pack = db.session.scalar(
        select(Handover)
        .where(Handover.id == handover_id, Handover.link_serial == serial)
        .where(Handover.link_used_at.is_(None), Handover.erased_at.is_(None))
        .execution_options(populate_existing=True)
    )
    if pack is None:
        raise HandoverLinkUsed
    return pack


def use_link(handover_id: int, serial: int, *, now: datetime) -> Handover:
    """Use a link, once, and return its pack. Raises: HandoverLinkUsed."""
    pack = get_linked(handover_id, serial)
    with transaction() as connection:
        used = connection.execute(
            update(_handover)
            .where(_handover.c.id == handover_id, _handover.c.link_serial == serial)
            .where(_handover.c.link_used_at.is_(None))
            .values(link_used_at=now)
        )
        if not used.rowcount:
            raise HandoverLinkUsed
        _record(
            connection, AuditAction.HANDOVER_LINK_USED, pack.petition_id, handover_id, None, now
        )
    return pack


def _record(
    connection: Connection,
    action: AuditAction,
    petition_id: int,
    handover_id: int,
    organiser_id: int | None,
    now: datetime,
) -> None:
    audit.record(
        connection,
        action,
        now,
        organiser_id=organiser_id,
        petition_id=petition_id,
        detail=f"pack {handover_id}",
    )
