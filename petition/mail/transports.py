"""Who carries a mail out: an SMTP server or, where none is set, a folder."""

import smtplib
import time
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from flask_mail import _Mail as FlaskMail

from petition.core.errors import EmailDeferred, EmailRefused, MailServerUnreachable
from petition.mail.smtp import ComposedEmail, Connection, Message, codes_of, without_address

# Closing down; authentication wanted, failed, or needing TLS: no letter is to blame.
_NOT_THE_LETTERS_FAULT = {421, 530, 535, 538}


class Transport(Protocol):
    """Takes mails for as long as it is entered. Entering raises Unreachable."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def send(self, mail: ComposedEmail) -> None:
        """Hand one mail over. Raises Undeliverable, Deferred or Unreachable."""


class SmtpTransport:
    """Carries mails to the SMTP server of the settings over one connection while it is entered."""

    def __init__(self, mail: FlaskMail, bounce_address: str = "") -> None:
        self._mail = mail
        self._bounce_address = bounce_address
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        connection = Connection(self._mail)  # type: ignore[arg-type]
        try:
            connection.host = connection.configure_host()
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerUnreachable(_reason(error)) from error
        self._connection = connection
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and connection.host is not None:
            try:
                connection.host.quit()
            except (OSError, smtplib.SMTPException):
                connection.host.close()  # gone already: every mail it took was answered for

    def send(self, mail: ComposedEmail) -> None:
        """Hand one mail to the server. Raises Undeliverable, Deferred or Unreachable."""
        if self._connection is None:
            raise MailServerUnreachable("not connected")
        try:
            message = Message(mail, str(self._mail.default_sender))
            self._connection.send(message, self._bounces_to(mail))
        # From None: the answer's words hold persons, and a traceback shows a cause.
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise _refusal(code, answer) from None
        except smtplib.SMTPSenderRefused as error:  # with VERP, its words hold the letter's key
            answered = codes_of(error.smtp_code, error.smtp_error)
            raise MailServerUnreachable(f"sender refused: {answered}") from None
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPNotSupportedError as error:
            raise EmailRefused(
                "the mail server takes no address with letters beyond ASCII"
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerUnreachable(_reason(error)) from error

    def _bounces_to(self, mail: ComposedEmail) -> str | None:
        """Return the address to which this mail alone comes back (VERP), if that is wished."""
        local, _, domain = self._bounce_address.rpartition("@")
        return f"{local}+{mail.key}@{domain}" if local else None


class FolderTransport:
    """Keeps mails as files, for trying the site out on a machine with no mail server."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def send(self, mail: ComposedEmail) -> None:
        """Write one mail; the same one again replaces its file."""
        message = Message(mail, self._sender)
        message.date = time.time()
        unfinished = self._folder / f"{mail.key}.part"
        unfinished.write_bytes(message.as_bytes())
        unfinished.replace(self._folder / f"{mail.key}.eml")


def _refusal(
    code: int, answer: bytes | str
) -> EmailRefused | EmailDeferred | MailServerUnreachable:
    reason = codes_of(code, answer)
    if code in _NOT_THE_LETTERS_FAULT:
        return MailServerUnreachable(reason)
    return EmailRefused(reason) if code >= 500 else EmailDeferred(reason)


def _reason(error: Exception) -> str:
    """Return what went wrong with the connection, in words: they are about no recipient."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return without_address(f"{error.smtp_code} {text}")
    return without_address(f"{type(error).__name__}: {error}")
