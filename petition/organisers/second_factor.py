"""The second factor of organisers: an authenticator app (TOTP, RFC 6238), or recovery codes.

A code works once, and tries are limited. `accept_code` opens a session's downloads for 15 minutes.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from petition import audit
from petition.core.errors import CodeInvalid, CodeTriesUsedUp
from petition.core.organiser_errors import SecondFactorMissing, SignInTooOld
from petition.core.tokens import Tokens
from petition.database import counters, upsert
from petition.database.base import db
from petition.database.counters import Use
from petition.database.transactions import advisory_lock, transaction
from petition.models import BrowserSession, Organiser, Petition, RecoveryCode, SecondFactor
from petition.models.enums import AuditAction
from petition.organisers import factor_codes as codes
from petition.organisers.factor_codes import Enrolment

ACCEPTED_FOR = timedelta(minutes=15)
SET_UP_WITHIN = timedelta(minutes=15)  # of signing in: a stolen session must not set up its own
RECOVERY_CODES = 10
# Of a million codes three are right at a time: who tries for a year finds one by 2 %.
_TRIES = ((timedelta(minutes=15), 5), (timedelta(days=1), 20))

_factor, _recovery = SecondFactor.table(), RecoveryCode.table()
_session, _petition = BrowserSession.table(), Petition.table()


class Status(NamedTuple):
    """Since when an organiser's second factor is on, or whether it waits for its first code."""

    confirmed_at: datetime | None = None
    is_waiting: bool = False
    recovery_codes: int = 0  # that are left


def get_status(organiser_id: int) -> Status:
    """Return the state of an organiser's second factor."""
    left = select(func.count()).where(RecoveryCode.organiser_id == organiser_id)
    row = db.session.execute(
        select(SecondFactor.confirmed_at, left.scalar_subquery()).where(
            SecondFactor.organiser_id == organiser_id
        )
    ).first()
    return Status() if row is None else Status(row[0], row[0] is None, row[1])


def is_needed(petition_id: int, session: BrowserSession, *, now: datetime) -> bool:
    """Return whether a download of the petition needs a code before, in this session."""
    accepted_at = session.code_accepted_at
    if accepted_at is not None and now - accepted_at < ACCEPTED_FOR:
        return False
    return is_required(petition_id)


def start(organiser_id: int, session: BrowserSession, tokens: Tokens, *, now: datetime) -> None:
    """Make a new secret, which `confirm` turns on. One that is on stays.

    Raises: SignInTooOld.
    """
    if now - session.created_at > SET_UP_WITHIN:
        raise SignInTooOld
    secret = codes.make_secret(organiser_id, tokens)
    values = {"secret": secret, "created_at": now, "last_step": 0}
    with transaction() as connection:
        connection.execute(
            upsert.insert(connection, _factor)
            .values(organiser_id=organiser_id, **values)
            .on_conflict_do_update(
                index_elements=["organiser_id"], set_=values, where=_factor.c.confirmed_at.is_(None)
            )
        )


def get_enrolment(organiser_id: int, tokens: Tokens, *, site: str) -> Enrolment:
    """Return what the app needs, while the second factor is not on yet.

    Raises: SecondFactorMissing.
    """
    row = db.session.execute(
        select(SecondFactor.secret, Organiser.email)
        .join(Organiser, Organiser.id == SecondFactor.organiser_id)
        .where(SecondFactor.organiser_id == organiser_id, SecondFactor.confirmed_at.is_(None))
    ).first()
    if row is None:
        raise SecondFactorMissing
    return codes.get_enrolment(organiser_id, row.secret, tokens, name=row.email, site=site)


def confirm(session: BrowserSession, code: str, tokens: Tokens, *, now: datetime) -> list[str]:
    """Turn the second factor on with a first code, and return the recovery codes.

    They are shown once: hashes alone are stored.
    Raises: CodeInvalid, CodeTriesUsedUp, SecondFactorMissing.
    """
    recovery_codes = [codes.make_recovery_code() for _ in range(RECOVERY_CODES)]
    organiser_id = session.organiser_id
    with transaction() as connection:
        factor = _lock(connection, organiser_id)
        if factor is None or factor.confirmed_at is not None:
            raise SecondFactorMissing
        refusal = _check(connection, factor, code, tokens, now)
        if refusal is None:
            connection.execute(_update(organiser_id, confirmed_at=now))
            hashes = [
                codes.hash_recovery_code(organiser_id, one, tokens)[-1] for one in recovery_codes
            ]
            connection.execute(
                insert(_recovery), [{"organiser_id": organiser_id, "hash": one} for one in hashes]
            )
            _accept(connection, session, now)
            action = AuditAction.SECOND_FACTOR_ON
            audit.record(connection, action, now, organiser_id=organiser_id)
    if refusal is not None:
        raise refusal
    return recovery_codes


def accept_code(session: BrowserSession, code: str, tokens: Tokens, *, now: datetime) -> None:
    """Open the downloads of a session with a code of the app, or a recovery code, for 15 minutes.

    Raises: CodeInvalid, CodeTriesUsedUp, SecondFactorMissing.
    """
    with transaction() as connection:
        refusal = _use_code(connection, session.organiser_id, code, tokens, now)
        if refusal is None:
            _accept(connection, session, now)
    if refusal is not None:
        raise refusal


def turn_off(session: BrowserSession, code: str, tokens: Tokens, *, now: datetime) -> None:
    """Delete an organiser's second factor and recovery codes, with a code.

    Raises: CodeInvalid, CodeTriesUsedUp, SecondFactorMissing.
    """
    organiser_id = session.organiser_id
    with transaction() as connection:
        refusal = _use_code(connection, organiser_id, code, tokens, now)
        if refusal is None:
            _delete(connection, organiser_id)
            action = AuditAction.SECOND_FACTOR_OFF
            audit.record(connection, action, now, organiser_id=organiser_id)
    if refusal is not None:
        raise refusal


def reset(organiser_id: int, *, now: datetime) -> None:
    """Delete an organiser's second factor by the command line: phone and codes are lost."""
    with transaction() as connection:
        _delete(connection, organiser_id)
        detail = f"organiser {organiser_id}"
        audit.record(connection, AuditAction.SECOND_FACTOR_OFF, now, detail=detail)


def is_required(petition_id: int) -> bool:
    """Return whether downloads of a petition need a code."""
    needed = select(Petition.downloads_need_code).where(Petition.id == petition_id)
    return bool(db.session.scalar(needed))


def require_for_downloads(petition_id: int, *, needed: bool, by: int, now: datetime) -> None:
    """Choose whether downloads of a petition need a code. Idempotent."""
    with transaction() as connection:
        changed = connection.execute(
            update(_petition)
            .where(_petition.c.id == petition_id, _petition.c.downloads_need_code.is_not(needed))
            .values(downloads_need_code=needed)
        )
        if changed.rowcount:
            detail = "needed" if needed else "not needed"
            about: dict[str, Any] = {"organiser_id": by, "petition_id": petition_id}
            action = AuditAction.PETITION_SECOND_FACTOR
            audit.record(connection, action, now, **about, detail=detail)


def _use_code(
    connection: Connection, organiser_id: int, code: str, tokens: Tokens, now: datetime
) -> Exception | None:
    """Use up a code of either kind; return why it is refused, for after the transaction."""
    factor = _lock(connection, organiser_id)
    if factor is None or factor.confirmed_at is None:
        raise SecondFactorMissing
    return _check(connection, factor, code, tokens, now)


def _lock(connection: Connection, organiser_id: int) -> Row[Any] | None:
    """Let one transaction at a time use the codes of an organiser, and return their factor."""
    advisory_lock(connection, f"second factor {organiser_id}")
    factor = select(_factor).where(_factor.c.organiser_id == organiser_id)
    return connection.execute(factor).first()


def _check(
    connection: Connection, factor: Row[Any], code: str, tokens: Tokens, now: datetime
) -> Exception | None:
    organiser_id = factor.organiser_id
    uses = [Use("second factor", f"{organiser_id} {most}", window) for window, most in _TRIES]
    counts = counters.increment(connection, uses, now=now)
    limits = [most for _, most in _TRIES]
    if any(count.value > most for count, most in zip(counts, limits, strict=True)):
        return CodeTriesUsedUp()
    step = codes.find_step(organiser_id, factor.secret, code, tokens, now=now)
    if step is not None and step > factor.last_step:
        connection.execute(_update(organiser_id, last_step=step))
        return None
    hashes = codes.hash_recovery_code(organiser_id, code, tokens)
    chosen = (_recovery.c.organiser_id == organiser_id) & _recovery.c.hash.in_(hashes)
    if connection.execute(delete(_recovery).where(chosen)).rowcount:
        action = AuditAction.RECOVERY_CODE_USE
        audit.record(connection, action, now, organiser_id=organiser_id)
        return None
    return CodeInvalid()


def _accept(connection: Connection, session: BrowserSession, now: datetime) -> None:
    accepted = update(_session).where(_session.c.id == session.id)
    connection.execute(accepted.values(code_accepted_at=now))


def _delete(connection: Connection, organiser_id: int) -> None:
    connection.execute(delete(_factor).where(_factor.c.organiser_id == organiser_id))
    ended = update(_session).where(_session.c.organiser_id == organiser_id)
    connection.execute(ended.values(code_accepted_at=None))


def _update(organiser_id: int, **values: object) -> Any:
    return update(_factor).where(_factor.c.organiser_id == organiser_id).values(**values)
