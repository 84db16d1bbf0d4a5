"""Organisers, and the audit trail of what they did."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS, PetitionId, one_of, partial_index
from petition.models.enums import AuditAction, Role

# A list with names was downloaded.
IS_DOWNLOAD = "action IN ('signatures.download', 'signatures.handover')"
ABOUT_ONE = "signature_id IS NOT NULL"


class Organiser(Base):
    """A person who manages petitions and signs in by emailed links, without a password.

    `sign_in_serial` is the serial of the next link; a used link has a lower one. `csv_separator` is
    a key of `export.SEPARATORS`.
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
    csv_separator: Mapped[str] = mapped_column(String(10), server_default="comma")
    invited_at: Mapped[datetime]
    # Wants an email each morning; the day (UTC) for which it was decided last.
    morning_email: Mapped[bool] = mapped_column(server_default=false())
    morning_day: Mapped[date | None]


class AuditEntry(Base):
    """An action of an organiser or of the command line. Rows are never changed.

    `hash` covers all other columns, the hash of the entry before among them.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_petition_id_id", "petition_id", "id"),
        partial_index("ix_audit_entry_download", *("petition_id", "at"), where=IS_DOWNLOAD),
        partial_index("ix_audit_entry_signature_id", "signature_id", "id", where=ABOUT_ONE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    organiser_id: Mapped[int | None]
    petition_id: Mapped[int | None]
    signature_id: Mapped[int | None]  # of an action on one signature
    action: Mapped[AuditAction] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(String(300))
    previous_hash: Mapped[str] = mapped_column(String(64), server_default="")
    hash: Mapped[str] = mapped_column(String(64), server_default="")


class AuditHead(Base):
    """The newest entry of the audit trail, in one row: shows that the last entries are there."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
