"""Mail: what waits, what left, and who wants none."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS, one_of, partial_index
from petition.models.enums import EmailKind, EmailState


class Email(Base):
    """A mail to be sent: what about and to whom, never its words. They are composed when it
    leaves.

    `mailbox` is the keyed hash of the reader's mailbox, so that letters to it can be counted when
    the signature is gone. Only a farewell carries an address, until it has left: its reader's row
    is erased.
    """

    __tablename__ = "email"
    __table_args__ = (
        # An index is one page more to write at every signature: they hold what is asked for alone.
        partial_index("ix_email_due_at", "due_at", where="state = 'due'"),
        partial_index("ix_email_signature_id", "signature_id", where="signature_id IS NOT NULL"),
        partial_index("ix_email_organiser_id", "organiser_id", where="organiser_id IS NOT NULL"),
        partial_index("ix_email_burst_id", "burst_id", where="burst_id IS NOT NULL"),
        partial_index("ix_email_mailbox_hash", "mailbox_hash", where="mailbox_hash <> ''"),
        partial_index(
            "uq_email_signature_id_reminder",
            "signature_id",
            where="kind = 'reminder'",
            unique=True,
        ),
        one_of("state", EmailState),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[EmailKind] = mapped_column(String(20))
    state: Mapped[EmailState] = mapped_column(String(10))
    suppressed: Mapped[bool] = mapped_column(default=False)  # settled like others, never mailed
    signature_id: Mapped[int | None] = mapped_column(
        ForeignKey("signature.id", ondelete="SET NULL")
    )
    entry: Mapped[int | None]
    list_downloaded: Mapped[bool | None]  # of a farewell: organisers hold a copy
    organiser_id: Mapped[int | None] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"))
    petition_id: Mapped[int | None] = mapped_column(ForeignKey("petition.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(254), default="")
    language: Mapped[str] = mapped_column(String(10), default="")
    mailbox_hash: Mapped[str] = mapped_column(String(64), default="")
    burst_id: Mapped[int | None] = mapped_column(ForeignKey("burst.id", ondelete="SET NULL"))
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(300), default="")
    # The keyed hash of the six digits in it, once it leaves.
    code_hash: Mapped[str] = mapped_column(String(32), server_default="")
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class Suppression(Base):
    """A mailbox that gets no more mail, by the keyed hash of it: because its owner said so, or
    because it does not exist.
    """

    __tablename__ = "suppression"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    bounce: Mapped[str] = mapped_column(String(300), default="")  # empty: the owner's wish
    at: Mapped[datetime]
