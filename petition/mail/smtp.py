"""Flask-Mail, hardened: time limit, certificates checked, addresses as they are, SMTP line ends.

What Flask-Mail 0.10 does by itself: no time limit, STARTTLS without a look at the certificate, a
Message-ID of the local machine's name, bare line feeds, and a non-ASCII local part rewritten into
another one, that is, mail to somebody else.
"""

import re
import smtplib
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTPUTF8, compat32
from email.utils import formataddr, formatdate, parseaddr

import flask_mail

SECONDS = 15  # for each answer of the mail server; without it a dead one would hang the worker
EMAILS_PER_CONNECTION = 100  # many servers end a connection after as many

# RFC 2045 quoted-printable: lines stay under 76 bytes, so none meets the 998 of RFC 5321, and text
# stays legible.
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP


@dataclass(frozen=True, slots=True)
class ComposedEmail:
    """A mail ready to go. `key` is the same at every try, so that a second copy can be told for
    what it is.
    """

    key: str
    to: str
    language: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Message(flask_mail.Message):
    """Flask-Mail's message as one multipart/alternative, with a Message-ID of the sender's own
    domain.
    """

    def __init__(self, mail: ComposedEmail, sender: str) -> None:
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
        """Return the message with the line ends of SMTP: smtplib sends bytes as they are. To an
        address beyond ASCII it is a message beyond ASCII (RFC 6532): no encoded word may stand in
        for an address.
        """
        policy = SMTPUTF8 if self._beyond_ascii() else compat32.clone(linesep="\r\n")
        return self._message().as_bytes(policy=policy)

    def _beyond_ascii(self) -> bool:
        return not str(self.recipients[0]).isascii()

    def _message(self) -> MIMEMultipart:
        message = MIMEMultipart("alternative")
        charset = "us-ascii" if self.subject.isascii() else "utf-8"
        subject = self.subject if self._beyond_ascii() else Header(self.subject, charset)
        message["Subject"] = subject  # type: ignore[assignment]
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
    """Flask-Mail's connection with a time limit, certificates checked, and addresses sent as they
    are.
    """

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
        """Send to one recipient. The base class would rewrite a non-ASCII local part, that is,
        somebody's name.
        """
        if self.num_emails >= EMAILS_PER_CONNECTION:
            self._connect_anew()
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

    def _connect_anew(self) -> None:
        """Connect once more, before the next letter: after it, a failure would look as if the one
        that was just taken had not been.
        """
        self.num_emails = 0
        if self.host is not None:
            with suppress(OSError, smtplib.SMTPException):
                self.host.quit()  # it may have hung up by itself
            self.host.close()
        self.host = self.configure_host()


# RFC 3463, where servers write it: first in a line, after the SMTP code, or as qmail does (#5.1.1).
# Not anywhere, nor before an @: the local part of an address may look like one.
_STATUS = re.compile(
    r"(?:^[ \t]*#?|(?<![0-9])[245][0-9]{2}[ -]#?|\(#)"
    r"([245]\.[0-7]\.[0-9]{1,3})(?![\w@+-]|\.\S)",
    re.MULTILINE,
)
_ADDRESS = re.compile(r"<?[^\s<>:;]+@[^\s<>:;]+>?")


def codes_of(code: int, said: bytes | str) -> str:
    """Return the codes alone of what a mail server answered about a letter, such as `550 5.1.1`:
    its words may hold the reader's address, in any spelling.
    """
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {enhanced_status(text)}".strip()


def enhanced_status(said: str) -> str:
    """Return the first enhanced status code (RFC 3463) in an answer, such as `5.1.1`, or
    nothing.
    """
    found = _STATUS.search(said)
    return found.group(1) if found else ""


def came_later(reason: str) -> bool:
    """Say whether a reason is that of a delivery report: an answer in the dialogue has the SMTP
    code first.
    """
    return re.match(r"[245]\.", reason) is not None


def without_address(said: str) -> str:
    """Return what was said about the connection on one line, without control characters and
    without any address, for the operator.
    """
    text = "".join(sign if sign.isprintable() else " " for sign in said[:1_000])
    return _ADDRESS.sub("…", " ".join(text.split()))
