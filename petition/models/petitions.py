"""Petitions: what they say in which version, and their counters."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import one_of
from petition.models.enums import PetitionState


class Petition(Base):
    """A petition, whatever its language."""

    __tablename__ = "petition"
    __table_args__ = (one_of("state", PetitionState),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    state: Mapped[PetitionState] = mapped_column(String(10), default=PetitionState.DRAFT)
    source_language: Mapped[str] = mapped_column(String(10))
    contact: Mapped[str] = mapped_column(String(254))
    asks_postcode: Mapped[bool] = mapped_column(default=False)
    refuses_disposable: Mapped[bool] = mapped_column(default=False)
    # Where signing may be dangerous, and the languages in which to warn there, by commas.
    regime_country: Mapped[str] = mapped_column(String(2), default="")
    regime_languages: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    face: Mapped[str] = mapped_column(String(32), default="")  # digest of its picture, if any


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
    face: Mapped[str] = mapped_column(String(300), default="")  # the picture in words
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
