"""Signatures, alternate entries, and joined spellings of organisations."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    and_,
    case,
    false,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import (
    NEVER_REUSE_IDS,
    PetitionId,
    by_code_point,
    one_of,
    partial_index,
)
from petition.models.enums import CommentState, Display, InvalidReason
from petition.models.petitions import PetitionText

# Conditions of partial indexes. Queries must repeat them literally to use the index.
_NUMBERED = "number IS NOT NULL"
_COUNTED = f"{_NUMBERED} AND invalidation_id IS NULL"
_SHOWN = f"{_COUNTED} AND display <> 'hidden'"
_INVALIDATED = "invalidation_id IS NOT NULL"
_WANTS_NEWS = f"updates AND {_COUNTED}"


class EntryFields:
    """Columns of an entry: what the signer typed and chose, and the text that was signed."""

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
    # To the petition's own questions, as JSON by their id; empty for none. See `questions`.
    answers: Mapped[str] = mapped_column(Text, server_default="")
    disposable: Mapped[bool] = mapped_column(default=False)
    language: Mapped[str] = mapped_column(String(10))
    channel: Mapped[str] = mapped_column(String(10))
    # The language of the text; differs from `language` where that has none.
    text_language: Mapped[str] = mapped_column(String(10))
    text_version: Mapped[int]
    entry: Mapped[int]  # its number among those of the mailbox
    signed_at: Mapped[datetime]


class Signature(EntryFields, Base):
    """One mailbox under one petition: pending until its owner confirms, then counted.

    `name_key` is by what a confirmed one's name is found (`search_key`).

    An organiser can take a counted one out of the count; it keeps its number and its mailbox.

    `mailbox_key` is the same for every spelling of a mailbox; it can be derived again from
    `address_key`, the canonical address, when the rules of providers change. The row has the first
    entry, until another one is confirmed. `entries` is the number of all entries so far.
    """

    __tablename__ = "signature"
    __table_args__ = (
        UniqueConstraint("mailbox_key", "petition_id"),
        partial_index(
            "uq_signature_petition_id_number", "petition_id", "number", where=_NUMBERED, unique=True
        ),
        partial_index(
            "ix_signature_pending", "signed_at", "petition_id", where="confirmed_at IS NULL"
        ),
        CheckConstraint(
            "(confirmed_at IS NULL) = (number IS NULL)", name="numbered_when_confirmed"
        ),
        one_of("display", Display),
        one_of("comment_state", CommentState),
        # For the public pages: few signers are shown, and these indexes have only those.
        partial_index("ix_signature_shown", "petition_id", "number", where=_SHOWN),
        partial_index("ix_signature_news", "petition_id", "id", "language", where=_WANTS_NEWS),
        partial_index(
            "ix_signature_organisation",
            "petition_id",
            "organisation",
            "number",
            "name_hidden",
            where=f"{_COUNTED} AND organisation <> '' AND display = 'full'",
        ),
        partial_index(
            "ix_signature_comment",
            "petition_id",
            "comment_state",
            "number",
            "name_hidden",
            where=f"{_SHOWN} AND comment <> ''",
        ),
        # For the organisers' search.
        partial_index("ix_signature_name_key", "petition_id", "name_key", "id", where=_NUMBERED),
        partial_index(
            "ix_signature_named_organisation",
            *("petition_id", "organisation", "id"),
            where=f"{_NUMBERED} AND organisation <> ''",
        ),
        partial_index("ix_signature_invalidation", "invalidation_id", "id", where=_INVALIDATED),
        partial_index("ix_signature_invalidated", "petition_id", "number", where=_INVALIDATED),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    mailbox_key: Mapped[str] = mapped_column(by_code_point(254))
    mailbox_hash: Mapped[str] = mapped_column(String(32))
    entries: Mapped[int] = mapped_column(default=1)
    comment_state: Mapped[CommentState] = mapped_column(String(10), default=CommentState.WAITING)
    confirmed_at: Mapped[datetime | None]
    number: Mapped[int | None]
    name_key: Mapped[str] = mapped_column(by_code_point(300), server_default="")
    # A later version of the text, in the language that was signed, to which its owner agreed too.
    confirmed_version: Mapped[int | None]
    version_confirmed_at: Mapped[datetime | None]
    asked_version: Mapped[int | None]  # of which its owner was asked by email
    refuses_questions: Mapped[bool] = mapped_column(server_default=false())
    # Set by an organiser; overrides `display`.
    name_hidden: Mapped[bool] = mapped_column(server_default=false())
    # Set while an organiser has taken it out of the count. The sums need the reason, too.
    invalidation_id: Mapped[int | None] = mapped_column(ForeignKey("invalidation.id"))
    invalidated_reason: Mapped[InvalidReason | None] = mapped_column(String(20))

    @classmethod
    def signed_text(cls) -> ColumnElement[bool]:
        """Return the condition that joins a signature to the PetitionText that was signed."""
        return (
            (PetitionText.petition_id == cls.petition_id)
            & (PetitionText.language == cls.text_language)
            & (PetitionText.version == cls.text_version)
        )

    @classmethod
    def is_shown(cls) -> ColumnElement[bool]:
        """Return the condition that a signer counts and is shown, literal as in the index."""
        counts = cls.number.is_not(None) & cls.invalidation_id.is_(None)
        opted_in = cls.display != literal_column(f"'{Display.HIDDEN}'")
        return counts & opted_in & cls.name_hidden.is_(False)

    @classmethod
    def has_shown_comment(cls) -> ColumnElement[bool]:
        """Return the condition that a shown signer left a comment, as the partial index has it."""
        return cls.is_shown() & (cls.comment != literal_column("''"))

    @classmethod
    def wants_news(cls) -> ColumnElement[bool]:
        """Return the condition that a counted signer wants news, as the partial index has it."""
        counts = cls.number.is_not(None) & cls.invalidation_id.is_(None)
        return and_(text("signature.updates"), counts)  # not `updates = 1`

    @hybrid_property
    def counted(self) -> bool:
        """Whether this signature counts: the one predicate for counts, lists and exports."""
        return self.confirmed_at is not None and self.invalidation_id is None

    @counted.inplace.expression
    @classmethod
    def _counted_in_sql(cls) -> ColumnElement[bool]:
        return cls.confirmed_at.is_not(None) & cls.invalidation_id.is_(None)

    @property
    def confirmed(self) -> bool:
        """Whether its owner has confirmed it, whether or not it counts."""
        return self.confirmed_at is not None

    @property
    def invalidated(self) -> bool:
        """Whether an organiser has taken it out of the count."""
        return self.invalidation_id is not None


class AlternateEntry(EntryFields, Base):
    """A further entry for a mailbox: confirmed, corrected or disowned by itself."""

    __tablename__ = "alternate_entry"
    __table_args__ = (UniqueConstraint("signature_id", "entry"), one_of("display", Display))

    id: Mapped[int] = mapped_column(primary_key=True)
    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id", ondelete="CASCADE"))


class OrganisationName(Base):
    """A spelling that signers wrote, and the name that is shown for it.

    What a signer wrote stays in the signature. It is erased when no signature has the spelling.
    """

    __tablename__ = "organisation_name"
    __table_args__ = (UniqueConstraint("petition_id", "written"), NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[PetitionId]
    written: Mapped[str] = mapped_column(String(200))
    shown: Mapped[str] = mapped_column(String(200))
    written_key: Mapped[str] = mapped_column(String(600))  # casefolded, as in `signature_sum`
    shown_key: Mapped[str] = mapped_column(String(600))
    organiser_id: Mapped[int | None]
    at: Mapped[datetime]

    @classmethod
    def of_signature(cls) -> ColumnElement[str]:
        """Return the organisation of a signature as it is shown, "" without one."""
        signature, name = Signature.table().c, cls.table().c
        joined = (
            select(name.shown)
            .where(name.petition_id == signature.petition_id)
            .where(name.written == signature.organisation)
            .correlate(Signature.table())
            .scalar_subquery()
        )
        shown = func.coalesce(joined, signature.organisation)
        return case((signature.organisation == "", ""), else_=shown)
