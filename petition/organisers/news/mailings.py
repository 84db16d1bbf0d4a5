"""Email an update to the signers who asked for news: test, start, pause, resume, stop.

Nobody gets it twice: an update has one mailing, which walks through the signers once, and each
email is given to the mail server at most once (`outbox.delivery`).
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from petition import audit
from petition.core.errors import ItemNotFound
from petition.core.organiser_errors import MailingTooSoon, UpdateNotReady
from petition.database.base import db
from petition.database.transactions import advisory_lock, transaction
from petition.models import Mailing, PetitionUpdate, PetitionUpdateText, Signature
from petition.models.enums import AuditAction, MailingState
from petition.organisers.news import mailing_states
from petition.organisers.news.mailing_states import Progress
from petition.organisers.news.reading import NewsState, get_state
from petition.outbox import news_emails

INTERVAL = timedelta(days=3)  # between two mailings of a petition

_mailing, _update = Mailing.table(), PetitionUpdate.table()
_signature = Signature.table()


def count_readers(petition_id: int) -> dict[str, int]:
    """Return how many signers asked for news, by language, the commonest first."""
    number = func.count().label("number")
    rows = db.session.execute(
        select(_signature.c.language, number)
        .where(_signature.c.petition_id == petition_id, Signature.wants_news())
        .group_by(_signature.c.language)
        .order_by(number.desc(), _signature.c.language)
    )
    return {str(row.language): int(row.number) for row in rows}


def get_progress(update_id: int, *, now: datetime) -> Progress | None:
    """Return how far the mailing of an update is, or None without one."""
    return mailing_states.get_progress(_mailing.c.update_id == update_id, now=now)


def next_start(petition_id: int) -> datetime | None:
    """Return from when on the next mailing of a petition may start; None without an earlier one."""
    latest = select(func.max(Mailing.started_at)).where(*_is_of_news(petition_id))
    started_at = db.session.scalar(latest)
    return started_at and started_at + INTERVAL


def send_test(petition_id: int, update_id: int, *, organiser_id: int, now: datetime) -> int:
    """Email an update to an organiser, once in each of its languages; return how many emails.

    Its mailing may start then, as long as nobody changes the text. Raises: ItemNotFound.
    """
    with transaction() as connection:
        row = _lock_update(connection, petition_id, update_id)
        languages = connection.scalars(
            select(PetitionUpdateText.language)
            .where(PetitionUpdateText.update_id == update_id)
            .order_by(PetitionUpdateText.id)
        ).all()
        number = news_emails.enqueue_test(
            connection, organiser_id, petition_id, languages, update_id=update_id, now=now
        )
        tested = update(_update).where(_update.c.id == update_id)
        connection.execute(tested.values(tested_version=row.version))
        if number:
            _record(connection, AuditAction.MAILING_TEST, row, organiser_id, now)
        return number


def start(
    petition_id: int,
    update_id: int,
    *,
    insist: bool = False,
    organiser_id: int | None = None,
    now: datetime,
) -> None:
    """Start the mailing of a published and tested update. Idempotent: an update has one mailing.

    `insist` starts it within three days of the petition's last. Raises: ItemNotFound,
    UpdateNotReady, MailingTooSoon.
    """
    with transaction() as connection:
        advisory_lock(connection, f"mailings of petition {petition_id}")
        row = _lock_update(connection, petition_id, update_id)
        if _get(connection, update_id) is not None:
            return
        if get_state(row, now) != NewsState.PUBLISHED or row.tested_version != row.version:
            raise UpdateNotReady
        latest = connection.scalar(
            select(func.max(_mailing.c.started_at)).where(*_is_of_news(petition_id))
        )
        is_early = latest is not None and now < latest + INTERVAL
        if is_early and not insist:
            raise MailingTooSoon(latest + INTERVAL)
        wants_news = (_signature.c.petition_id == petition_id, Signature.wants_news())
        readers, last_id = connection.execute(
            select(func.count(), func.coalesce(func.max(_signature.c.id), 0)).where(*wants_news)
        ).one()
        values = {
            "update_id": update_id,
            "petition_id": petition_id,
            "state": MailingState.RUNNING,
            "started_by": organiser_id,
            "started_at": now,
            "insisted": is_early,
            "readers": readers,
            "last_signature_id": last_id,
        }
        connection.execute(insert(Mailing).values(values))
        more = ", within three days of another" if is_early else ""
        detail = f"update {update_id}, {readers} readers{more}"
        _record(connection, AuditAction.MAILING_START, row, organiser_id, now, detail)


def pause(petition_id: int, update_id: int, *, organiser_id: int, now: datetime) -> None:
    """Send no more emails of a running mailing. Idempotent. Raises: ItemNotFound."""
    with transaction() as connection:
        row = _lock_update(connection, petition_id, update_id)
        mailing_id = _get(connection, update_id)
        if mailing_id and mailing_states.pause(connection, mailing_id):
            _record(connection, AuditAction.MAILING_PAUSE, row, organiser_id, now)


def resume(petition_id: int, update_id: int, *, organiser_id: int, now: datetime) -> None:
    """Go on with a paused mailing. Idempotent. Raises: ItemNotFound."""
    with transaction() as connection:
        row = _lock_update(connection, petition_id, update_id)
        mailing_id = _get(connection, update_id)
        if mailing_id and mailing_states.resume(connection, mailing_id, now=now):
            _record(connection, AuditAction.MAILING_RESUME, row, organiser_id, now)


def stop(petition_id: int, update_id: int, *, organiser_id: int, now: datetime) -> None:
    """End a mailing for ever. Idempotent. Raises: ItemNotFound."""
    with transaction() as connection:
        row = _lock_update(connection, petition_id, update_id)
        if stop_in(connection, update_id, now=now):
            _record(connection, AuditAction.MAILING_STOP, row, organiser_id, now)


def stop_in(connection: Connection, update_id: int, *, now: datetime) -> bool:
    """End the mailing of an update in the caller's transaction; return whether there was one."""
    mailing_id = _get(connection, update_id)
    return mailing_id is not None and mailing_states.stop(connection, mailing_id, now=now)


def _is_of_news(petition_id: int) -> tuple[ColumnElement[bool], ...]:
    return _mailing.c.petition_id == petition_id, _mailing.c.update_id.is_not(None)


def _get(connection: Connection, update_id: int) -> int | None:
    return connection.scalar(select(_mailing.c.id).where(_mailing.c.update_id == update_id))


def _lock_update(connection: Connection, petition_id: int, update_id: int) -> Row[Any]:
    """Return an update, locked. Raises: ItemNotFound."""
    is_update = (_update.c.petition_id == petition_id, _update.c.id == update_id)
    row = connection.execute(select(_update).where(*is_update).with_for_update()).first()
    if row is None:
        raise ItemNotFound
    return row


def _record(
    connection: Connection,
    action: AuditAction,
    row: Row[Any],
    organiser_id: int | None,
    now: datetime,
    detail: str = "",
) -> None:
    audit.record(
        connection,
        action,
        now,
        organiser_id=organiser_id,
        petition_id=row.petition_id,
        detail=detail or f"update {row.id}",
    )
