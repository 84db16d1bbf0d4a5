"""Invalidations: signatures that organisers took out of the count, and why."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS, PetitionId, one_of, partial_index
from petition.models.enums import InvalidReason


class Invalidation(Base):
    """Signatures that were taken out of the count together, for one reason.

    It runs in batches until `finished_at` is set, and so does its undoing: `last_id` is the
    signature that it has come to. `criteria` say which signatures match; they may hold a name, so
    they are erased when it has ended. `note` is for organisers alone.
    """

    __tablename__ = "invalidation"
    __table_args__ = (
        one_of("reason", InvalidReason),
        CheckConstraint("undone_at IS NOT NULL OR undone_by IS NULL", name="undone"),
        partial_index("ix_invalidation_unfinished", "id", where="finished_at IS NULL"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[PetitionId] = mapped_column(index=True)
    reason: Mapped[InvalidReason] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(String(500))
    organiser_id: Mapped[int | None]
    at: Mapped[datetime]
    criteria: Mapped[dict[str, Any]] = mapped_column(JSON)
    last_id: Mapped[int] = mapped_column(default=0)
    signatures: Mapped[int] = mapped_column(default=0)  # that were taken out
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None]  # an organiser
