"""Paper sheets of signatures."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS, PetitionId


class PaperSheet(Base):
    """A sheet: how many valid names are on it. The names themselves are only on its scan (WebP)."""

    __tablename__ = "paper_sheet"
    __table_args__ = (
        UniqueConstraint("petition_id", "label"),
        CheckConstraint("names > 0", name="names"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[PetitionId]
    label: Mapped[str] = mapped_column(String(60))
    names: Mapped[int]
    collected_on: Mapped[date | None]
    scan: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    has_scan: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
