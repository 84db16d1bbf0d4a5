"""What is kept against abuse: counts and keyed hashes, nobody's address."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from petition.extensions import Base
from petition.kinds import Verdict
from petition.models.constraints import NUMBERED_ONCE, one_of


class Spent(Base):
    """How often a key was used within a window of time. The key is a keyed hash or a number, never
    an address.
    """

    __tablename__ = "spent"
    # Rows live in the key's own tree, where SQLite would write a second one at every signature.
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 (SQLAlchemy's way)

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    times: Mapped[int]
    until: Mapped[datetime]


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
        one_of("verdict", Verdict),
        Index("ix_burst_petition_id_verdict", "petition_id", "verdict"),
        NUMBERED_ONCE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(254))
    seen: Mapped[int]
    usual: Mapped[int]
    began_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    verdict: Mapped[Verdict] = mapped_column(String(10), default=Verdict.OPEN)
    decided_at: Mapped[datetime | None]
