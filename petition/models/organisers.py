"""Organisers, and the trail of what they did."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS, PetitionId, one_of
from petition.models.enums import AuditAction, Role


class Organiser(Base):
    """A person who manages petitions and signs in by emailed links, without a password.

    `sign_in_serial` is the serial of the next link; a used link has a lower one. Likewise a session
    is valid while it has the current `session_serial`. `csv_separator` is a key of
    `export.SEPARATORS`.
    """

    __tablename__ = "organiser"
    __table_args__ = (one_of("role", Role), NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    mailbox_key: Mapped[str] = mapped_column(String(254), unique=True)
    language: Mapped[str] = mapped_column(String(10))
    role: Mapped[Role] = mapped_column(String(10))
    petition_id: Mapped[PetitionId | None]
    sign_in_serial: Mapped[int] = mapped_column(default=0)
    session_serial: Mapped[int] = mapped_column(server_default="0")
    csv_separator: Mapped[str] = mapped_column(String(10), server_default="comma")
    invited_at: Mapped[datetime]


class AuditEntry(Base):
    """An action of an organiser or of the command line. Rows are never changed."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    organiser_id: Mapped[int | None]
    petition_id: Mapped[int | None]
    action: Mapped[AuditAction] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(String(300))
