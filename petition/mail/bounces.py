"""Mail that came back: what the mail server says at once, and delivery reports (RFC 3464 and 6533)
that come later.

An address that does not exist gets no more mail; one whose mailbox is full today may be written to
tomorrow. A signature that was confirmed before stays counted.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.parser import HeaderParser
from itertools import islice

from sqlalchemy import Connection, select, update

from petition.database.transactions import transaction
from petition.mail.smtp import enhanced_status
from petition.models import Email
from petition.models.enums import EmailState
from petition.outbox import suppression
from petition.signatures import entries
from petition.signatures.entries import EntryRef

# RFC 3463: no such mailbox or address (5.1.10 at Microsoft), moved away; disabled for good. Not
# 5.1.2: that is about a domain, and a wrong answer of the DNS must bar nobody.
_GONE = re.compile(r"\b5\.(?:1\.(?:1|3|6|10)|2\.1)\b")
_KEY = re.compile(r"\b([0-9a-f]{1,15})-([0-9a-f]{20})@")
_BLANK_LINES = re.compile(r"\r?\n(?:[ \t]*\r?\n)+")
_PART = re.compile(rb"(?:^|[\r\n])content-type:", re.IGNORECASE)

_STATUSES = {"message/delivery-status", "message/global-delivery-status"}
_RETURNED = {"message/rfc822", "message/global"}
_RETURNED_HEADERS = {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}

# A report about a mail of ours is some kilobytes in a handful of parts about one reader.
MOST_BYTES = 1_000_000
MOST_PARTS = 50
MOST_RECIPIENTS = 20

_email = Email.table()


@dataclass(frozen=True, slots=True)
class Bounce:
    """A delivery report about one letter: whether it failed, and why, as an enhanced status code
    (RFC 3463) alone.
    """

    email_id: int
    failed: bool
    reason: str


# Makes the keyed hash of a text of one kind.
MarkAddress = Callable[[str, str], str]


def record_refusal(email_id: int, reason: str, *, mark: MarkAddress, now: datetime) -> None:
    """Stop a letter for good, and all mail to its address when that does not exist."""
    with transaction() as connection:
        _stop(connection, email_id, reason, (EmailState.DUE,), mark, now)


def record_bounce(bounce: Bounce, *, mark: MarkAddress, now: datetime) -> bool:
    """Act on a delivery report; say whether it was about a letter that we know. Twice is once."""
    with transaction() as connection:
        if not bounce.failed:
            return (
                connection.scalar(select(_email.c.id).where(_email.c.id == bounce.email_id))
                is not None
            )
        return _stop(
            connection,
            bounce.email_id,
            bounce.reason,
            (EmailState.DUE, EmailState.SENT, EmailState.REFUSED),
            mark,
            now,
        )


def _stop(
    connection: Connection,
    email_id: int,
    reason: str,
    states: tuple[EmailState, ...],
    mark: MarkAddress,
    now: datetime,
) -> bool:
    row = connection.execute(
        select(_email.c.signature_id, _email.c.entry, _email.c.suppressed)
        .where(_email.c.id == email_id, _email.c.state.in_(states))
        .with_for_update()
    ).first()
    if row is None:
        return False
    written = None
    if row.signature_id is not None:
        written = entries.get_fields(connection, EntryRef(row.signature_id, row.entry))
    connection.execute(
        update(_email)
        .where(_email.c.id == email_id)
        .values(state=EmailState.REFUSED, reason=reason[:300], address="")
    )
    # One that was never mailed says nothing about its own spelling of the address.
    if written is not None and not row.suppressed and _GONE.search(reason):
        address = mark("address", written["address_key"])
        suppression.suppress(connection, address, bounce=reason, now=now)
    return True


def parse_report(written: bytes, mark: Callable[[int], list[str]]) -> list[Bounce]:
    """Return what a message reports about letters of ours; nothing when it is no delivery report,
    or none that any mail server would write.

    A letter is known by the address that the report was sent to (VERP) or by the Message-ID of the
    returned mail; `mark` gives the proofs that make either ours, so nobody can forge a bounce.
    """
    if len(written) > MOST_BYTES or len(_PART.findall(written)) > MOST_PARTS:
        return []
    message = message_from_bytes(written, _class=_Part)
    report = next((part for part in message.walk() if part.kind == "multipart/report"), None)
    email_id = None if report is None else _letter_of(message, report, mark)
    if report is None or email_id is None:
        return []
    return [
        Bounce(email_id, action == "failed", status)
        for action, status in islice(_recipients(report), MOST_RECIPIENTS)
    ]


class _Part(Message):
    """A part of a message, in which enclosed messages stay as they were written. The parser of the
    standard library reads them itself, but neither those of RFC 6533 nor any that are encoded.
    """

    @property
    def kind(self) -> str:
        """What it says that it is, such as `message/rfc822`."""
        return super().get_content_type()

    def get_content_type(self) -> str:
        return self.kind.replace("message/", "application/", 1)

    @property
    def text(self) -> str:
        """What is written in it, decoded."""
        written = self.get_payload(decode=True)
        return written.decode("utf-8", "replace") if isinstance(written, bytes) else ""


def _letter_of(message: _Part, report: _Part, mark: Callable[[int], list[str]]) -> int | None:
    written = [str(value) for name in ("To", "Delivered-To") for value in message.get_all(name, [])]
    for part in report.walk():
        if part.kind in _RETURNED:
            written += map(str, _fields(part.text).get_all("Message-ID", []))
        elif part.kind in _RETURNED_HEADERS:
            written.append(part.text)
    for number, proof in _KEY.findall("\n".join(written)):
        if proof in [found[:20] for found in mark(int(number, 16))]:
            return int(number, 16)
    return None


def _recipients(report: _Part) -> Iterator[tuple[str, str]]:
    """Yield action and enhanced status of each recipient in a delivery report."""
    for part in report.walk():
        if part.kind not in _STATUSES:
            continue
        blocks = _BLANK_LINES.split(part.text, MOST_RECIPIENTS + 1)
        for block in blocks[: MOST_RECIPIENTS + 1]:  # the first is about the report itself
            fields = _fields(block)
            action = re.match(r"[a-z]+", str(fields.get("Action", "")).lower())
            status = _status(fields)
            if action is not None and status:
                yield action.group(), status


def _status(fields: Message) -> str:
    """Return the status of a recipient, or what the server at the other end said where it says
    more: Exim writes 5.0.0 whatever it was.
    """
    status = enhanced_status(str(fields.get("Status", "")))
    if status and not status.endswith(".0"):
        return status
    said = str(fields.get("Diagnostic-Code", ""))
    return enhanced_status(said.partition(";")[2] or said) or status


def _fields(text: str) -> Message:
    return HeaderParser().parsestr(text.lstrip())
