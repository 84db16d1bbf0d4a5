"""Updates and pictures of a petition, offices to write to, and visits of shared links."""

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import PetitionId


class PetitionUpdate(Base):
    """An update of a petition, in one or more languages. Public once published."""

    __tablename__ = "petition_update"

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[PetitionId] = mapped_column(index=True)
    author: Mapped[str] = mapped_column(String(200), default="")
    published_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class PetitionUpdateText(Base):
    """The text of an update in one language: Markdown with pictures by name."""

    __tablename__ = "update_text"
    __table_args__ = (UniqueConstraint("update_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    update_id: Mapped[int] = mapped_column(ForeignKey("petition_update.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)


class Picture(Base):
    """A picture of a petition, re-encoded as WebP without metadata.

    Texts refer to its `name`; its address has its `digest`.
    """

    __tablename__ = "picture"
    __table_args__ = (UniqueConstraint("petition_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[PetitionId]
    name: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(32), index=True)
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes]


class Office(Base):
    """An office that people in a country can write to. `checked`: the year of its address.

    An empty `country` stands for all countries that no other office is for.
    """

    __tablename__ = "target"

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[PetitionId] = mapped_column(index=True)
    country: Mapped[str] = mapped_column(String(2))
    names: Mapped[dict[str, str]] = mapped_column("office", JSON)  # by language
    postal: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(String(254))
    checked: Mapped[int]


class Visit(Base):
    """How often shared links were followed on a day, by channel and language. No visitor data."""

    __tablename__ = "visit"

    petition_id: Mapped[PetitionId] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    language: Mapped[str] = mapped_column(String(10), primary_key=True)
    visits: Mapped[int]
