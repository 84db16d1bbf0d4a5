"""What a petition says besides its letter: news, pictures, and the offices to write to."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base


class PetitionUpdate(Base):
    """A piece of news, in as many languages as it was written in. Not published means not seen."""

    __tablename__ = "petition_update"

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(
        ForeignKey("petition.id", ondelete="CASCADE"), index=True
    )
    author: Mapped[str] = mapped_column(String(200), default="")
    published_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class PetitionUpdateText(Base):
    """The words of a piece of news in one language: Markdown, its pictures by their names."""

    __tablename__ = "update_text"
    __table_args__ = (UniqueConstraint("update_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    update_id: Mapped[int] = mapped_column(ForeignKey("petition_update.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)


class Picture(Base):
    """A picture of a petition, made anew from what was handed in: WebP, no metadata.

    `name` is what the texts call it, `digest` what its address is made of.
    """

    __tablename__ = "picture"
    __table_args__ = (UniqueConstraint("petition_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(32), index=True)
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes]


class Target(Base):
    """An office that readers in one country can write to, and the year its address was checked."""

    __tablename__ = "target"

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(
        ForeignKey("petition.id", ondelete="CASCADE"), index=True
    )
    country: Mapped[str] = mapped_column(String(2))
    office: Mapped[dict[str, str]] = mapped_column(JSON)  # its name by language
    postal: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(String(254))
    checked: Mapped[int]


class Visit(Base):
    """How often a link was followed that somebody had passed on: by day, channel and language, and
    by nobody.
    """

    __tablename__ = "visit"

    petition_id: Mapped[int] = mapped_column(
        ForeignKey("petition.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    language: Mapped[str] = mapped_column(String(10), primary_key=True)
    visits: Mapped[int]
