"""Ask earlier signers by email whether they support the new text: count, test, start, stop.

It is about their own signature, so it goes also to those without news, unless they unsubscribed.
Each is asked once about a version: that is stored in the transaction that enqueues the email.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

from petition import audit
from petition.core.errors import ItemNotFound
from petition.core.organiser_errors import UpdateNotReady
from petition.database.base import db
from petition.database.transactions import advisory_lock, transaction
from petition.models import Mailing, PetitionText, Signature
from petition.models.enums import AuditAction, EmailKind, MailingState
from petition.organisers.news import mailing_states
from petition.organisers.news.mailing_states import Progress
from petition.outbox import news_emails

_Text = Row[*tuple[Any, ...]]  # id, language, version, revision, tested_revision

_mailing, _signature, _text = Mailing.table(), Signature.table(), PetitionText.table()


class TextQuestion(NamedTuple):
    """What is to be asked. `signers` are those who were not asked yet, by their language.

    `tested`: an organiser got an email with the texts as they are now. `progress` is that of the
    mailing about the present versions, if there is one.
    """

    versions: dict[str, int]  # the newest by language, of those that have several
    signers: dict[str, int]
    tested: bool
    progress: Progress | None


def get_question(petition_id: int, *, now: datetime) -> TextQuestion | None:
    """Return what can be asked about the present text, or None while no text has changed."""
    with db.engine.connect() as connection:
        texts = _changed_texts(connection, petition_id)
        if not texts:
            return None
        versions = {text.language: text.version for text in texts}
        number = func.count().label("number")
        rows = connection.execute(
            select(_signature.c.language, number)
            .where(_is_to_ask(petition_id, versions))
            .group_by(_signature.c.language)
            .order_by(number.desc(), _signature.c.language)
        ).all()
    progress = mailing_states.get_progress(_is_about(petition_id, versions), now=now)
    signers = {str(row.language): int(row.number) for row in rows}
    return TextQuestion(versions, signers, _are_tested(texts), progress)


def send_test(petition_id: int, *, organiser_id: int, now: datetime) -> int:
    """Email the question to an organiser, once in each changed language; return how many emails.

    It may be sent to signers then, as long as nobody changes the text. Raises: ItemNotFound.
    """
    with transaction() as connection:
        texts = _changed_texts(connection, petition_id)
        if not texts:
            raise ItemNotFound
        number = news_emails.enqueue_test(
            connection,
            organiser_id,
            petition_id,
            [text.language for text in texts],
            kind=EmailKind.NEW_TEXT_TEST,
            now=now,
        )
        for text in texts:
            is_it = (_text.c.id == text.id, _text.c.revision == text.revision)
            tested = update(_text).where(*is_it).values(tested_revision=text.revision)
            connection.execute(tested)
        if number:
            _record(connection, AuditAction.TEXT_QUESTION_TEST, petition_id, organiser_id, now)
        return number


def start(petition_id: int, *, organiser_id: int | None = None, now: datetime) -> None:
    """Start to ask about the present text, once it was tested. Idempotent for the same versions.

    Emails about earlier versions are stopped. Raises: ItemNotFound, UpdateNotReady.
    """
    with transaction() as connection:
        advisory_lock(connection, f"mailings of petition {petition_id}")
        texts = _changed_texts(connection, petition_id)
        if not texts:
            raise ItemNotFound
        versions = {text.language: text.version for text in texts}
        about = _is_about(petition_id, versions)
        if connection.scalar(select(_mailing.c.id).where(about)) is not None:
            return
        if not _are_tested(texts):
            raise UpdateNotReady
        earlier = (_mailing.c.petition_id == petition_id, _mailing.c.versions.is_not(None))
        for mailing_id in connection.scalars(select(_mailing.c.id).where(*earlier)).all():
            mailing_states.stop(connection, mailing_id, now=now)
        readers, last_id = connection.execute(
            select(func.count(), func.coalesce(func.max(_signature.c.id), 0)).where(
                _is_to_ask(petition_id, versions)
            )
        ).one()
        values = {
            "versions": _join(versions),
            "petition_id": petition_id,
            "state": MailingState.RUNNING,
            "started_by": organiser_id,
            "started_at": now,
            "insisted": False,
            "readers": readers,
            "last_signature_id": last_id,
        }
        connection.execute(insert(Mailing).values(values))
        detail = f"{_join(versions)}, {readers} signers"
        _record(connection, AuditAction.TEXT_QUESTION_START, petition_id, organiser_id, now, detail)


def pause(petition_id: int, *, organiser_id: int, now: datetime) -> None:
    """Send no more emails for now. Idempotent."""
    with transaction() as connection:
        mailing_id = _lock_newest(connection, petition_id)
        if mailing_id and mailing_states.pause(connection, mailing_id):
            _record(connection, AuditAction.TEXT_QUESTION_PAUSE, petition_id, organiser_id, now)


def resume(petition_id: int, *, organiser_id: int, now: datetime) -> None:
    """Go on with emails that were paused. Idempotent."""
    with transaction() as connection:
        mailing_id = _lock_newest(connection, petition_id)
        if mailing_id and mailing_states.resume(connection, mailing_id, now=now):
            _record(connection, AuditAction.TEXT_QUESTION_RESUME, petition_id, organiser_id, now)


def stop(petition_id: int, *, organiser_id: int, now: datetime) -> None:
    """End the emails for ever. Idempotent."""
    with transaction() as connection:
        mailing_id = _lock_newest(connection, petition_id)
        if mailing_id and mailing_states.stop(connection, mailing_id, now=now):
            _record(connection, AuditAction.TEXT_QUESTION_STOP, petition_id, organiser_id, now)


def take_next(connection: Connection, mailing: Row[Any], *, limit: int) -> Sequence[Row[int, int]]:
    """Return ids and entries of the next signers of a mailing, and store that they are asked.

    The caller enqueues their emails in the same transaction.
    """
    versions = split(mailing.versions)
    in_range = _signature.c.id.between(mailing.cursor + 1, mailing.last_signature_id)
    signers = connection.execute(
        select(_signature.c.id, _signature.c.entry)
        .where(_is_to_ask(mailing.petition_id, versions), in_range)
        .order_by(_signature.c.id)
        .limit(limit)
        .with_for_update()
    ).all()
    ids = [row.id for row in signers]
    for language, version in versions.items():
        asked = (_signature.c.id.in_(ids), _signature.c.text_language == language)
        connection.execute(update(_signature).where(*asked).values(asked_version=version))
    return signers


def split(versions: str) -> dict[str, int]:
    """Return the versions of a mailing by language."""
    pairs = (one.rpartition("-") for one in versions.split(","))
    return {language: int(version) for language, _, version in pairs}


def _join(versions: Mapping[str, int]) -> str:
    return ",".join(f"{language}-{version}" for language, version in sorted(versions.items()))


def _changed_texts(connection: Connection, petition_id: int) -> Sequence[_Text]:
    """Return the newest text of each language that has several versions."""
    columns = (_text.c.id, _text.c.language, _text.c.version, _text.c.revision)
    rows = connection.execute(
        select(*columns, _text.c.tested_revision)
        .where(_text.c.petition_id == petition_id, _text.c.version > 1)
        .order_by(_text.c.language, _text.c.version)
    )
    newest: dict[str, _Text] = {row.language: row for row in rows}
    return list(newest.values())


def _are_tested(texts: Sequence[_Text]) -> bool:
    return all(text.tested_revision == text.revision for text in texts)


def _is_to_ask(petition_id: int, versions: Mapping[str, int]) -> ColumnElement[bool]:
    """Return the condition for signers with an older text who were not asked about these."""
    table = _signature.c
    agreed = func.coalesce(table.confirmed_version, table.text_version)
    asked = func.coalesce(table.asked_version, 0)
    is_older = [
        and_(table.text_language == language, agreed < version, asked < version)
        for language, version in versions.items()
    ]
    is_reached = (Signature.counted, table.email != "", table.refuses_questions.is_(False))
    return and_(table.petition_id == petition_id, *is_reached, or_(*is_older))


def _is_about(petition_id: int, versions: Mapping[str, int]) -> ColumnElement[bool]:
    return and_(_mailing.c.petition_id == petition_id, _mailing.c.versions == _join(versions))


def _lock_newest(connection: Connection, petition_id: int) -> int | None:
    """Return the newest of these mailings, locked, or None."""
    of_texts = (_mailing.c.petition_id == petition_id, _mailing.c.versions.is_not(None))
    newest = select(_mailing.c.id).where(*of_texts).order_by(_mailing.c.id.desc()).limit(1)
    return connection.scalar(newest.with_for_update())


def _record(
    connection: Connection,
    action: AuditAction,
    petition_id: int,
    organiser_id: int | None,
    now: datetime,
    detail: str = "",
) -> None:
    audit.record(
        connection, action, now, organiser_id=organiser_id, petition_id=petition_id, detail=detail
    )
