"""Sessions of organisers, their second factors and recovery codes."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS


class BrowserSession(Base):
    """A browser in which an organiser is signed in; its cookie has the secret.

    `browser` and `system` are rough names, such as Firefox and Android. `used_at` is when a form
    was last sent: reading a page writes nothing. `code_accepted_at` is of the second factor.
    """

    __tablename__ = "browser_session"
    __table_args__ = (NEVER_REUSE_IDS,)

    id: Mapped[int] = mapped_column(primary_key=True)
    organiser_id: Mapped[int] = mapped_column(
        ForeignKey("organiser.id", ondelete="CASCADE"), index=True
    )
    secret_hash: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(20))
    system: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime]
    code_accepted_at: Mapped[datetime | None]


class SecondFactor(Base):
    """An organiser's authenticator app: its encrypted secret, and the last step that was used.

    It is on from `confirmed_at`, when the first code was typed.
    """

    __tablename__ = "second_factor"

    organiser_id: Mapped[int] = mapped_column(
        ForeignKey("organiser.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    secret: Mapped[bytes] = mapped_column(LargeBinary(48))
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int]


class RecoveryCode(Base):
    """The keyed hash of a code that works once in place of the authenticator app."""

    __tablename__ = "recovery_code"

    organiser_id: Mapped[int] = mapped_column(
        ForeignKey("second_factor.organiser_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    hash: Mapped[str] = mapped_column(String(32), primary_key=True)
