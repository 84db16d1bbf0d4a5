"""What was erased, by ids alone, so that a restored backup does not bring it back."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS, one_of
from petition.models.enums import ErasureKind


class Erasure(Base):
    """That a signature or an organiser was erased, or an entry of a signature. No personal data."""

    __tablename__ = "erasure"
    __table_args__ = (one_of("kind", ErasureKind), NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[ErasureKind] = mapped_column(String(10))
    subject_id: Mapped[int]  # of the signature, organiser or sheet
    entry: Mapped[int | None]  # ENTRY: its number
    at: Mapped[datetime]
