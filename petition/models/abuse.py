"""What is kept against abuse: counts and keyed hashes, nobody's address."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS, one_of, partial_index
from petition.models.enums import BurstState


class NetworkSecret(Base):
    """The key of one day's hashes of network addresses; with it gone they are noise."""

    __tablename__ = "network_secret"

    day: Mapped[date] = mapped_column(primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary(32))


class Burst(Base):
    """Signatures that came faster than a petition's own past explains, from one mail domain or one
    network, or from many mail domains in a minute.

    `source` is a domain, the keyed hash of a network, or empty for filled traps and for a minute.
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
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(254))
    seen: Mapped[int]
    usual: Mapped[int]
    began_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[BurstState] = mapped_column(String(10), default=BurstState.OPEN)
    decided_at: Mapped[datetime | None]
