"""How emails leave: to an SMTP server or, where none is set, into a folder."""

import smtplib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from flask_mail import Mail

from petition.core.errors import (
    ConnectionLost,
    EmailDeferred,
    EmailRefused,
    MailServerUnreachable,
    SenderRefused,
)
from petition.core.files import write_file
from petition.mail.smtp import OutgoingMessage, SMTPConnection, unreachable
from petition.mail.status_codes import NO_SMTPUTF8, format_codes, is_about_sender

_CLOSING_DOWN = 421  # not about one email

# Raises: EmailRefused, EmailDeferred, MailServerUnreachable, SenderRefused.
Send = Callable[[OutgoingMessage], None]
Connect = Callable[[], AbstractContextManager[Send]]  # raises the last two


@contextmanager
def connect(mail: Mail, bounce_address: str = "") -> Iterator[Send]:
    """Connect to the SMTP server, and yield what sends an email; VERP with a `bounce_address`."""
    local, _, domain = bounce_address.rpartition("@")

    def send(message: OutgoingMessage) -> None:
        return_path = f"{local}+{message.key}@{domain}" if local else None
        try:
            connection.send(message, return_path)
        except (OSError, smtplib.SMTPException) as error:
            # From None: the reply may name persons, and a traceback shows a cause.
            raise _classify(error) from None

    with SMTPConnection(mail) as connection:
        yield send


@contextmanager
def open_folder(folder: Path) -> Iterator[Send]:
    """Make a folder, and yield what writes an email there, named for its key. Idempotent."""

    def send(message: OutgoingMessage) -> None:
        write_file(folder / f"{message.key}.eml", message.as_bytes())

    folder.mkdir(parents=True, exist_ok=True)
    yield send


def _classify(error: Exception) -> EmailRefused | EmailDeferred | MailServerUnreachable:
    """Return what an error of smtplib means for the email."""
    reply: bytes | str
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, reply = next(iter(error.recipients.values()))
        case smtplib.SMTPSenderRefused():
            codes = format_codes(error.smtp_code, error.smtp_error)
            kind = SenderRefused if error.smtp_code >= 500 else MailServerUnreachable
            return kind(f"sender refused: {codes}")
        case smtplib.SMTPDataError():
            code, reply = error.smtp_code, error.smtp_error
        case smtplib.SMTPNotSupportedError():
            return EmailRefused(NO_SMTPUTF8)
        case smtplib.SMTPResponseException():
            return unreachable(error)
        case _:
            return ConnectionLost(str(unreachable(error)))
    reason = format_codes(code, reply)
    if code == _CLOSING_DOWN:
        return MailServerUnreachable(reason)
    if is_about_sender(reason):
        return SenderRefused(reason)
    # Some servers say 552 4.2.2 of a full mailbox: the enhanced code is the more exact one.
    permanent = code >= 500 and not reason.partition(" ")[2].startswith("4.")
    return EmailRefused(reason) if permanent else EmailDeferred(reason)
