"""Mail that came back: what the mail server says at once, and delivery reports (RFC 3464) that come
later.

An address that does not exist gets no more mail; one whose mailbox is full today may be written to
tomorrow. A signature that was confirmed before stays counted.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import Message

from sqlalchemy import Connection, select, update

from petition import suppression
from petition.extensions import transaction
from petition.kinds import LetterState
from petition.models import Letter

# RFC 3463: no such mailbox, system or address; mailbox disabled for good.
_GONE = re.compile(r"\b5\.(?:1\.[1236]|2\.1)\b")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ADDRESS = re.compile(r"<?[^\s<>:;]+@[^\s<>:;]+>?")
_KEY = re.compile(r"\b([0-9a-f]{1,15})-([0-9a-f]{20})@")

_letter = Letter.table()


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery report about one letter: for good or not, and why, without any address."""

    letter_id: int
    permanent: bool
    reason: str


def refused(letter_id: int, reason: str, *, now: datetime) -> None:
    """Stop a letter for good, and all mail to its mailbox when that does not exist."""
    with transaction() as connection:
        _stop(connection, letter_id, reason, (LetterState.DUE,), now)


def take(bounce: Bounce, *, now: datetime) -> bool:
    """Act on a delivery report; say whether it was about a letter that we know. Twice is once."""
    with transaction() as connection:
        if not bounce.permanent:
            return (
                connection.scalar(select(_letter.c.id).where(_letter.c.id == bounce.letter_id))
                is not None
            )
        return _stop(
            connection,
            bounce.letter_id,
            bounce.reason,
            (LetterState.DUE, LetterState.SENT, LetterState.REFUSED),
            now,
        )


def _stop(
    connection: Connection,
    letter_id: int,
    reason: str,
    states: tuple[LetterState, ...],
    now: datetime,
) -> bool:
    row = connection.execute(
        update(_letter)
        .where(_letter.c.id == letter_id, _letter.c.state.in_(states))
        .values(state=LetterState.REFUSED, reason=reason[:300], email="")
        .returning(_letter.c.mailbox)
    ).first()
    if row is not None and row.mailbox and _GONE.search(reason):
        suppression.suppress(connection, row.mailbox, bounce=reason, now=now)
    return row is not None


def read(message: Message, mark: Callable[[int], list[str]]) -> list[Bounce]:
    """Return what a message reports about letters of ours; nothing when it is no delivery report.

    A letter is known by the address that the report was sent to (VERP) or by the Message-ID of the
    returned mail; `mark` gives the proofs that make either ours, so nobody can forge a bounce.
    """
    if message.get_content_type() != "multipart/report":
        return []
    letter_id = _letter_of(message, mark)
    if letter_id is None:
        return []
    return [
        Bounce(letter_id, action == "failed" and status.startswith("5"), reason)
        for action, status, reason in _reports(message)
    ]


def _letter_of(message: Message, mark: Callable[[int], list[str]]) -> int | None:
    written = [str(value) for name in ("To", "Delivered-To") for value in message.get_all(name, [])]
    for part in message.walk():
        if part.get_content_type() in {"message/rfc822", "message/rfc822-headers"}:
            written += [str(inner.get("Message-ID", "")) for inner in part.walk()]
        elif part.get_content_type() == "text/rfc822-headers":
            written.append(str(part.get_payload()))
    for number, proof in _KEY.findall("\n".join(written)):
        if proof in [found[:20] for found in mark(int(number, 16))]:
            return int(number, 16)
    return None


def _reports(message: Message) -> Iterator[tuple[str, str, str]]:
    """Yield action, status and reason of each recipient in the delivery report."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for fields in part.walk():
            status = _STATUS.search(str(fields.get("Status", "")))
            if fields.get("Action") is None or status is None:
                continue
            said = str(fields.get("Diagnostic-Code", "")).partition(";")[2]
            reason = f"{status.group()} {_ADDRESS.sub('…', ' '.join(said.split()))}".strip()
            yield str(fields["Action"]).strip().lower(), status.group(), reason
