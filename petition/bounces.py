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

from petition import entries, suppression
from petition.entries import Kept
from petition.extensions import transaction
from petition.kinds import LetterState
from petition.models import Letter
from petition.smtp import without_address

# RFC 3463: no such mailbox or address (5.1.10 at Microsoft), moved away; disabled for good. Not
# 5.1.2: that is about a domain, and a wrong answer of the DNS must bar nobody.
_GONE = re.compile(r"\b5\.(?:1\.(?:1|3|6|10)|2\.1)\b")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_KEY = re.compile(r"\b([0-9a-f]{1,15})-([0-9a-f]{20})@")

_letter = Letter.table()


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery report about one letter: whether it failed, and why, without any address."""

    letter_id: int
    failed: bool
    reason: str


# Makes the keyed hash of a text of one kind.
MarkAddress = Callable[[str, str], str]


def refused(letter_id: int, reason: str, *, mark: MarkAddress, now: datetime) -> None:
    """Stop a letter for good, and all mail to its address when that does not exist."""
    with transaction() as connection:
        _stop(connection, letter_id, reason, (LetterState.DUE,), mark, now)


def take(bounce: Bounce, *, mark: MarkAddress, now: datetime) -> bool:
    """Act on a delivery report; say whether it was about a letter that we know. Twice is once."""
    with transaction() as connection:
        if not bounce.failed:
            return (
                connection.scalar(select(_letter.c.id).where(_letter.c.id == bounce.letter_id))
                is not None
            )
        return _stop(
            connection,
            bounce.letter_id,
            bounce.reason,
            (LetterState.DUE, LetterState.SENT, LetterState.REFUSED),
            mark,
            now,
        )


def _stop(
    connection: Connection,
    letter_id: int,
    reason: str,
    states: tuple[LetterState, ...],
    mark: MarkAddress,
    now: datetime,
) -> bool:
    row = connection.execute(
        select(_letter.c.signature_id, _letter.c.entry, _letter.c.silent)
        .where(_letter.c.id == letter_id, _letter.c.state.in_(states))
        .with_for_update()
    ).first()
    if row is None:
        return False
    written = None
    if row.signature_id is not None:
        written = entries.typed(connection, Kept(row.signature_id, row.entry))
    if written is not None:  # after forwarding, the report is about another address
        reason = without_address(reason, written["email"])
    connection.execute(
        update(_letter)
        .where(_letter.c.id == letter_id)
        .values(state=LetterState.REFUSED, reason=reason[:300], email="")
    )
    # One that was never mailed says nothing about its own spelling of the address.
    if written is not None and not row.silent and _GONE.search(reason):
        address = mark("address", written["address_key"])
        suppression.suppress(connection, address, bounce=reason, now=now)
    return True


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
    return [Bounce(letter_id, action == "failed", reason) for action, reason in _reports(message)]


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


def _reports(message: Message) -> Iterator[tuple[str, str]]:
    """Yield action and reason of each recipient in the delivery report."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for fields in part.walk():
            status = _STATUS.search(str(fields.get("Status", "")))
            if fields.get("Action") is None or status is None:
                continue
            said = str(fields.get("Diagnostic-Code", "")).partition(";")[2]
            recipient = str(fields.get("Final-Recipient", "")).partition(";")[2]
            reason = f"{status.group()} {without_address(said, recipient)}".strip()
            yield str(fields["Action"]).strip().lower(), reason
