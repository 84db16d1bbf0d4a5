"""Sums kept so that figures need no scan: counted signatures, and what happened on each day."""

from datetime import date
from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import PetitionId, one_of


class SumKind(StrEnum):
    """What signatures are summed by, with the form of the key: counted ones but for the last."""

    CHANNEL = "channel"  # code; none for signatures without one
    COUNTRY = "country"  # ISO 3166-1 alpha-2
    DAY = "day"  # of confirmation, UTC, ISO 8601
    HOUR = "hour"  # of confirmation, UTC: "2016-05-26 12"
    LANGUAGE = "language"  # code; that of the page, not of the text
    DISPOSABLE = "disposable"  # "yes"; none for other addresses
    ORGANISATION = "organisation"  # casefolded name; none for signatures without one
    TEXT = "text"  # language and newest version that was signed or confirmed: "en-2"
    INVALIDATED = "invalidated"  # the reason; of signatures that no longer count


class SignatureSum(Base):
    """How many signatures share a value; no row for none, as the value may be personal."""

    __tablename__ = "signature_sum"
    __table_args__ = (one_of("kind", SumKind), {"sqlite_with_rowid": False})

    petition_id: Mapped[PetitionId] = mapped_column(primary_key=True)
    kind: Mapped[SumKind] = mapped_column(String(12), primary_key=True)
    # Casefolding can make three characters of one.
    key: Mapped[str] = mapped_column(String(600), primary_key=True)
    confirmed: Mapped[int]


class ActivityKind(StrEnum):
    """What is counted by day: a form sent, and what came of its email or its signature."""

    FORM = "form"  # that was accepted, also of somebody who had signed before
    EMAIL = "email"  # that answers a form, accepted by the mail server
    REFUSED = "refused"  # such an email, refused or given up
    WITHDRAWN = "withdrawn"  # a counted signature, erased by its owner


class Activity(Base):
    """How often something happened under a petition on a day (UTC). No data of persons.

    A number may be negative: an email that was refused on an earlier day is tried again.
    """

    __tablename__ = "activity"
    __table_args__ = (one_of("kind", ActivityKind), {"sqlite_with_rowid": False})

    petition_id: Mapped[PetitionId] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[ActivityKind] = mapped_column(String(10), primary_key=True)
    number: Mapped[int]
