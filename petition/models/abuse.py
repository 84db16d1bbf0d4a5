"""Data against abuse: keyed hashes and bursts, no network addresses."""

from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS, PetitionId, one_of, partial_index
from petition.models.enums import BurstKind, BurstState


class NetworkSecret(Base):
    """The key for one day's hashes of networks. Without it nobody can compute them again."""

    __tablename__ = "network_secret"

    day: Mapped[date] = mapped_column(primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary(32))


class Burst(Base):
    """More signatures than a petition's past explains.

    `source` is the domain or the keyed hash of the network; empty for HONEYPOT and MINUTE.
    """

    __tablename__ = "burst"
    __table_args__ = (
        one_of("state", BurstState),
        Index("ix_burst_petition_id_state", "petition_id", "state"),
        partial_index(
            "uq_burst_open", "petition_id", "kind", "source", where="state = 'open'", unique=True
        ),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[PetitionId]
    kind: Mapped[BurstKind] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(254))
    seen: Mapped[int]
    usual: Mapped[int]
    began_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[BurstState] = mapped_column(String(10), default=BurstState.OPEN)
    decided_at: Mapped[datetime | None]
