"""The records: columns, constraints, and facts of one line. What may happen to them is said by the
use cases.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from petition.extensions import Base

# SQLite would give the id of an erased last row to the next one, and with it the links written for
# the erased.
NUMBERED_ONCE = {"sqlite_autoincrement": True}


class State(StrEnum):
    """Where a petition stands. Drafts are seen by organisers only; only an open one takes
    signatures.
    """

    DRAFT = "draft"
    OPEN = "open"
    PAUSED = "paused"
    CLOSED = "closed"


class Display(StrEnum):
    """How a signer's name shows in public."""

    HIDDEN = "hidden"
    INITIALS = "initials"
    FULL = "full"


class Role(StrEnum):
    """How far an organiser reaches: a viewer sees numbers, an editor also names and files, an admin
    all petitions.
    """

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class LetterKind(StrEnum):
    """What a letter is about; one function in `letters` and three templates each."""

    CONFIRM = "confirm"
    ALREADY_SIGNED = "already_signed"
    SIGN_IN = "sign_in"


class LetterState(StrEnum):
    """Due until the mail server took it (sent) or refused it for good; withheld ones never
    leave.
    """

    DUE = "due"
    SENT = "sent"
    REFUSED = "refused"
    WITHHELD = "withheld"


def _one_of(column: str, kinds: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    return Index(
        name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where)
    )


class Petition(Base):
    """A petition, whatever its language."""

    __tablename__ = "petition"
    __table_args__ = (_one_of("state", State),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    state: Mapped[State] = mapped_column(String(10), default=State.DRAFT)
    source_language: Mapped[str] = mapped_column(String(10))
    contact: Mapped[str] = mapped_column(String(254))
    asks_postcode: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class PetitionText(Base):
    """The words of a petition in one language; a change is a new version, and a signature keeps the
    one it was for.
    """

    __tablename__ = "petition_text"
    __table_args__ = (UniqueConstraint("petition_id", "language", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(10))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    target: Mapped[str] = mapped_column(String(200))
    organiser: Mapped[str] = mapped_column(String(200))
    lede: Mapped[str] = mapped_column(Text)
    letter: Mapped[str] = mapped_column(Text)
    demands: Mapped[str] = mapped_column(Text)
    story: Mapped[str] = mapped_column(Text)
    share: Mapped[str] = mapped_column(String(280))
    created_at: Mapped[datetime]


class Tally(Base):
    """The count of one petition, kept apart from its row so that readers and writers do not meet.

    `counted` moves with every confirmation in the same transaction; `last_number` only ever grows.
    """

    __tablename__ = "tally"

    petition_id: Mapped[int] = mapped_column(
        ForeignKey("petition.id", ondelete="CASCADE"), primary_key=True
    )
    counted: Mapped[int] = mapped_column(default=0)
    last_number: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]


class Signature(Base):
    """One mailbox under one petition: pending until its owner confirms, counted from then on.

    `mailbox_key` makes every spelling of one mailbox one signer, by the unique constraint. It is a
    function of `address_key` (the address itself in canonical form), so the constraint covers both;
    `address_key` is kept so that mailbox keys can be made again when the providers' rules change.
    """

    __tablename__ = "signature"
    __table_args__ = (
        UniqueConstraint("mailbox_key", "petition_id"),
        _partial_index(
            "uq_signature_petition_id_number",
            "petition_id",
            "number",
            where="number IS NOT NULL",
            unique=True,
        ),
        CheckConstraint(
            "(confirmed_at IS NULL) = (number IS NULL)", name="numbered_when_confirmed"
        ),
        _one_of("display", Display),
        NUMBERED_ONCE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    address_key: Mapped[str] = mapped_column(String(254))
    mailbox_key: Mapped[str] = mapped_column(String(254))
    country: Mapped[str] = mapped_column(String(2))
    postcode: Mapped[str] = mapped_column(String(20))
    organisation: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(100))
    comment: Mapped[str] = mapped_column(String(1000))
    display: Mapped[Display] = mapped_column(String(10))
    handover: Mapped[bool]
    updates: Mapped[bool]
    language: Mapped[str] = mapped_column(String(10))
    channel: Mapped[str] = mapped_column(String(10))
    text_language: Mapped[str] = mapped_column(String(10))  # the reader's own may have no text
    text_version: Mapped[int]
    entry: Mapped[int]  # grows when the same mailbox signs again before confirming
    signed_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    number: Mapped[int | None]

    @hybrid_property
    def counted(self) -> bool:
        """Whether this signature counts: the one predicate of counter, lists and exports."""
        return self.confirmed_at is not None

    @counted.inplace.expression
    @classmethod
    def _counted_in_sql(cls) -> ColumnElement[bool]:
        return cls.confirmed_at.is_not(None)


class Letter(Base):
    """A mail to be sent: what about and to whom, never its words. They are composed when it
    leaves.
    """

    __tablename__ = "letter"
    __table_args__ = (
        # An index is one page more to write at every signature: they hold what is asked for alone.
        _partial_index("ix_letter_due_at", "due_at", where="state = 'due'"),
        _partial_index("ix_letter_signature_id", "signature_id", where="signature_id IS NOT NULL"),
        _partial_index("ix_letter_organiser_id", "organiser_id", where="organiser_id IS NOT NULL"),
        CheckConstraint("(signature_id IS NULL) <> (organiser_id IS NULL)", name="one_reader"),
        _one_of("state", LetterState),
        NUMBERED_ONCE,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[LetterKind] = mapped_column(String(20))
    state: Mapped[LetterState] = mapped_column(String(10))
    signature_id: Mapped[int | None] = mapped_column(ForeignKey("signature.id", ondelete="CASCADE"))
    organiser_id: Mapped[int | None] = mapped_column(ForeignKey("organiser.id", ondelete="CASCADE"))
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class Organiser(Base):
    """Someone who runs petitions. No password: `sign_in` is the serial of the next link, so a used
    one is spent.
    """

    __tablename__ = "organiser"
    __table_args__ = (_one_of("role", Role), NUMBERED_ONCE)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    mailbox_key: Mapped[str] = mapped_column(String(254), unique=True)
    language: Mapped[str] = mapped_column(String(10))
    role: Mapped[Role] = mapped_column(String(10))
    petition_id: Mapped[int | None] = mapped_column(ForeignKey("petition.id", ondelete="CASCADE"))
    sign_in: Mapped[int] = mapped_column(default=0)
    invited_at: Mapped[datetime]


class AuditEntry(Base):
    """What an organiser, or the command line, did and when. Rows are added and never changed."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    organiser_id: Mapped[int | None]
    petition_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(String(300))
