"""Refusals that are about us, not about an address: they pause the outbox.

A reply says so by its codes, or by meeting emails to several domains one after the other.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select, update

from petition.core.errors import EmailRefused, SenderRefused
from petition.core.tokens import Tokens
from petition.database.transactions import transaction
from petition.mail.bounces import is_no_mailbox
from petition.mail.senders import Outcomes
from petition.mail.status_codes import is_about_recipient, is_from_report
from petition.models import Email, Organiser, Signature
from petition.models.enums import EmailState
from petition.outbox import delivery, pausing, suppression
from petition.signatures import entries
from petition.signatures.entries import EntryRef

SAME_REPLY_DOMAINS = 3  # that get the same reply, while no email is accepted
SAME_REPLY_WITHIN = timedelta(minutes=10)

_email, _signature, _organiser = Email.table(), Signature.table(), Organiser.table()


def find_repeated(connection: Connection, replies: Outcomes) -> set[int]:
    """Return the emails that are refused again as before, though others were accepted since.

    They do not pause the outbox: one address could stop all others. It locks the pause: call it
    before the replies are settled, which locks rows.
    """
    pausing.lock(connection)
    refused = {
        key: str(error)
        for key, error in replies.items()
        if isinstance(error, EmailRefused | SenderRefused)
    }
    if not refused or pausing.is_paused(connection):
        return set()
    query = select(_email.c.id, _email.c.reason).where(_email.c.id.in_(refused))
    return {key for key, reason in connection.execute(query) if reason == refused[key]}


def update_pause(
    connection: Connection,
    replies: Outcomes,
    repeated: Collection[int],
    unreachable: Exception | None,
    *,
    tokens: Tokens,
    now: datetime,
) -> str:
    """Pause the outbox, or end its pause, by the server's replies; return a line for the log.

    `replies` are settled and in the order in which they came. Call `find_repeated` before.
    """
    accepted = [number for number, error in enumerate(replies.values()) if error is None]
    later = list(replies.items())[accepted[-1] + 1 if accepted else 0 :]
    counted = {key: error for key, error in later if key not in repeated}
    ended = bool(accepted) and _record_acceptance(connection)
    refused = [
        key
        for key, error in counted.items()
        if isinstance(error, EmailRefused) and not is_about_recipient(str(error))
    ]
    errors = list(counted.values())
    if unreachable not in replies.values():  # the connection was refused, not an email
        errors.append(unreachable)
    reasons = [str(error) for error in errors if isinstance(error, SenderRefused)]
    if refused:
        reasons += _find_same_replies(connection, refused, tokens=tokens, now=now)
    if reasons:
        began = pausing.pause(connection, reasons[0], now=now)
        return f"refuses our emails, they wait: {reasons[0]}" if began else ""
    if not accepted:
        pausing.probe_now(connection, now=now)  # these replies showed nothing
    return "accepts our emails again" if ended else ""


def _record_acceptance(connection: Connection) -> bool:
    """End the pause and forget earlier refusals; return whether there was a pause."""
    is_recorded = _email.c.refused_at.is_not(None)
    connection.execute(update(_email).where(is_recorded).values(refused_at=None))
    return pausing.end(connection)


def _find_same_replies(
    connection: Connection, refused: Collection[int], *, tokens: Tokens, now: datetime
) -> list[str]:
    """Record refusals; make those due again whose reply met several domains; return the reply."""
    is_refused = _email.c.state == EmailState.REFUSED
    connection.execute(
        update(_email).where(_email.c.id.in_(refused), is_refused).values(refused_at=now)
    )
    recent = _recent_refusals(connection, now)
    domains = defaultdict(set)
    for row in recent:
        domains[row.reason].add(str(row.mailbox_key or row.organiser).rpartition("@")[2])
    found = [reason for reason, names in domains.items() if len(names) >= SAME_REPLY_DOMAINS]
    taken_back = [row for row in recent if row.reason in found]
    delivery.revive(connection, [row.id for row in taken_back], now=now)
    for row in taken_back:
        fields = entries.get_fields(connection, EntryRef(row.signature_id, row.entry))
        if fields is not None:
            hashes = tokens.keyed_hashes("address", fields["address_key"])
            suppression.forget_bounce(connection, hashes, row.reason)
    return found


def _recent_refusals(connection: Connection, now: datetime) -> list[Row[Any]]:
    """Return the refusals since the last acceptance, within `SAME_REPLY_WITHIN`."""
    return list(
        connection.execute(
            select(
                _email.c.id,
                _email.c.reason,
                _email.c.signature_id,
                _email.c.entry,
                _signature.c.mailbox_key,
                _organiser.c.mailbox_key.label("organiser"),
            )
            .outerjoin(_signature, _signature.c.id == _email.c.signature_id)
            .outerjoin(_organiser, _organiser.c.id == _email.c.organiser_id)
            .where(_email.c.refused_at.is_not(None), _email.c.refused_at > now - SAME_REPLY_WITHIN)
            .where(_email.c.created_at > now - delivery.GIVE_UP_AFTER)
            .where(_signature.c.id.is_not(None) | _organiser.c.id.is_not(None))
        )
    )


def retry(*, refused: bool, now: datetime) -> tuple[int, int]:
    """Try emails at once that wait to be tried again; return how many waited and were refused.

    With `refused`, also those given up, but for addresses that do not exist by a delivery report.
    """
    with transaction() as connection:
        pausing.lock(connection)
        waiting = delivery.hasten(connection, now=now)
        pausing.probe_now(connection, now=now)
        if not refused:
            return waiting, 0
        suppression.forget_replies(connection)
        is_refused = _email.c.state == EmailState.REFUSED
        rows = connection.execute(select(_email.c.id, _email.c.reason).where(is_refused)).all()
        chosen = [
            email_id
            for email_id, reason in rows
            if reason != delivery.ERASED and not (is_from_report(reason) and is_no_mailbox(reason))
        ]
        for first in range(0, len(chosen), delivery.MAX_IDS):
            delivery.revive(connection, chosen[first : first + delivery.MAX_IDS], now=now)
    return waiting, len(chosen)
