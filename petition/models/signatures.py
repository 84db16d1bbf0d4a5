"""Signatures: what signers typed, and whether it counts."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    String,
    UniqueConstraint,
    false,
    literal_column,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS, one_of, partial_index
from petition.models.enums import CommentState, Display
from petition.models.petitions import PetitionText


class EntryFields:
    """What one entry holds: what its signer typed and chose, and under which text."""

    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    address_key: Mapped[str] = mapped_column(String(254))
    country: Mapped[str] = mapped_column(String(2))
    postcode: Mapped[str] = mapped_column(String(20))
    organisation: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(100))
    comment: Mapped[str] = mapped_column(String(1000))
    display: Mapped[Display] = mapped_column(String(10))
    handover: Mapped[bool]
    updates: Mapped[bool]
    disposable: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(String(10))
    channel: Mapped[str] = mapped_column(String(10))
    text_language: Mapped[str] = mapped_column(String(10))  # the reader's own may have no text
    text_version: Mapped[int]
    entry: Mapped[int]
    signed_at: Mapped[datetime]


class Signature(EntryFields, Base):
    """One mailbox under one petition: pending until its owner confirms, counted from then on.

    `mailbox_key` makes every spelling of one mailbox one signer, by the unique constraint. It is a
    function of `address_key` (the address itself in canonical form), so the constraint covers both;
    `address_key` is kept so that mailbox keys can be made again when the providers' rules change.

    The row holds the entry that was typed first, until another one is confirmed; every later one
    is an Attempt. `entries` is how many there were.
    """

    __tablename__ = "signature"
    __table_args__ = (
        UniqueConstraint("mailbox_key", "petition_id"),
        partial_index(
            "uq_signature_petition_id_number",
            "petition_id",
            "number",
            where="number IS NOT NULL",
            unique=True,
        ),
        partial_index(
            "ix_signature_pending", "signed_at", "petition_id", where="confirmed_at IS NULL"
        ),
        CheckConstraint(
            "(confirmed_at IS NULL) = (number IS NULL)", name="numbered_when_confirmed"
        ),
        one_of("display", Display),
        one_of("comment_state", CommentState),
        # What the public page reads: few opt in, and those few are found without the others.
        partial_index(
            "ix_signature_shown",
            "petition_id",
            "number",
            where="number IS NOT NULL AND display <> 'hidden'",
        ),
        partial_index(
            "ix_signature_organisation",
            "petition_id",
            "organisation",
            "number",
            "name_hidden",
            where="number IS NOT NULL AND organisation <> '' AND display = 'full'",
        ),
        partial_index(
            "ix_signature_comment",
            "petition_id",
            "comment_state",
            "number",
            "name_hidden",
            where="number IS NOT NULL AND display <> 'hidden' AND comment <> ''",
        ),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    mailbox_key: Mapped[str] = mapped_column(String(254))
    mailbox_hash: Mapped[str] = mapped_column(String(32))
    entries: Mapped[int] = mapped_column(default=1)
    comment_state: Mapped[CommentState] = mapped_column(String(10), default=CommentState.WAITING)
    confirmed_at: Mapped[datetime | None]
    number: Mapped[int | None]
    # An organiser has hidden the name: its signer's own choice no longer matters.
    name_hidden: Mapped[bool] = mapped_column(server_default=false())

    @classmethod
    def stands_under(cls, text: type[PetitionText]) -> ColumnElement[bool]:
        """Return the condition that joins a signature to the text that it was given for."""
        return (
            (text.petition_id == cls.petition_id)
            & (text.language == cls.text_language)
            & (text.version == cls.text_version)
        )

    @classmethod
    def shows(cls) -> ColumnElement[bool]:
        """Return the condition that a signer counts, wants to be seen and may be, in the words of
        the index on them: any others would read the whole table.
        """
        chosen = cls.number.is_not(None) & (cls.display != literal_column(f"'{Display.HIDDEN}'"))
        return chosen & cls.name_hidden.is_(False)

    @classmethod
    def remarks(cls) -> ColumnElement[bool]:
        """Return the condition that a signer who shows has said something, in the words of the
        index on them.
        """
        return cls.shows() & (cls.comment != literal_column("''"))

    @hybrid_property
    def counted(self) -> bool:
        """Whether this signature counts: the one predicate of counter, lists and exports."""
        return self.confirmed_at is not None

    @counted.inplace.expression
    @classmethod
    def _counted_in_sql(cls) -> ColumnElement[bool]:
        return cls.confirmed_at.is_not(None)


class AlternateEntry(EntryFields, Base):
    """What was typed for a mailbox that had an entry already: kept apart, so that it replaces
    nothing and can be confirmed, corrected or disowned by itself.
    """

    __tablename__ = "alternate_entry"
    __table_args__ = (UniqueConstraint("signature_id", "entry"), one_of("display", Display))

    id: Mapped[int] = mapped_column(primary_key=True)
    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id", ondelete="CASCADE"))
