"""Lists of files that organisers asked for: those to fetch, their own copies, the reasons."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from petition.database.base import db
from petition.models import Download
from petition.models.enums import DownloadState
from petition.organisers.handover.downloads import LINK_LIFETIME

LISTED = 10


def list_files(petition_id: int, organiser_id: int, *, now: datetime) -> Sequence[Download]:
    """Return the files that an organiser asked for and may wait for or fetch, newest first."""
    open_until = (Download.expires_at.is_(None)) | (Download.expires_at > now)
    listed = (DownloadState.WAITING, DownloadState.RUNNING, DownloadState.READY)
    failed = (Download.state == DownloadState.FAILED) & (Download.created_at > now - LINK_LIFETIME)
    is_sealed = (Download.state == DownloadState.READY) & Download.expires_at.is_(None)
    return db.session.scalars(
        select(Download)
        .where(Download.petition_id == petition_id, Download.organiser_id == organiser_id)
        .where(~is_sealed)
        .where((Download.state.in_(listed) & open_until) | failed)
        .order_by(Download.id.desc())
        .limit(LISTED)
    ).all()


def list_copies(petition_id: int) -> Sequence[Download]:
    """Return the files with addresses that organisers still have, by the day of deletion."""
    return db.session.scalars(
        select(Download)
        .where(Download.petition_id == petition_id, Download.keep_until.is_not(None))
        .where(Download.fetched_at.is_not(None), Download.deleted_at.is_(None))
        .order_by(Download.keep_until, Download.id)
    ).all()


def reasons(petition_id: int, download_ids: Sequence[int]) -> dict[int, str]:
    """Return why files were asked for, by id."""
    rows = db.session.execute(
        select(Download.id, Download.reason).where(
            Download.petition_id == petition_id, Download.id.in_(download_ids)
        )
    )
    return {row.id: row.reason for row in rows}
