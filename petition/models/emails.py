"""The outbox, its pause, and mailboxes that get no email."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS, PetitionId, one_of, partial_index
from petition.models.enums import EmailKind, EmailState

_DUE_NEWS = "state = 'due' AND kind IN ('news', 'new_text')"


class Email(Base):
    """An email of the outbox, composed when it is sent; counted by `mailbox_hash`.

    Only WITHDRAWN and REMOVED emails store an address, until they are sent: the signature or the
    organiser is already deleted.
    """

    __tablename__ = "email"
    __table_args__ = (
        # Partial, since each index is one more page to write for a signature.
        partial_index("ix_email_due_at", "due_at", where="state = 'due'"),
        partial_index("ix_email_news", "due_at", where=_DUE_NEWS),
        partial_index(
            "uq_email_mailing_id_signature_id",
            *("mailing_id", "signature_id"),
            where="mailing_id IS NOT NULL",
            unique=True,
        ),
        partial_index("ix_email_signature_id", "signature_id", where="signature_id IS NOT NULL"),
        partial_index("ix_email_organiser_id", "organiser_id", where="organiser_id IS NOT NULL"),
        partial_index("ix_email_burst_id", "burst_id", where="burst_id IS NOT NULL"),
        partial_index("ix_email_refused_at", "refused_at", where="refused_at IS NOT NULL"),
        partial_index("ix_email_mailbox_hash", "mailbox_hash", where="mailbox_hash <> ''"),
        partial_index(
            "uq_email_signature_id_reminder", "signature_id", where="kind = 'reminder'", unique=True
        ),
        one_of("state", EmailState),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[EmailKind] = mapped_column(String(20))
    state: Mapped[EmailState] = mapped_column(String(10))
    suppressed: Mapped[bool] = mapped_column(default=False)  # processed like others, never sent
    signature_id: Mapped[int | None] = mapped_column(
        ForeignKey("signature.id", ondelete="SET NULL")
    )
    entry: Mapped[int | None]
    list_downloaded: Mapped[bool | None]  # WITHDRAWN: organisers have a copy
    session_id: Mapped[int | None]  # NEW_BROWSER: of which it tells; it may have ended
    organiser_id: Mapped[int | None] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"))
    petition_id: Mapped[PetitionId | None]
    download_id: Mapped[int | None]  # DOWNLOAD
    mailing_id: Mapped[int | None]  # NEWS, NEW_TEXT
    update_id: Mapped[int | None]  # NEWS, NEWS_TEST
    address: Mapped[str] = mapped_column(String(254), default="")
    language: Mapped[str] = mapped_column(String(10), default="")
    mailbox_hash: Mapped[str] = mapped_column(String(64), default="")
    burst_id: Mapped[int | None] = mapped_column(ForeignKey("burst.id", ondelete="SET NULL"))
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(300), default="")
    # The keyed hash of its six digits, from when it is sent.
    code_hash: Mapped[str] = mapped_column(String(32), server_default="")
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]  # by the mail server, which has accepted none since
    # Until then, or until the answer, the signer is asked whether the address is right.
    asked_until: Mapped[datetime | None]
    corrected_to: Mapped[int | None]  # the email to the corrected address
    # Its reader has asked for more through a link in it, or in another one to the mailbox.
    answered: Mapped[bool] = mapped_column(server_default=false())


class OutboxPause(Base):
    """That the mail server refuses whatever we send, and when the next email is tried. One row."""

    __tablename__ = "outbox_pause"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(String(300))
    since: Mapped[datetime]
    probes: Mapped[int]  # that were refused
    probe_at: Mapped[datetime]


class Suppression(Base):
    """A mailbox that gets no more email, by its keyed hash: its owner's wish, or it bounced."""

    __tablename__ = "suppression"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    bounce: Mapped[str] = mapped_column(String(300), default="")  # empty: its owner's wish
    at: Mapped[datetime]
