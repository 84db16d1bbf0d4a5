"""Emails that bounce: refused by the server at once, or by a delivery report (RFC 3464, RFC 6533).

An address that does not exist gets no more emails; one whose mailbox is full may get later ones.
A signature that is confirmed stays counted.
"""

import re
from base64 import b32decode, b32encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.parser import HeaderParser
from itertools import islice

from sqlalchemy import Connection, select, update

from petition.core.errors import TokenInvalid
from petition.core.tokens import Tokens
from petition.database.transactions import transaction
from petition.mail.status_codes import find_enhanced_status
from petition.models import Email
from petition.models.enums import EmailState
from petition.models.sums import ActivityKind
from petition.outbox import activity, suppression
from petition.signatures import entries
from petition.signatures.entries import EntryRef

# RFC 3463: no such mailbox or address (5.1.10 at Microsoft), moved, disabled. Not 5.1.2: it is
# about the domain, and a wrong answer of the DNS must suppress nobody.
_NO_MAILBOX = re.compile(r"\b5\.(?:1\.(?:1|3|6|10)|2\.1)\b")
_KEY = re.compile(r"\b([a-z2-7]{39})@")
_CLEAR_KEY = re.compile(r"\b([0-9a-f]{1,15})-([0-9a-f]{20})@")  # of 26 November 2026 or earlier
_BLANK_LINES = re.compile(r"\r?\n(?:[ \t]*\r?\n)+")
_PART = re.compile(rb"(?:^|[\r\n])content-type:", re.IGNORECASE)

_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}
_RETURNED_TYPES = {"message/rfc822", "message/global"}
_RETURNED_HEADER_TYPES = {"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}

# A real report about an email of ours is some kilobytes in a few parts about one recipient.
MAX_BYTES = 1_000_000
MAX_PARTS = 50
MAX_RECIPIENTS = 20

_email = Email.table()


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says about an email. `reason` is an enhanced status code."""

    email_id: int
    failed: bool
    reason: str


def make_key(email_id: int, tokens: Tokens) -> str:
    """Return the key of an email in its Message-ID and return path: 39 letters and digits."""
    return b32encode(tokens.seal("message", email_id)).decode().rstrip("=").lower()


def record_bounce(bounce: Bounce, *, tokens: Tokens, now: datetime) -> bool:
    """Act on a delivery report and return whether its email is known. Idempotent."""
    with transaction() as connection:
        if bounce.failed:
            states = EmailState.DUE, EmailState.SENT, EmailState.REFUSED
            return refuse(
                connection, bounce.email_id, bounce.reason, *states, tokens=tokens, now=now
            )
        known = select(_email.c.id).where(_email.c.id == bounce.email_id)
        return connection.scalar(known) is not None


def refuse(
    connection: Connection,
    email_id: int,
    reason: str,
    *states: EmailState,
    tokens: Tokens,
    now: datetime,
) -> bool:
    """Mark an email, if in one of `states`, as refused; suppress an address that does not exist.

    Return whether it was in one.
    """
    email = connection.execute(
        select(_email.c.signature_id, _email.c.entry, _email.c.suppressed, _email.c.state)
        .where(_email.c.id == email_id, _email.c.state.in_(states))
        .with_for_update()
    ).first()
    if email is None:
        return False
    fields = entries.get_fields(connection, EntryRef(email.signature_id, email.entry))
    connection.execute(
        update(_email)
        .where(_email.c.id == email_id)
        .values(state=EmailState.REFUSED, reason=reason[:300], address="")
    )
    if email.state == EmailState.SENT:
        activity.add_emails(connection, ActivityKind.EMAIL, [email_id], by=-1, now=now)
    if email.state != EmailState.REFUSED:
        activity.add_emails(connection, ActivityKind.REFUSED, [email_id], now=now)
    # A suppressed email was never sent, so it shows nothing about its own address.
    if fields is not None and not email.suppressed and is_no_mailbox(reason):
        address_hash = tokens.keyed_hash("address", fields["address_key"])
        suppression.suppress(connection, address_hash, bounce=reason, now=now)
    return True


def is_no_mailbox(reason: str) -> bool:
    """Return whether a reason says that the address does not exist."""
    return _NO_MAILBOX.search(reason) is not None


def parse_report(content: bytes, tokens: Tokens) -> list[Bounce]:
    """Return what a message reports about our emails; empty if it is no delivery report.

    An email is known by the report's own recipient (VERP) or by the Message-ID of the returned
    message. Both hold its encrypted id, so nobody can forge a bounce.
    """
    if len(content) > MAX_BYTES or len(_PART.findall(content)) > MAX_PARTS:
        return []
    message = message_from_bytes(content, _class=_Part)
    report = next((part for part in message.walk() if part.kind == "multipart/report"), None)
    email_id = None if report is None else _find_email(message, report, tokens)
    if report is None or email_id is None:
        return []
    return [
        Bounce(email_id, action == "failed", status)
        for action, status in islice(_parse_recipients(report), MAX_RECIPIENTS)
    ]


class _Part(Message):
    """A part with enclosed messages unparsed: Python reads neither encoded nor RFC 6533 ones."""

    @property
    def kind(self) -> str:
        """The content type of the header, such as `message/rfc822`."""
        return super().get_content_type()

    def get_content_type(self) -> str:
        return self.kind.replace("message/", "application/", 1)

    @property
    def text(self) -> str:
        """The decoded content."""
        payload = self.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _find_email(message: _Part, report: _Part, tokens: Tokens) -> int | None:
    texts = [str(value) for name in ("To", "Delivered-To") for value in message.get_all(name, [])]
    for part in report.walk():
        if part.kind in _RETURNED_TYPES:
            texts += map(str, _parse_headers(part.text).get_all("Message-ID", []))
        elif part.kind in _RETURNED_HEADER_TYPES:
            texts.append(part.text)
    text = "\n".join(texts)
    for key in _KEY.findall(text):
        with suppress(TokenInvalid):
            (email_id,) = tokens.unseal("message", b32decode(f"{key.upper()}="))
            return email_id
    for hex_id, key in _CLEAR_KEY.findall(text):
        email_id = int(hex_id, 16)
        if key in [digest[:20] for digest in tokens.keyed_hashes("message", str(email_id))]:
            return email_id
    return None


def _parse_recipients(report: _Part) -> Iterator[tuple[str, str]]:
    """Yield the action and enhanced status of each recipient in a delivery report."""
    for part in report.walk():
        if part.kind not in _STATUS_TYPES:
            continue
        # The first block is about the report itself.
        for block in _BLANK_LINES.split(part.text)[: MAX_RECIPIENTS + 1]:
            headers = _parse_headers(block)
            action = re.match(r"[a-z]+", str(headers.get("Action", "")).lower())
            status = _find_status(headers)
            if action is not None and status:
                yield action.group(), status


def _find_status(headers: Message) -> str:
    """Return a recipient's status, or the remote server's if it is less vague (Exim's 5.0.0)."""
    status = find_enhanced_status(str(headers.get("Status", "")))
    if status and not status.endswith(".0"):
        return status
    diagnostic = str(headers.get("Diagnostic-Code", ""))
    return find_enhanced_status(diagnostic.partition(";")[2] or diagnostic) or status


def _parse_headers(text: str) -> Message:
    return HeaderParser().parsestr(text.lstrip())
