"""Sessions of organisers: a row each, whose secret only the browser's cookie has.

A session ends after seven days at the latest. That it ends when it is idle is the cookie's doing.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from petition import audit
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import BrowserSession, Organiser
from petition.models.enums import AuditAction
from petition.organisers.browsers import Browser

LONGEST = timedelta(days=7)
USE_NOTED_EVERY = timedelta(minutes=5)

_session = BrowserSession.table()


class SessionKey(NamedTuple):
    """The content of a session's cookie."""

    session_id: int
    secret: str


class SignedIn(NamedTuple):
    """An organiser in one of their sessions."""

    organiser: Organiser
    session: BrowserSession


def start(
    connection: Connection, organiser_id: int, browser: Browser, *, now: datetime
) -> SessionKey:
    """Start a session, in the caller's transaction, and return its key."""
    secret = secrets.token_urlsafe(32)
    session_id = connection.scalar(
        insert(_session)
        .values(
            organiser_id=organiser_id,
            secret_hash=_hash(secret),
            browser=browser.name,
            system=browser.system,
            created_at=now,
            used_at=now,
        )
        .returning(_session.c.id)
    )
    assert session_id is not None  # noqa: S101 (an INSERT returns its row)
    return SessionKey(session_id, secret)


def get(key: SessionKey, *, now: datetime) -> SignedIn | None:
    """Return who is signed in, or None when the session has ended or the organiser was removed."""
    row = db.session.execute(
        select(Organiser, BrowserSession)
        .join(BrowserSession, BrowserSession.organiser_id == Organiser.id)
        .where(BrowserSession.id == key.session_id, BrowserSession.created_at > now - LONGEST)
    ).first()
    if row is None or not hmac.compare_digest(row[1].secret_hash, _hash(key.secret)):
        return None
    return SignedIn(*row)


def note_use(session: BrowserSession, *, now: datetime) -> None:
    """Store that a session has sent a form, every five minutes at most."""
    if now - session.used_at < USE_NOTED_EVERY:
        return
    with transaction() as connection:
        connection.execute(update(_session).where(_session.c.id == session.id).values(used_at=now))


def list_sessions(organiser_id: int, *, now: datetime) -> Sequence[BrowserSession]:
    """List the sessions of an organiser, the newest first."""
    mine = BrowserSession.organiser_id == organiser_id
    return db.session.scalars(
        select(BrowserSession)
        .where(mine, BrowserSession.created_at > now - LONGEST)
        .order_by(BrowserSession.id.desc())
    ).all()


def end(session_id: int, *, organiser_id: int, now: datetime) -> None:
    """End one session of an organiser. Idempotent; a session of somebody else goes on."""
    with transaction() as connection:
        chosen = (_session.c.id == session_id) & (_session.c.organiser_id == organiser_id)
        if connection.execute(delete(_session).where(chosen)).rowcount:
            audit.record(
                connection, AuditAction.ORGANISER_SESSION_END, now, organiser_id=organiser_id
            )


def end_all(connection: Connection, organiser_id: int) -> None:
    """End all sessions of an organiser, in the caller's transaction."""
    connection.execute(delete(_session).where(_session.c.organiser_id == organiser_id))


def delete_expired(*, now: datetime) -> int:
    """Delete the sessions of all organisers that are too old; return how many."""
    with transaction() as connection:
        return connection.execute(
            delete(_session).where(_session.c.created_at <= now - LONGEST)
        ).rowcount


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
