"""Updates of a petition, their mailings and pictures, offices to write to, visits of links."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import PetitionId, one_of
from petition.models.enums import MailingState


class PetitionUpdate(Base):
    """An update of a petition, in one or more languages.

    Public from `published_at` on, unless it was taken down. `corrections` are those since then:
    when (ISO 8601, UTC), and a note by language. `version` is that of what organisers see in the
    form; `tested_version` is the one that was last emailed to an organiser as a test.
    """

    __tablename__ = "petition_update"

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[PetitionId] = mapped_column(index=True)
    author: Mapped[str] = mapped_column(String(200), default="")
    published_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    changed_by: Mapped[int | None]  # an organiser; None: the command line
    taken_down_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    corrections: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, default=list, server_default="[]"
    )
    tested_version: Mapped[int | None]
    handover_id: Mapped[int | None] = mapped_column(index=True, unique=True)  # of which it tells


class Mailing(Base):
    """An update on its way to the signers who asked for news, in the order of their ids.

    Or, without an update, the question whether signers with an older text support these `versions`,
    such as "en-2,ru-3".
    Those up to `cursor` are in the outbox or were; `last_signature_id` is the newest at the start.
    The four counts are set when it ends: records of emails are erased after 30 days.
    """

    __tablename__ = "mailing"
    __table_args__ = (
        one_of("state", MailingState),
        UniqueConstraint("petition_id", "versions"),
        CheckConstraint("(update_id IS NULL) <> (versions IS NULL)", name="about"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    update_id: Mapped[int | None] = mapped_column(
        ForeignKey("petition_update.id", ondelete="CASCADE"), unique=True
    )
    versions: Mapped[str | None] = mapped_column(String(500))
    petition_id: Mapped[PetitionId] = mapped_column(index=True)
    state: Mapped[MailingState] = mapped_column(String(10))
    started_by: Mapped[int | None]
    started_at: Mapped[datetime]
    insisted: Mapped[bool]  # an admin started it within three days of another
    readers: Mapped[int]  # at the start
    cursor: Mapped[int] = mapped_column(default=0)
    last_signature_id: Mapped[int]
    ended_at: Mapped[datetime | None]
    sent: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    unknown: Mapped[int] = mapped_column(default=0)
    left_out: Mapped[int] = mapped_column(default=0)


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
    __table_args__ = (  # has all that the organisers' figures read, in the order of its groups
        Index("ix_visit_petition_id_channel", "petition_id", "channel", "day", "visits"),
    )

    petition_id: Mapped[PetitionId] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    language: Mapped[str] = mapped_column(String(10), primary_key=True)
    visits: Mapped[int]
