"""Petitions, their texts in each version, and their counts."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Text, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS, PetitionId, one_of
from petition.models.enums import PetitionState


class Petition(Base):
    """A petition, apart from its texts."""

    __tablename__ = "petition"
    __table_args__ = (one_of("state", PetitionState), NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    state: Mapped[PetitionState] = mapped_column(String(10), default=PetitionState.DRAFT)
    source_language: Mapped[str] = mapped_column(String(10))
    contact: Mapped[str] = mapped_column(String(254))
    asks_postcode: Mapped[bool] = mapped_column(default=False)
    asks_organisation: Mapped[bool] = mapped_column(server_default=true())
    asks_comment: Mapped[bool] = mapped_column(server_default=true())
    refuses_disposable: Mapped[bool] = mapped_column(default=False)
    # The country in which signing may be dangerous; languages of the warning, separated by commas.
    regime_country: Mapped[str] = mapped_column(String(2), default="")
    regime_languages: Mapped[str] = mapped_column(String(60), default="")
    downloads_need_code: Mapped[bool] = mapped_column(server_default=false())  # a second factor's
    goal: Mapped[int | None]  # None: the ladder of goals
    paper: Mapped[int] = mapped_column(default=0, server_default="0")  # names on its paper sheets
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    featured_at: Mapped[datetime | None]  # when it was chosen for the first page of the site
    closed_at: Mapped[datetime | None]
    portrait_digest: Mapped[str] = mapped_column("face", String(32), default="")
    portrait_credit: Mapped[str] = mapped_column("face_credit", String(200), default="")
    as_of: Mapped[str] = mapped_column(String(10), default="")  # ISO 8601, a day or a month
    # Beside what people sign, so in no version of a text. See docs/petition-file.md.
    facts: Mapped[list[dict[str, Any]]] = mapped_column(
        JSON, default=list
    )  # value, label by language
    plan: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # date, text by language
    victory: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # by language
    # What signers are asked, see `petitions.questions`.
    questions: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)


class PetitionText(Base):
    """A petition's text in one language. Signatures refer to its version.

    Once the petition was opened, a change of what people sign adds a version. Other changes and
    small corrections change the newest one.
    """

    __tablename__ = "petition_text"
    __table_args__ = (UniqueConstraint("petition_id", "language", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[PetitionId]
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
    portrait_alt: Mapped[str] = mapped_column("face", String(300), default="")
    portrait_caption: Mapped[str] = mapped_column("face_caption", String(300), default="")
    created_at: Mapped[datetime]  # of a version
    revision: Mapped[int] = mapped_column(default=1)  # one more with each change of the language
    reason: Mapped[str] = mapped_column(String(500), default="")  # why there is a new version
    # When its meaning changed, or a translation was compared with its source; null: `created_at`.
    checked_at: Mapped[datetime | None]
    tested_revision: Mapped[int | None]  # last emailed to an organiser, as earlier signers get it


class Tally(Base):
    """The count of a petition, in a table of its own so that confirmations do not lock its row.

    `counted` changes in the transaction of a confirmation; `last_number` never decreases.
    """

    __tablename__ = "tally"

    petition_id: Mapped[PetitionId] = mapped_column(primary_key=True)
    counted: Mapped[int] = mapped_column(default=0)
    last_number: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]


class FormerSlug(Base):
    """An address that a petition had, which leads to the present one."""

    __tablename__ = "former_slug"

    slug: Mapped[str] = mapped_column(String(60), primary_key=True)
    petition_id: Mapped[PetitionId]
