"""Who carries a mail out: an SMTP server by way of Flask-Mail, hardened; or, where none is set, a folder."""

import re
import smtplib
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import formataddr, formatdate, parseaddr
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import flask_mail

from petition.errors import Deferred, Undeliverable, Unreachable

SECONDS = (
    15  # for each answer of the mail server; without it a dead one would hang the worker for ever
)
LETTERS_PER_CONNECTION = 100  # many servers end a connection after as many

_ADDRESS = re.compile(r"<?[^\s<>:]+@[^\s<>:]+>?")
_NOT_THE_LETTERS_FAULT = {
    421,
    530,
    535,
    538,
}  # closing down; authentication wanted, failed, or needing TLS
# RFC 2045 quoted-printable: lines stay under 76 bytes, so none meets the 998 of RFC 5321, and text stays legible.
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail ready to go. `key` is the same at every try, so that a second copy can be told for what it is."""

    key: str
    to: str
    language: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Courier(Protocol):
    """Takes mails for as long as it is entered. Entering raises Unreachable."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def send(self, mail: Mail) -> None:
        """Hand one mail over. Raises Undeliverable, Deferred or Unreachable."""


class Message(flask_mail.Message):
    """Flask-Mail's message as one multipart/alternative, with a Message-ID of the sender's own domain."""

    def __init__(self, mail: Mail, sender: str) -> None:
        super().__init__(subject=mail.subject, recipients=[mail.to], body=mail.text, sender=sender)
        self.html = mail.html
        domain = parseaddr(sender)[1].rpartition("@")[2]
        self.msgId = f"<{mail.key}@{domain}>"
        self.extra_headers = {
            "Auto-Submitted": "auto-generated",  # RFC 3834: nobody's holiday answers it
            "Content-Language": mail.language,
            **mail.headers,
        }

    def as_bytes(self) -> bytes:
        """Return the message with the line ends of SMTP: smtplib sends bytes as they are."""
        return self._message().as_bytes(policy=compat32.clone(linesep="\r\n"))

    def _message(self) -> MIMEMultipart:
        message = MIMEMultipart("alternative")
        message["Subject"] = (
            Header(self.subject, "utf-8") if not self.subject.isascii() else self.subject
        )
        name, address = parseaddr(str(self.sender))
        message["From"] = formataddr((name, address))
        message["To"] = str(self.recipients[0])
        message["Date"] = formatdate(self.date)
        message["Message-ID"] = self.msgId
        for header, value in (self.extra_headers or {}).items():
            message[header] = value
        message.attach(MIMEText(self.body or "", "plain", _UTF8))  # type: ignore[arg-type]
        message.attach(MIMEText(self.html or "", "html", _UTF8))  # type: ignore[arg-type]
        return message


class Connection(flask_mail.Connection):
    """Flask-Mail's connection with a time limit, certificates checked, and addresses sent as they are."""

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        settings = self.mail
        here = parseaddr(str(settings.default_sender))[1].rpartition("@")[2] or None
        host: smtplib.SMTP | smtplib.SMTP_SSL
        if settings.use_ssl:
            host = smtplib.SMTP_SSL(
                settings.server,
                settings.port,
                local_hostname=here,
                timeout=SECONDS,
                context=ssl.create_default_context(),
            )
        else:
            host = smtplib.SMTP(
                settings.server, settings.port, local_hostname=here, timeout=SECONDS
            )
        if settings.use_tls:
            host.starttls(context=ssl.create_default_context())
        if settings.username and settings.password:
            host.login(settings.username, settings.password)
        return host

    def send(
        self, message: flask_mail.Message, envelope_from: str | tuple[str, str] | None = None
    ) -> None:
        """Send to one recipient. The base class would rewrite a non-ASCII local part, that is, somebody's name."""
        if message.has_bad_headers() or self.host is None:
            raise flask_mail.BadHeaderError
        message.date = time.time()
        recipient = str(message.recipients[0])
        options = () if recipient.isascii() else ("SMTPUTF8",)
        self.host.sendmail(
            parseaddr(str(envelope_from or message.sender))[1],
            [recipient],
            message.as_bytes(),
            mail_options=options,
        )
        self.num_emails += 1
        if self.num_emails >= LETTERS_PER_CONNECTION:
            self.num_emails = 0
            self.host.quit()
            self.host = self.configure_host()


class SmtpCourier:
    """Carries mails to the SMTP server of the settings over one connection while it is entered."""

    def __init__(self, mail: flask_mail._Mail) -> None:
        self._mail = mail
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        connection = Connection(self._mail)  # type: ignore[arg-type]
        try:
            connection.host = connection.configure_host()
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(_reason(error)) from error
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

    def send(self, mail: Mail) -> None:
        """Hand one mail to the server. Raises Undeliverable, Deferred or Unreachable."""
        if self._connection is None:
            raise Unreachable("not connected")
        try:
            self._connection.send(Message(mail, str(self._mail.default_sender)))
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise _refusal(code, answer) from error
        except smtplib.SMTPSenderRefused as error:
            raise Unreachable(_answer(error.smtp_code, error.smtp_error)) from error
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Undeliverable(
                "the mail server takes no address with letters beyond ASCII"
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(_reason(error)) from error


class FolderCourier:
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

    def send(self, mail: Mail) -> None:
        """Write one mail; the same one again replaces its file."""
        message = Message(mail, self._sender)
        message.date = time.time()
        unfinished = self._folder / f"{mail.key}.part"
        unfinished.write_bytes(message.as_bytes())
        unfinished.replace(self._folder / f"{mail.key}.eml")


def _refusal(code: int, answer: bytes | str) -> Undeliverable | Deferred | Unreachable:
    reason = _answer(code, answer)
    if code in _NOT_THE_LETTERS_FAULT:
        return Unreachable(reason)
    return Undeliverable(reason) if code >= 500 else Deferred(reason)


def _answer(code: int, answer: bytes | str) -> str:
    """Return the server's answer with every address in it left out: reasons are kept, logged and shown."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {_ADDRESS.sub('…', ' '.join(text.split()))}"


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return _ADDRESS.sub("…", f"{type(error).__name__}: {error}")
