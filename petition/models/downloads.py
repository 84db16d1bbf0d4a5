"""Files of signatures that left the site or wait for it: jobs, and the organisers' own copies."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS, PetitionId, one_of, partial_index
from petition.models.enums import DownloadState


class Download(Base):
    """A file of signatures that somebody asked for. `options` are of `export.FileOptions`.

    A job writes it into the instance folder, unless it is streamed at once. While a process writes
    it, that process renews `lease_until`; after that another may try. `keep_until` is the day by
    which the organisers' own copy is to be deleted. Without `organiser_id`, a command asked.
    """

    __tablename__ = "download"
    __table_args__ = (
        partial_index("ix_download_state", "state", where="state IN ('waiting', 'running')"),
        partial_index("ix_download_expires_at", "expires_at", where="state = 'ready'"),
        Index("ix_download_petition_id_id", "petition_id", "id"),
        one_of("state", DownloadState),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[PetitionId]
    organiser_id: Mapped[int | None]
    format: Mapped[str] = mapped_column(String(10))
    profile: Mapped[str] = mapped_column(String(10))
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[DownloadState] = mapped_column(String(10))
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    percent: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    expires_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]  # for the first time
    keep_until: Mapped[date | None]
    deleted_at: Mapped[datetime | None]  # the organisers' own copy, as one of them says


class Handover(Base):
    """A pack as it was made, and what became of it. Its file, hashes and numbers never change.

    `download_id` names its files: the pack, and the list (CSV) whose hash is in it. A link for the
    target is valid while it has the current `link_serial`, until it was used.
    """

    __tablename__ = "handover"
    __table_args__ = (Index("ix_handover_petition_id_id", "petition_id", "id"), NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[PetitionId]
    download_id: Mapped[int] = mapped_column(unique=True)
    organiser_id: Mapped[int | None]
    made_at: Mapped[datetime]
    language: Mapped[str] = mapped_column(String(10))
    rows: Mapped[int]
    withheld: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    list_sha256: Mapped[str] = mapped_column(String(64))
    erased_at: Mapped[datetime | None]  # its files, when the signers' data was erased
    version: Mapped[int] = mapped_column(default=1)  # of what follows
    handed_over_on: Mapped[date | None]
    place: Mapped[str] = mapped_column(String(200), default="")
    receipt: Mapped[str] = mapped_column(Text, default="")
    photo_digest: Mapped[str] = mapped_column(String(64), default="")
    photo_alt: Mapped[str] = mapped_column(String(300), default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_on: Mapped[date | None]
    link_serial: Mapped[int] = mapped_column(default=0)
    link_made_at: Mapped[datetime | None]
    link_used_at: Mapped[datetime | None]
